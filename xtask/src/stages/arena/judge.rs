//! Who judges. A judge sees what was asked and two texts, not who wrote them.

use std::collections::BTreeMap;

use eval::{Contest, Judge, Outcome};
use grpo::Verifier;
use grpo::verifiers::OfProblem;
use pipeline::{Fault, Io};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arena, Asked};
use crate::stages::preferences::Gold;

/// Who says which of two answers is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JudgeKind {
    /// The verifier that the problem names: right beats wrong, and anything else is a tie.
    #[default]
    Verifier,
    /// Somebody who knows what answers are worth, and whom nobody learns from.
    Hidden(Hidden),
    /// A reward model, the input `reward`.
    RewardModel(Nearer),
    /// People: their votes stand in the input `battles`, with `person` as their judge.
    Person,
}

/// A judge who knows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hidden {
    /// What he knows.
    pub gold: Gold,
    /// Scores that are no farther apart are a tie.
    #[schemars(extend("unit" = "score"))]
    pub nearer: f64,
}

impl Default for Hidden {
    fn default() -> Self {
        Self { gold: Gold::Jokes, nearer: 0.0 }
    }
}

/// When two answers are as good as each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nearer {
    /// Scores that are no farther apart are a tie.
    #[schemars(extend("unit" = "score"))]
    pub nearer: f64,
}

impl JudgeKind {
    /// As battles call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::Hidden(_) => "hidden",
            Self::RewardModel(_) => "reward-model",
            Self::Person => "person",
        }
    }

    pub(super) fn check(self) -> Result<(), Fault> {
        match self {
            Self::Hidden(Hidden { nearer, .. }) | Self::RewardModel(Nearer { nearer })
                if !nearer.is_finite() || nearer < 0.0 =>
            {
                let fault = Fault::new("no scores are so near").on(format!("/judge/{}/nearer", self.name()));
                Err(fault.got(nearer.to_string()).expected("a distance, 0 or more"))
            }
            _ => Ok(()),
        }
    }
}

impl Arena {
    /// The judge, who has seen all answers.
    pub(super) fn judge(&self, io: &Io, prompts: &[Asked]) -> anyhow::Result<Box<dyn Judge>> {
        Ok(match self.judge {
            JudgeKind::Verifier => {
                let score = |asked: &Asked, text: &str| {
                    let right = OfProblem.verify(&asked.problem, &text.into())?;
                    Some(f64::from(u8::from(right == 1.0)))
                };
                Box::new(ByScore::of(prompts, 0.0, score))
            }
            JudgeKind::Hidden(Hidden { gold, nearer }) => {
                let score = |asked: &Asked, text: &str| gold.score(&asked.problem, &text.into());
                Box::new(ByScore::of(prompts, nearer, score))
            }
            JudgeKind::RewardModel(Nearer { nearer }) => {
                let scores = self.rewards(io, prompts)?;
                Box::new(ByScore { scores, nearer })
            }
            JudgeKind::Person => Box::new(Absent),
        })
    }
}

/// Prefers the answer with the higher score.
struct ByScore {
    /// By prompt and answer; nothing where nobody can say how good it is.
    scores: BTreeMap<(u64, String), f64>,
    nearer: f64,
}

impl ByScore {
    /// Scores every answer once, however many it meets.
    fn of(prompts: &[Asked], nearer: f64, score: impl Fn(&Asked, &str) -> Option<f64>) -> Self {
        let mut scores = BTreeMap::new();
        for asked in prompts {
            for text in asked.texts.iter().flatten() {
                scores.extend(score(asked, text).map(|score| ((asked.problem.id, text.clone()), score)));
            }
        }
        Self { scores, nearer }
    }
}

impl Judge for ByScore {
    fn prefer(&self, contest: &Contest<'_>) -> eval::Result<Option<Outcome>> {
        let score = |text: &str| self.scores.get(&(contest.id, text.to_owned()));
        let (Some(left), Some(right)) = (score(contest.left), score(contest.right)) else { return Ok(None) };
        Ok(Some(match left - right {
            apart if apart.abs() <= self.nearer => Outcome::Tie,
            apart if apart > 0.0 => Outcome::Left,
            _ => Outcome::Right,
        }))
    }
}

/// Somebody who is not here to be asked.
struct Absent;

impl Judge for Absent {
    fn prefer(&self, _: &Contest<'_>) -> eval::Result<Option<Outcome>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_beats_wrong_and_who_cannot_say_says_nothing() {
        let problem =
            rl::Problem { answer: "4".into(), verifier: "numeric".into(), ..rl::Problem::default() };
        let texts = ["4", "It is 4.", "5"].map(|text| Some(text.to_owned())).to_vec();
        let asked = Asked { problem, texts, too_long: false };
        let judge = |nearer, score: fn(&Asked, &str) -> Option<f64>| {
            ByScore::of(std::slice::from_ref(&asked), nearer, score)
        };
        let won = |judge: &ByScore, left, right| {
            judge.prefer(&Contest { left, right, ..Contest::default() }).unwrap()
        };
        let length = judge(1.0, |_, text| Some(text.len() as f64));
        assert_eq!(won(&length, "4", "It is 4."), Some(Outcome::Right));
        assert_eq!(won(&length, "It is 4.", "5"), Some(Outcome::Left));
        assert_eq!(won(&length, "4", "5"), Some(Outcome::Tie));
        assert_eq!(won(&length, "4", "never said"), None);
        let odd = judge(0.0, |_, text| text.starts_with('4').then_some(1.0));
        assert_eq!(won(&odd, "4", "5"), None);
        assert_eq!(Absent.prefer(&Contest::default()).unwrap(), None);
    }
}
