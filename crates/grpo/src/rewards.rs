//! What an answer is worth: a weighted sum of what verifiers say, each part kept.

use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verifiers::VerifierKind;
use crate::{Error, Result, Verifier};

/// A verifier of a sum, and how much it weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reward {
    /// Who judges.
    pub verifier: VerifierKind,
    /// What a 1 from it is worth.
    #[serde(default = "one")]
    pub weight: f32,
}

fn one() -> f32 {
    1.0
}

/// A part of the sum, made ready.
pub struct Part {
    /// How tables call it.
    pub name: String,
    /// What a 1 from it is worth.
    pub weight: f32,
    /// Who judges; anybody's.
    pub verifier: Box<dyn Verifier>,
}

/// A weighted sum of verifiers.
///
/// ```
/// use grpo::{Reward, Rewards, verifiers::VerifierKind};
///
/// let kinds = [(VerifierKind::Numeric, 1.0), (VerifierKind::named("format")?, 0.5)];
/// let rewards = Rewards::new(&kinds.map(|(verifier, weight)| Reward { verifier, weight }))?;
/// let problem = rl::Problem { answer: "7".to_owned(), ..rl::Problem::default() };
/// let worth = rewards.of(&problem, &"<think> 3 + 4 </think> <answer> 8 </answer>".into())?;
/// assert_eq!((worth.total, worth.parts), (Some(0.5), vec![Some(0.0), Some(1.0)]));
/// # Ok::<(), grpo::Error>(())
/// ```
#[derive(Default)]
pub struct Rewards {
    /// The parts, in the order in which [`Worth`] has them.
    pub parts: Vec<Part>,
}

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Worth {
    /// The weighted sum of all parts that could say; nothing where none could that judges answers, so that a guard's 0
    /// is not taken for a wrong answer. Such an answer is to be left out and counted.
    pub total: Option<f32>,
    /// What each verifier said, before its weight.
    pub parts: Vec<Option<f32>>,
}

impl Rewards {
    /// Makes the verifiers ready.
    pub fn new(rewards: &[Reward]) -> Result<Self> {
        let part = |Reward { verifier, weight }: &Reward| {
            if !weight.is_finite() {
                let got = weight.to_string();
                return Err(Error::Setting { what: "weight", expected: "a finite number".to_owned(), got });
            }
            Ok(Part { name: verifier.name().to_owned(), weight: *weight, verifier: verifier.verifier()? })
        };
        Ok(Self { parts: rewards.iter().map(part).collect::<Result<_>>()? })
    }

    /// What an answer is worth; an error where a verifier gives what is no number.
    pub fn of(&self, problem: &Problem, answer: &Answer<'_>) -> Result<Worth> {
        let ask = |part: &Part| match part.verifier.verify(problem, answer) {
            Some(got) if !(part.weight * got).is_finite() => {
                Err(Error::NotANumber { verifier: part.name.clone(), problem: problem.id, got })
            }
            said => Ok(said),
        };
        let parts: Vec<Option<f32>> = self.parts.iter().map(ask).collect::<Result<_>>()?;
        let said = || self.parts.iter().zip(&parts).filter_map(|(part, said)| Some((part, (*said)?)));
        let only_guards = self.parts.iter().all(|part| part.verifier.is_guard());
        let judged = only_guards || said().any(|(part, _)| !part.verifier.is_guard());
        let any = said().next().is_some();
        let total = (any && judged).then(|| said().map(|(part, said)| part.weight * said).sum());
        Ok(Worth { total, parts })
    }
}

impl rl::RewardFn for Rewards {
    fn score(&self, problem: &Problem, answers: &[Answer<'_>]) -> rl::Result<Vec<rl::Reward>> {
        let score = |answer: &Answer<'_>| {
            let Worth { total, parts } =
                self.of(problem, answer).map_err(|error| rl::Error::Other(error.into()))?;
            let parts = parts.into_iter().map(|part| part.map(f64::from)).collect();
            Ok(rl::Reward { total: total.map(f64::from), parts })
        };
        answers.iter().map(score).collect()
    }

    fn parts(&self) -> Vec<String> {
        self.parts.iter().map(|part| part.name.clone()).collect()
    }
}

impl Default for Reward {
    /// What the verifier says that the problem names.
    fn default() -> Self {
        Self { verifier: VerifierKind::OfProblem, weight: one() }
    }
}
