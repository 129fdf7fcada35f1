//! `counting`: the same whole number.

use rl::{Answer, Problem};

use super::quantity::{Quantity, quantities};
use super::rational::Rational;
use super::result::result;
use super::{has_answer, right_if};
use crate::Verifier;

/// As [`Numeric`](super::Numeric), but what is counted is whole: `3`, not `300 %`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting;

impl Verifier for Counting {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        let whole = |number: Quantity| number.value.and_then(Rational::as_whole).filter(|_| !number.percent);
        let of = |text| quantities(result(text)).pop().and_then(whole);
        let gold = of(&problem.answer);
        right_if(gold.is_some() && gold == of(answer.text))
    }
}
