//! A language model that gives an answer a number instead of a next token (Ouyang et al. 2022, arXiv 2203.02155, section 3.5).

use std::cell::RefCell;

use candle_core::{Device, Tensor};
use model::{CausalLm, Initial, Loss, Objective, Params};
use rl::{Group, Layout};

use crate::math::ranking;
use crate::{Preference, Result};

/// Says how good answers are.
///
/// Whoever likes the number seven:
///
/// ```
/// use rlhf_reward::{PreferenceModel, Result};
///
/// struct Sevens;
///
/// impl PreferenceModel for Sevens {
///     fn score(&self, _: &[u32], answers: &[&[u32]]) -> Result<Vec<f64>> {
///         Ok(answers.iter().map(|answer| answer.iter().filter(|id| **id == 7).count() as f64).collect())
///     }
/// }
/// ```
pub trait PreferenceModel {
    /// The scores of answers to one prompt, each with the token that ended it. Only differences mean something.
    fn score(&self, prompt: &[u32], answers: &[&[u32]]) -> Result<Vec<f64>>;

    /// The scores of answers to many prompts, for models that read more at once.
    fn score_all(&self, asked: &[Asked<'_>]) -> Result<Vec<Vec<f64>>> {
        asked.iter().map(|Asked { prompt, answers }| self.score(prompt, answers)).collect()
    }
}

/// A prompt and answers to it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What is answered.
    pub prompt: &'a [u32],
    /// The answers, each with the token that ended it.
    pub answers: Vec<&'a [u32]>,
}

impl<'a> From<&'a Group> for Asked<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            prompt: &group.prompt,
            answers: group.answers.iter().map(|answer| answer.ids.as_slice()).collect(),
        }
    }
}

/// The name of the head's parameter, which a classifier of Hugging Face gives it too.
pub const HEAD: &str = "score.weight";

/// A body, and a head on its hidden state at an answer's last token.
pub struct RewardModel<'a> {
    /// Hidden states.
    pub body: &'a dyn CausalLm,
    /// `[1, D]`.
    pub head: Tensor,
}

/// The head of a body of width D, `[1, D]`, made in `params` where it is missing: a normal of deviation `1 / √(D + 1)`
/// (Stiennon et al. 2020, arXiv 2009.01325, appendix B.1).
pub fn head(params: &Params, width: usize) -> Result<Tensor> {
    let deviation = 1.0 / libm::sqrt(width as f64 + 1.0);
    Ok(params.get(HEAD, (1, width), Initial::Normal { deviation })?)
}

impl RewardModel<'_> {
    /// The scores `[N]` of the N answers of a layout that was laid by [`Layout::push_read`], with gradient.
    pub fn scores(&self, layout: &Layout) -> Result<Tensor> {
        judged(&self.head, &layout.hidden(self.body)?)
    }
}

/// What a head `[1, D]` says of hidden states `[N, D]`: `[N]`, with gradient.
pub(crate) fn judged(head: &Tensor, hidden: &Tensor) -> Result<Tensor> {
    Ok(hidden.matmul(&head.t()?.contiguous()?)?.flatten_all()?)
}

impl PreferenceModel for RewardModel<'_> {
    fn score(&self, prompt: &[u32], answers: &[&[u32]]) -> Result<Vec<f64>> {
        let mut layout = Layout::default();
        layout.push_read(prompt, answers.iter().copied());
        Ok(self.scores(&layout)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
    }

    /// Reads a row of some thousand tokens at once; scores do not depend on what else is in it.
    fn score_all(&self, asked: &[Asked<'_>]) -> Result<Vec<Vec<f64>>> {
        let mut found: Vec<f64> = vec![];
        let mut layout = Layout::default();
        for (at, Asked { prompt, answers }) in asked.iter().enumerate() {
            layout.push_read(prompt, answers.iter().copied());
            if layout.len() >= TOKENS_AT_ONCE || at + 1 == asked.len() {
                found.extend(self.scores(&layout)?.to_vec1::<f32>()?.into_iter().map(f64::from));
                layout = Layout::default();
            }
        }
        let mut rest = found.into_iter();
        Ok(asked.iter().map(|asked| rest.by_ref().take(asked.answers.len()).collect()).collect())
    }
}

/// Tokens that a reward model reads at once, about.
const TOKENS_AT_ONCE: usize = 4_096;

/// Rankings to learn from, as many as fit.
#[derive(Clone, Debug, Default)]
pub struct RankingBatch {
    /// All answers, each read once.
    pub layout: Layout,
    /// Their last hidden states `[N, D]`, where the body does not learn and they are known.
    pub hidden: Option<Tensor>,
    /// Ranks and margins of each ranking, in the order of the layout.
    pub rankings: Vec<(Vec<i32>, Option<Vec<f64>>)>,
}

impl RankingBatch {
    /// Takes a ranking in: its prompt is read once, and so is each of its answers.
    pub fn push(&mut self, preference: &Preference) {
        self.layout.push_read(&preference.prompt, preference.answers.iter().map(Vec::as_slice));
        self.rankings.push((preference.ranks.clone(), preference.margins.clone()));
    }
}

/// The mean over rankings of the mean over their pairs: all C(K, 2) pairs of a prompt are one element of a batch.
pub struct Ranked<'a> {
    /// Who learns.
    pub reward: RewardModel<'a>,
    /// How much scores are drawn to a mean of 0.
    pub centring: f64,
    /// Pairs, and how many of them had the right order, since somebody last took them.
    pub seen: RefCell<(usize, f64)>,
}

impl Objective<RankingBatch> for Ranked<'_> {
    fn loss(&self, batch: &RankingBatch) -> model::Result<Loss> {
        let scores = match &batch.hidden {
            Some(hidden) => judged(&self.reward.head, hidden)?,
            None => self.reward.scores(&batch.layout)?,
        };
        let values: Vec<f64> = scores.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        let (mut value, mut slopes, mut rest) = (0.0, Vec::with_capacity(values.len()), &values[..]);
        let mut seen = self.seen.borrow_mut();
        for (ranks, margins) in &batch.rankings {
            let (own, others) = rest.split_at(ranks.len());
            let found = ranking(own, ranks, margins.as_deref(), self.centring);
            value += found.value;
            slopes.extend(found.slopes);
            (seen.0, seen.1) = (seen.0 + found.pairs, seen.1 + found.right);
            rest = others;
        }
        let weight = batch.rankings.len() as f64;
        linear(&scores, value / weight, slopes.iter().map(|slope| slope / weight))
            .map(|mean| Loss { mean, weight })
    }
}

/// A scalar with this value, and with these slopes with respect to `x` `[N]`.
pub(crate) fn linear(x: &Tensor, value: f64, slopes: impl Iterator<Item = f64>) -> model::Result<Tensor> {
    let slopes: Vec<f32> = slopes.map(|slope| slope as f32).collect();
    let sum = (x * Tensor::new(&slopes[..], &Device::Cpu)?)?.sum_all()?;
    let constant = value - f64::from(sum.to_scalar::<f32>()?);
    Ok(sum.affine(1.0, constant)?)
}
