//! `numeric`: the same number, however it is written.
//!
//! The last number of the [result](super) is compared exactly with the last one of the answer. `50 %`, `0.5`, `1/2`
//! and `\frac{1}{2}` are one number. Money and units, before or behind, are words and not compared. Where the answer
//! is written with `%`, or the question asks for percent, the sign may as well be left away: `50 %` and `50` are one
//! answer to what percent it is.

use rl::{Answer, Problem};

use super::quantity::{Quantity, quantities};
use super::rational::Rational;
use super::result::result;
use super::{has_answer, right_if};
use crate::Verifier;

/// The same number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numeric;

impl Verifier for Numeric {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        let gold = quantities(result(&problem.answer)).pop();
        let said = quantities(result(answer.text)).pop();
        right_if(gold.zip(said).is_some_and(|(gold, said)| is_same(gold, said, asks_percent(&problem.asked))))
    }
}

/// Whether a question is about percent.
pub(super) fn asks_percent(asked: &str) -> bool {
    let asked = asked.to_lowercase();
    asked.contains("percent") || asked.contains("per cent") || asked.contains('%')
}

/// Whether two numbers are the same; where percent is asked for, its sign may be left away or put on.
pub(super) fn is_same(gold: Quantity, said: Quantity, percent: bool) -> bool {
    let (Some(right), Some(value)) = (gold.value, said.value) else { return false };
    let hundredfold = |value: Rational| value.times(Rational::whole(100));
    let loosely = match (gold.percent, said.percent) {
        (true, false) => hundredfold(right) == Some(value),
        (false, true) => percent && hundredfold(value) == Some(right),
        _ => false,
    };
    right == value || loosely
}
