//! Direct preference optimisation: preferences without a reward model (Rafailov et al. 2023, arXiv 2305.18290).

use std::cell::RefCell;

use model::{CausalLm, Loss, Objective};
use rl::{Layout, Rollout};

use crate::math::Direct;
use crate::reward_model::linear;
use crate::{Error, Preference, Result};

/// Pairs to learn from, as many as fit.
#[derive(Clone, Debug, Default)]
pub struct PairBatch {
    /// Better and worse answers in turn, with their prompts.
    pub layout: Layout,
    /// Of each pair, per answer: its tokens, and log π_ref of all of them together.
    pub pairs: Vec<[(usize, f64); 2]>,
}

/// A pair of a ranking, as answers that were never drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// What is answered.
    pub prompt: Vec<u32>,
    /// The better answer, and the worse one.
    pub answers: [Vec<u32>; 2],
}

/// All pairs of a ranking of which one is better.
pub fn pairs(preference: &Preference) -> Vec<Pair> {
    let (answers, ranks) = (&preference.answers, &preference.ranks);
    let better = (0..answers.len()).flat_map(|a| (0..answers.len()).map(move |b| (a, b)));
    let better = better.filter(|&(a, b)| ranks[a] < ranks[b]);
    let pair = |(a, b): (usize, usize)| Pair {
        prompt: preference.prompt.clone(),
        answers: [answers[a].clone(), answers[b].clone()],
    };
    better.map(pair).collect()
}

impl PairBatch {
    /// Takes a pair in, with log π_ref of its answers.
    pub fn push(&mut self, pair: &Pair, reference: [f64; 2]) {
        let answers = [&pair.answers[0], &pair.answers[1]];
        let rollouts = answers.map(|ids| Rollout { ids: ids.clone(), ..Rollout::default() });
        self.layout.push(&pair.prompt, &rollouts);
        self.pairs.push([(answers[0].len(), reference[0]), (answers[1].len(), reference[1])]);
    }
}

/// log π of whole answers: a reference's, which is data, or a metric.
pub fn log_probs(model: &dyn CausalLm, pair: &Pair) -> Result<[f64; 2]> {
    let mut batch = PairBatch::default();
    batch.push(pair, [0.0; 2]);
    let all: Vec<f32> = batch.layout.log_probs(model)?.to_vec1()?;
    let sum = |values: &[f32]| values.iter().map(|value| f64::from(*value)).sum();
    let (better, worse) = all.split_at(pair.answers[0].len());
    Ok([sum(better), sum(worse)])
}

/// The mean over pairs of a [`Direct`] loss.
pub struct Dpo<'a> {
    /// Who learns.
    pub policy: &'a dyn CausalLm,
    /// Which loss.
    pub direct: Direct,
    /// How closely the policy is held to its reference.
    pub beta: f64,
    /// Pairs, and those of which the better answer gained more, since somebody last took them.
    pub seen: RefCell<(usize, usize)>,
}

impl Objective<PairBatch> for Dpo<'_> {
    fn loss(&self, batch: &PairBatch) -> model::Result<Loss> {
        let log_probs = batch.layout.log_probs(self.policy).map_err(Error::Policy)?;
        let values: Vec<f32> = log_probs.to_vec1()?;
        let (mut value, mut slopes, mut rest) = (0.0, Vec::with_capacity(values.len()), &values[..]);
        let mut seen = self.seen.borrow_mut();
        for pair in &batch.pairs {
            let gains = pair.map(|(tokens, reference)| {
                let (own, others) = rest.split_at(tokens);
                rest = others;
                own.iter().map(|log_prob| f64::from(*log_prob)).sum::<f64>() - reference
            });
            let found = self.direct.of(gains[0] - gains[1], self.beta);
            value += found.value;
            slopes.extend(std::iter::repeat_n(found.slope, pair[0].0));
            slopes.extend(std::iter::repeat_n(-found.slope, pair[1].0));
            *seen = (seen.0 + 1, seen.1 + usize::from(gains[0] > gains[1]));
        }
        let weight = batch.pairs.len() as f64;
        linear(&log_probs, value / weight, slopes.iter().map(|slope| slope / weight))
            .map(|mean| Loss { mean, weight })
    }
}
