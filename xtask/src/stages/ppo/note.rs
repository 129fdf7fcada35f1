//! What is noted of a round.

use std::collections::BTreeMap;

use model::Progress;
use rl::Seen;
use rlhf_reward::{CriticSeen, Error, Paid, Round};

use crate::stages::training::{Curves, Kept, Worth};

/// Figures of the answers of a round; `golden` is what the judge who knows says of each.
pub(super) fn figures(round: &Round, golden: &[Vec<Option<f64>>]) -> BTreeMap<&'static str, f64> {
    let all = |of: fn(&Paid, usize) -> f64| round.mean(of);
    let mut found = BTreeMap::from([
        ("reward", all(|paid, at| paid.scores[at])),
        ("kl", all(Paid::divergence)),
        ("kl_weight", round.kl_weight),
        ("length", all(|paid, at| paid.group.answers[at].ids.len() as f64)),
        ("ended", all(|paid, at| f64::from(u8::from(paid.group.answers[at].ended)))),
        ("entropy", entropy(round)),
    ]);
    let known: Vec<f64> = golden.iter().flatten().copied().flatten().collect();
    if !known.is_empty() {
        found.insert("gold", known.iter().sum::<f64>() / known.len() as f64);
    }
    found
}

/// −log π of the tokens that were drawn, on average: an estimate of the policy's entropy, in nats a token.
fn entropy(round: &Round) -> f64 {
    let answers = round.paid.iter().flat_map(|paid| &paid.group.answers);
    let (sum, count) = answers.fold((0.0, 0_usize), |(sum, count), answer| {
        let own: f64 = answer.log_probs.iter().map(|log_prob| f64::from(*log_prob)).sum();
        (sum - own, count + answer.ids.len())
    });
    sum / count.max(1) as f64
}

/// Keeps all answers of a round.
pub(super) fn keep(
    kept: &mut Kept,
    round: &Round,
    golden: &[Vec<Option<f64>>],
    decode: &dyn Fn(&[u32]) -> String,
) -> anyhow::Result<()> {
    for (group, (paid, golden)) in round.paid.iter().zip(golden).enumerate() {
        for (sample, answer) in paid.group.answers.iter().enumerate() {
            let advantages = &paid.estimates[sample].advantages;
            let worth = Worth {
                problem: paid.problem,
                place: (group as i64, sample as i64),
                rewards: vec![
                    ("reward", Some(paid.scores[sample])),
                    ("gold", golden[sample]),
                    ("kl", Some(paid.divergence(sample))),
                ],
                reward: Some(paid.scores[sample]),
                advantage: advantages.iter().sum::<f64>() / advantages.len().max(1) as f64,
                text: &decode(answer.said()),
            };
            kept.push(round.number + 1, answer, &worth)?;
        }
    }
    Ok(())
}

/// What the objective saw of policy and critic.
pub(super) struct Notes {
    pub(super) policy: Seen,
    pub(super) critic: CriticSeen,
}

impl Notes {
    pub(super) fn push(
        &self,
        round: u64,
        progress: &Progress,
        figures: &BTreeMap<&'static str, f64>,
        curves: &mut Curves,
    ) -> anyhow::Result<()> {
        for (name, value) in figures {
            curves.push(round, name, *value)?;
        }
        let (policy, critic) = (&self.policy, &self.critic);
        let [tokens, expected] = [policy.tokens, critic.tokens].map(|tokens| tokens.max(1) as f64);
        for (name, value) in [
            ("policy_loss", progress.loss),
            ("lr", progress.lr),
            ("grad_norm", progress.grad_norm),
            ("log_prob_difference", policy.difference),
            ("clipped_low", policy.clipped[0] as f64 / tokens),
            ("clipped_high", policy.clipped[1] as f64 / tokens),
            ("value_loss", 0.5 * critic.squared_error / expected),
            ("value_clipped", critic.clipped as f64 / expected),
            ("explained_variance", critic.explained_variance()),
        ] {
            curves.push(round, name, value)?;
        }
        Ok(())
    }
}

/// For those whom the rounds tell of answers.
pub(super) fn other(error: anyhow::Error) -> Error {
    Error::Policy(rl::Error::Other(error.into()))
}
