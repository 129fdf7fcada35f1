//! Who knows what answers are worth, and tells nobody who learns.

use fixtures::{judge, one_liner};
use grpo::Verifier;
use grpo::verifiers::OfProblem;
use rl::{Answer, Group, Problem, Rollout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A judge whose word nobody learns from: beside what a reward model says it shows whether that still means something
/// (Gao et al. 2022, arXiv 2210.10760, where a larger reward model plays this part).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gold {
    /// Counts what is funny in the jokes of `lesson-preferences`.
    OneLiners,
    /// The hidden judge of the generated web's jokes.
    Jokes,
    /// What the problem's verifier says, 1 for right.
    Verifier,
}

impl Gold {
    /// What each answer of a group is worth; nothing where the problem's verifier cannot say.
    pub(in crate::stages) fn scores(
        self,
        problem: &Problem,
        group: &Group,
        decode: &dyn Fn(&[u32]) -> String,
    ) -> Vec<Option<f64>> {
        let score = |rollout: &Rollout| {
            let text = decode(rollout.said());
            self.score(problem, &Answer { text: &text, tokens: rollout.ids.len(), ended: rollout.ended })
        };
        group.answers.iter().map(score).collect()
    }

    /// What an answer is worth; nothing where the problem's verifier cannot say.
    pub(in crate::stages) fn score(self, problem: &Problem, answer: &Answer<'_>) -> Option<f64> {
        match self {
            Self::OneLiners => Some(one_liner::score(answer.text)),
            Self::Jokes => Some(judge::score(answer.text)),
            Self::Verifier => OfProblem.verify(problem, answer).map(f64::from),
        }
    }
}
