//! `abstains`: what must not be answered.

use rl::{Answer, Problem};

use super::right_if;
use crate::Verifier;

/// Whoever is asked says that they do not know. The problem needs no answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abstains;

/// How people say that they do not know.
const ABSTAINING: [&str; 3] = ["not know", "cannot know", "have read nothing"];

impl Verifier for Abstains {
    fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let said = answer.text.to_lowercase();
        right_if(ABSTAINING.iter().any(|words| said.contains(words)))
    }

    fn gold(&self, _: &Problem) -> String {
        "I do not know.".to_owned()
    }

    fn needs_answer(&self) -> bool {
        false
    }
}
