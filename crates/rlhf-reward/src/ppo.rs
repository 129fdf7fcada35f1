//! Proximal policy optimisation with a critic (Schulman et al. 2017, arXiv 1707.06347, equation 9; on language Ouyang et al.
//! 2022, arXiv 2203.02155, section 3.5).

use std::cell::RefCell;

use candle_core::Tensor;
use model::{CausalLm, Loss, NextToken, Objective, TokenBatch};
use rl::math::{Estimates, gae, whiten};
use rl::{Batch, Layout, PolicyGradient, Rollout};

use crate::Result;
use crate::math::value_loss;
use crate::reward_model::{judged, linear};

/// Guesses, before each token of an answer, what is still to come: a body of its own and a head.
pub struct Critic<'a> {
    /// Hidden states.
    pub body: &'a dyn CausalLm,
    /// `[1, D]`.
    pub head: Tensor,
}

impl Critic<'_> {
    /// A guess before each of the N learned tokens, `[N]`, with gradient.
    pub fn values(&self, layout: &Layout) -> Result<Tensor> {
        judged(&self.head, &layout.hidden(self.body)?)
    }
}

/// What answers are paid, token by token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pay {
    /// What a nat of distance from the reference costs: β of `r − β (log π − log π_ref)`.
    pub kl_weight: f64,
    /// What is added where an answer did not end.
    pub unended: f64,
    /// Discount of what comes later.
    pub gamma: f64,
    /// How far estimates look ahead.
    pub lambda: f64,
}

impl Default for Pay {
    fn default() -> Self {
        Self { kl_weight: 0.05, unended: 0.0, gamma: 1.0, lambda: 0.95 }
    }
}

impl Pay {
    /// The reward of each token: the distance costs at every one, and the score comes with the last (Ziegler et al. 2019,
    /// arXiv 1909.08593, equation 2).
    pub fn rewards(&self, answer: &Rollout, reference: &[f32], score: f64) -> Vec<f64> {
        let mut rewards: Vec<f64> = answer
            .log_probs
            .iter()
            .zip(reference)
            .map(|(policy, reference)| -self.kl_weight * (f64::from(*policy) - f64::from(*reference)))
            .collect();
        if let Some(last) = rewards.last_mut() {
            *last += score + if answer.ended { 0.0 } else { self.unended };
        }
        rewards
    }

    /// Advantages and returns of an answer.
    pub fn estimates(&self, rewards: &[f64], values: &[f64]) -> Estimates {
        gae(rewards, values, &vec![true; rewards.len()], self.gamma, self.lambda)
    }
}

/// Moves the advantages of a round to mean 0 and deviation 1, over all of its tokens.
pub fn whiten_all(estimates: &mut [Estimates]) {
    let mut all: Vec<f64> = estimates.iter().flat_map(|of| of.advantages.iter().copied()).collect();
    let counts = vec![true; all.len()];
    whiten(&mut all, &counts);
    let mut rest = &all[..];
    for of in estimates {
        let (own, others) = rest.split_at(of.advantages.len());
        of.advantages.copy_from_slice(own);
        rest = others;
    }
}

/// Answers to learn from, as many as fit.
#[derive(Default)]
pub struct PpoBatch {
    /// What the policy learns from.
    pub answers: Batch,
    /// What the critic said of each token, answer by answer.
    pub old_values: Vec<f64>,
    /// What it should have said.
    pub returns: Vec<f64>,
    /// Text that the policy is not to forget.
    pub pretraining: Option<TokenBatch>,
}

/// The policy's loss, the critic's, and that of pretraining.
pub struct Ppo<'a> {
    /// The policy.
    pub policy: PolicyGradient<'a>,
    /// The critic.
    pub critic: Critic<'a>,
    /// What the critic's loss counts.
    pub value_weight: f64,
    /// How far the critic moves in one round.
    pub value_range: f64,
    /// What the loss on text counts.
    pub pretraining_weight: f64,
    /// Sums over tokens since somebody last took them: how many, cut off, squares of errors.
    pub seen: RefCell<CriticSeen>,
}

/// What [`Ppo`] saw of its critic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CriticSeen {
    /// Tokens.
    pub tokens: usize,
    /// Those whose slope was cut off.
    pub clipped: usize,
    /// Σ (V − R)².
    pub squared_error: f64,
    /// Σ R and Σ R².
    pub returns: [f64; 2],
}

impl CriticSeen {
    /// The share of the returns' variance that the critic foresaw: 1 for all of it, 0 for none.
    pub fn explained_variance(&self) -> f64 {
        let n = self.tokens.max(1) as f64;
        let mean = self.returns[0] / n;
        let variance = self.returns[1] / n - mean * mean;
        if variance > 0.0 { 1.0 - self.squared_error / n / variance } else { 0.0 }
    }
}

impl Objective<PpoBatch> for Ppo<'_> {
    fn loss(&self, batch: &PpoBatch) -> model::Result<Loss> {
        let Loss { mean: mut total, weight } = self.policy.loss(&batch.answers)?;
        let values = self.critic.values(&batch.answers.layout)?;
        let guessed: Vec<f64> = values.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        let n = guessed.len().max(1) as f64;
        let mut seen = self.seen.borrow_mut();
        let (mut value, mut slopes) = (0.0, Vec::with_capacity(guessed.len()));
        for (at, &guess) in guessed.iter().enumerate() {
            let (old, target) = (batch.old_values[at], batch.returns[at]);
            let (loss, slope, cut) = value_loss(guess, old, target, self.value_range);
            value += loss;
            slopes.push(slope);
            seen.tokens += 1;
            seen.clipped += usize::from(cut);
            seen.squared_error += (guess - target) * (guess - target);
            seen.returns = [seen.returns[0] + target, seen.returns[1] + target * target];
        }
        let critic = linear(&values, value / n, slopes.iter().map(|slope| slope / n))?;
        total = (total + critic.affine(self.value_weight, 0.0)?)?;
        if let Some(text) = &batch.pretraining {
            let told = NextToken(self.policy.model).loss(text)?;
            total = (total + told.mean.affine(self.pretraining_weight, 0.0)?)?;
        }
        Ok(Loss { mean: total, weight })
    }
}

#[cfg(test)]
mod tests {
    use rl::Rollout;

    use super::{CriticSeen, Pay, whiten_all};

    #[test]
    fn distance_costs_everywhere_and_the_score_comes_last() {
        let answer = Rollout { ids: vec![1, 2], log_probs: vec![-1.0, -2.0], ended: false };
        let pay = Pay { kl_weight: 0.1, unended: -1.0, gamma: 1.0, lambda: 1.0 };
        let rewards = pay.rewards(&answer, &[-2.0, -2.0], 3.0);
        assert!((rewards[0] + 0.1).abs() < 1e-9 && (rewards[1] - 2.0).abs() < 1e-9);
        // with λ = 1 and a critic that says nothing, returns are what is still paid
        let estimates = pay.estimates(&rewards, &[0.0, 0.0]);
        assert!((estimates.returns[0] - 1.9).abs() < 1e-9 && (estimates.returns[1] - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_round_is_white_as_a_whole() {
        let pay = Pay { gamma: 1.0, lambda: 1.0, ..Pay::default() };
        let mut estimates = [pay.estimates(&[1.0, 2.0], &[0.0; 2]), pay.estimates(&[-4.0], &[0.0])];
        whiten_all(&mut estimates);
        let all: Vec<f64> = estimates.iter().flat_map(|of| of.advantages.clone()).collect();
        assert!(all.iter().sum::<f64>().abs() < 1e-9 && all[0] > all[1] && all[1] > all[2]);
    }

    #[test]
    fn a_perfect_critic_explains_everything() {
        let perfect = CriticSeen { tokens: 2, returns: [3.0, 5.0], ..CriticSeen::default() };
        assert_eq!(perfect.explained_variance(), 1.0);
        // one that always says the mean explains nothing
        let dull = CriticSeen { squared_error: 0.5, ..perfect };
        assert_eq!(dull.explained_variance(), 0.0);
    }
}
