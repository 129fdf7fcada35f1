//! The seam between answers and whoever values them.

use crate::{Answer, Problem, Result};

/// What an answer is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reward {
    /// All in all; nothing where nobody can say, which leaves the answer out of training.
    pub total: Option<f64>,
    /// What that is the sum of, before weights.
    pub parts: Vec<Option<f64>>,
}

/// Scores answers. A verifier and a learned reward model look the same from here.
///
/// Whoever likes brevity:
///
/// ```
/// use rl::{Answer, Problem, Result, Reward, RewardFn};
///
/// struct Brevity;
///
/// impl RewardFn for Brevity {
///     fn score(&self, _: &Problem, answers: &[Answer<'_>]) -> Result<Vec<Reward>> {
///         let reward = |answer: &Answer<'_>| Reward { total: Some(1.0 / answer.tokens as f64), parts: vec![] };
///         Ok(answers.iter().map(reward).collect())
///     }
/// }
/// ```
pub trait RewardFn {
    /// The rewards of the answers to one problem, in their order.
    fn score(&self, problem: &Problem, answers: &[Answer<'_>]) -> Result<Vec<Reward>>;

    /// What the parts of a reward are called.
    fn parts(&self) -> Vec<String> {
        vec![]
    }
}

/// Scores, and refuses what cannot be trained on: a list of the wrong length, a reward that is no number.
pub fn score(rewards: &dyn RewardFn, problem: &Problem, answers: &[Answer<'_>]) -> Result<Vec<Reward>> {
    let scored = rewards.score(problem, answers)?;
    if scored.len() != answers.len() {
        return Err(crate::Error::Rewards { rewards: scored.len(), answers: answers.len() });
    }
    for (sample, reward) in scored.iter().enumerate() {
        let values = reward.total.iter().chain(reward.parts.iter().flatten());
        if let Some(&value) = values.into_iter().find(|value| !value.is_finite()) {
            return Err(crate::Error::NotANumber { problem: problem.id, sample, value });
        }
    }
    Ok(scored)
}

#[cfg(test)]
mod tests {
    use super::{Reward, RewardFn, score};
    use crate::{Answer, Error, Problem, Result};

    struct Fixed(Vec<Option<f64>>);

    impl RewardFn for Fixed {
        fn score(&self, _: &Problem, _: &[Answer<'_>]) -> Result<Vec<Reward>> {
            Ok(self.0.iter().map(|&total| Reward { total, parts: vec![] }).collect())
        }
    }

    #[test]
    fn what_is_no_reward_is_refused_by_name() {
        let scored = |rewards: &[Option<f64>]| {
            score(&Fixed(rewards.to_vec()), &Problem { id: 7, ..Problem::default() }, &[Answer::default(); 2])
        };
        assert!(scored(&[Some(1.0), None]).is_ok());
        assert!(matches!(scored(&[Some(1.0)]), Err(Error::Rewards { rewards: 1, answers: 2 })));
        for wrong in [f64::NAN, f64::INFINITY] {
            let refused = scored(&[None, Some(wrong)]);
            assert!(matches!(refused, Err(Error::NotANumber { problem: 7, sample: 1, .. })), "{refused:?}");
        }
    }
}
