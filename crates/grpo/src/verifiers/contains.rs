//! `contains`: one of several words or names, somewhere.

use rl::{Answer, Problem};

use super::{has_answer, right_if, words};
use crate::Verifier;

/// What is said has one of the words between the bars of the answer, `baker|cook`, in letters of the same case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contains;

impl Verifier for Contains {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        right_if(problem.answer.split('|').any(|wanted| words::contains(answer.text, wanted)))
    }

    fn gold(&self, problem: &Problem) -> String {
        problem.answer.split('|').find(|wanted| !wanted.is_empty()).unwrap_or_default().to_owned()
    }
}
