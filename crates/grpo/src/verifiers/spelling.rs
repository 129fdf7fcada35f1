//! `spelling`: letter by letter.

use rl::{Answer, Problem};

use super::words::letters;
use super::{has_answer, right_if};
use crate::Verifier;

/// All of what is said are the letters of the answer, apart from one another: `m o s s`, or `m-o-s-s`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spelling;

impl Verifier for Spelling {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        right_if(letters(answer.text) == letters(&problem.answer))
    }
}
