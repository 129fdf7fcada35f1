//! `first-number`: where steps may stand behind the answer.

use rl::{Answer, Problem};

use super::numeric::{asks_percent, is_same};
use super::quantity::quantities;
use super::result::result;
use super::{has_answer, right_if};
use crate::Verifier;

/// As [`Numeric`](super::Numeric), but the first number of the result counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstNumber;

impl Verifier for FirstNumber {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        let gold = quantities(result(&problem.answer)).pop();
        let said = quantities(result(answer.text)).into_iter().next();
        right_if(gold.zip(said).is_some_and(|(gold, said)| is_same(gold, said, asks_percent(&problem.asked))))
    }
}
