//! `exact`: the same words.

use rl::{Answer, Problem};

use super::result::result;
use super::words::plain;
use super::{has_answer, right_if};
use crate::Verifier;

/// The [result](super) has the words of the answer, and no others; case, spaces and marks aside. Where the answer has
/// nothing but marks, they have to be the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exact;

impl Verifier for Exact {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        right_if(plain(result(answer.text)) == plain(&problem.answer))
    }
}
