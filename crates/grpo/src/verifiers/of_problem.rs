//! `of-problem`: each problem says what judges its answers.

use rl::{Answer, Problem};

use super::by_name;
use crate::Verifier;

/// Asks the verifier that the problem names; where there is none of that name, it cannot say.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfProblem;

impl OfProblem {
    /// The verifier of a problem, which cannot be this one again.
    pub fn of(problem: &Problem) -> Option<Box<dyn Verifier>> {
        by_name(&problem.verifier).filter(|_| problem.verifier != "of-problem")
    }
}

impl Verifier for OfProblem {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        Self::of(problem)?.verify(problem, answer)
    }

    fn gold(&self, problem: &Problem) -> String {
        Self::of(problem).map_or_else(|| problem.answer.clone(), |verifier| verifier.gold(problem))
    }

    /// Whether it does depends on the problem; a verifier that does need one says nothing without.
    fn needs_answer(&self) -> bool {
        false
    }
}
