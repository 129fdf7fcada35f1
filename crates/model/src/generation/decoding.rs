//! A batch of texts that grow together; rows join and leave at any step.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::{Completion, Limits, Sampler};
use crate::ops::{log_sum_exp, simd};
use crate::weight::read;
use crate::{Cache, CausalLm, Error, Input, Prompt, Random, Result};

/// Rows whose scores are held at once.
const SCORED_AT_ONCE: usize = 84;

/// Texts that a model continues together, a token for each of them a step.
///
/// A row's tokens are the same in whatever company it is. Prompts that joined between two steps share one pass, and
/// equal ones among them are read once; a row that has ended leaves.
///
/// ```
/// # use model::*;
/// # fn main() -> Result<()> {
/// let config = Config { vocabulary: 10, context: 16, width: 16, layers: 1, hidden: 32, ..Config::default() };
/// let decoder = Decoder::new(&config, &Params::new(1), "")?;
/// let limits = Limits { new_tokens: 3, context: 16, ..Limits::default() };
/// let mut decoding = Decoding::new(&decoder);
/// let first = decoding.join(Prompt { ids: vec![1, 2], seed: 1 }, Greedy, limits.clone())?;
/// assert_eq!(decoding.step()?.len(), 1);
/// let second = decoding.join(Prompt { ids: vec![3], seed: 2 }, Greedy, limits)?;
/// let rows: Vec<u64> = decoding.step()?.iter().map(|step| step.row).collect();
/// assert_eq!(rows, [first, second]);
/// # Ok(())
/// # }
/// ```
pub struct Decoding<'m, S> {
    model: &'m dyn CausalLm,
    /// Of `rows`, which have all been read but for their last token; none before the first step.
    cache: Option<Box<dyn Cache>>,
    rows: Vec<Row<S>>,
    /// Joined since the last step.
    new: Vec<Row<S>>,
    joined: u64,
}

struct Row<S> {
    number: u64,
    sampler: S,
    limits: Limits,
    random: Random,
    /// Prompt and completion.
    ids: Vec<u32>,
    prompt: usize,
}

/// What one step added to one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The row, as [`Decoding::join`] numbered it.
    pub row: u64,
    /// The token.
    pub id: u32,
    /// log p(token) by the model, before the sampler changed anything.
    pub log_prob: f32,
    /// The likeliest tokens here and their log-probabilities, as many as the limits ask for, the likeliest first.
    pub alternatives: Vec<(u32, f32)>,
    /// Whether and why the row ended with it and left.
    pub end: Option<End>,
}

/// Why a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The token is one that ends texts.
    Stop,
    /// There is no room for another.
    Length,
}

impl<'m, S: Sampler> Decoding<'m, S> {
    /// Nobody yet.
    pub fn new(model: &'m dyn CausalLm) -> Self {
        Self { model, cache: None, rows: vec![], new: vec![], joined: 0 }
    }

    /// Takes a prompt in from the next step on; returns the row's number, counted from 0.
    ///
    /// # Errors
    /// A prompt without tokens, or one longer than the context.
    pub fn join(&mut self, prompt: Prompt, sampler: S, limits: Limits) -> Result<u64> {
        let length = prompt.ids.len();
        if length == 0 || length > limits.context {
            let expected = format!("1 to {} tokens", limits.context);
            return Err(Error::Input { what: "prompt", expected, got: length.to_string() });
        }
        let random = Random::new(prompt.seed, "generate");
        let number = self.joined;
        self.joined += 1;
        self.new.push(Row { number, sampler, limits, random, ids: prompt.ids, prompt: length });
        Ok(number)
    }

    /// Lets a row go; false where it has left already.
    ///
    /// # Errors
    /// None but the model's.
    pub fn leave(&mut self, row: u64) -> Result<bool> {
        let before = self.len();
        self.new.retain(|new| new.number != row);
        self.keep(|old| old.number != row)?;
        Ok(self.len() < before)
    }

    /// Rows that grow.
    pub fn len(&self) -> usize {
        self.rows.len() + self.new.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a token to every row, in the order of their numbers.
    ///
    /// # Errors
    /// What the model cannot do: an id that it does not know, more positions than its context.
    pub fn step(&mut self) -> Result<Vec<Step>> {
        let last: Vec<Tensor> = [self.continued()?, self.read()?].into_iter().flatten().collect();
        if last.is_empty() {
            return Ok(vec![]);
        }
        let hidden = Tensor::cat(&last, 0)?;
        let mut steps = Vec::with_capacity(self.rows.len());
        for rows in self.rows.chunks_mut(SCORED_AT_ONCE) {
            let hidden = hidden.narrow(0, steps.len(), rows.len())?;
            let logits = self.model.logits(&hidden)?.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
            let vocabulary = logits.dim(1)?;
            steps.extend(read(&logits.contiguous()?, |logits| -> Vec<Step> {
                let rows = rows.par_iter_mut().zip(logits.par_chunks_exact(vocabulary));
                rows.map(|(row, logits)| row.take(logits)).collect()
            })?);
        }
        let ended: Vec<u64> = steps.iter().filter(|step| step.end.is_some()).map(|step| step.row).collect();
        self.keep(|row| ended.binary_search(&row.number).is_err())?;
        Ok(steps)
    }

    /// The last hidden states `[rows, D]` of old rows, after their newest tokens.
    fn continued(&mut self) -> Result<Option<Tensor>> {
        let Some(cache) = self.cache.as_mut().filter(|_| !self.rows.is_empty()) else { return Ok(None) };
        let newest: Vec<u32> = self.rows.iter().filter_map(|row| row.ids.last().copied()).collect();
        let ids = Tensor::from_slice(&newest, (newest.len(), 1), &Device::Cpu)?;
        let hidden = self.model.hidden(&Input::new(&ids), Some(&mut **cache))?;
        Ok(Some(hidden.squeeze(1)?))
    }

    /// Reads the prompts of new rows, which become old ones; their last hidden states `[rows, D]`.
    fn read(&mut self) -> Result<Option<Tensor>> {
        if self.new.is_empty() {
            return Ok(None);
        }
        let mut prompts: Vec<&[u32]> = vec![];
        let mut number_of = BTreeMap::new();
        let mut prompt_of = vec![];
        for row in &self.new {
            prompt_of.push(*number_of.entry(&row.ids[..]).or_insert_with(|| {
                prompts.push(&row.ids);
                prompts.len() - 1
            }));
        }
        let mut cache = self.model.cache(prompts.len())?;
        let (ids, lengths) = pad(&prompts)?;
        let input = Input { lengths: Some(&lengths), ..Input::new(&ids) };
        let hidden = self.model.hidden(&input, Some(&mut *cache))?;
        let width = hidden.dim(1)?;
        let last: Vec<u32> = prompt_of.iter().map(|&of| (of * width + lengths[of] - 1) as u32).collect();
        let last = Tensor::new(&last[..], hidden.device())?;
        let last = hidden.flatten_to(1)?.index_select(&last, 0)?;
        if prompts.len() < prompt_of.len() {
            cache = cache.fork(&prompt_of)?;
        }
        match &mut self.cache {
            Some(old) if !self.rows.is_empty() => old.join(cache)?,
            none => *none = Some(cache),
        }
        self.rows.append(&mut self.new);
        Ok(Some(last))
    }

    /// Lets all other old rows go.
    fn keep(&mut self, stays: impl Fn(&Row<S>) -> bool) -> Result<()> {
        let staying: Vec<usize> = (0..self.rows.len()).filter(|&at| stays(&self.rows[at])).collect();
        if staying.len() < self.rows.len()
            && let Some(cache) = &self.cache
        {
            self.cache = Some(cache.fork(&staying)?);
            self.rows.retain(stays);
        }
        Ok(())
    }
}

impl<S: Sampler> Row<S> {
    /// Chooses the next token by its scores.
    fn take(&mut self, logits: &[f32]) -> Step {
        let sum = simd(
            #[inline(always)]
            || log_sum_exp(logits),
        );
        let id = self.sampler.pick(logits, &self.ids, &mut self.random);
        self.ids.push(id);
        let full =
            self.ids.len() - self.prompt >= self.limits.new_tokens || self.ids.len() > self.limits.context;
        let end = if self.limits.stop.contains(&id) { Some(End::Stop) } else { full.then_some(End::Length) };
        let log_prob = logits.get(id as usize).map_or(f32::NEG_INFINITY, |logit| logit - sum);
        let likeliest = likeliest(logits, self.limits.alternatives);
        let alternatives = likeliest.into_iter().map(|id| (id, logits[id as usize] - sum)).collect();
        Step { row: self.number, id, log_prob, alternatives, end }
    }
}

/// The `count` ids with the highest scores, of equals the smaller first.
fn likeliest(logits: &[f32], count: usize) -> Vec<u32> {
    let count = count.min(logits.len());
    if count == 0 {
        return vec![];
    }
    let order = |&a: &u32, &b: &u32| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b));
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    ids.select_nth_unstable_by(count - 1, order);
    ids.truncate(count);
    ids.sort_unstable_by(order);
    ids
}

/// Rows of ids as one tensor `[B, T]`, short rows filled with zeros behind, and their lengths.
fn pad(rows: &[&[u32]]) -> Result<(Tensor, Vec<usize>)> {
    let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
    let t = lengths.iter().copied().max().unwrap_or(0);
    let ids = rows.iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0, t - row.len())));
    Ok((Tensor::from_vec(ids.collect::<Vec<u32>>(), (rows.len(), t), &Device::Cpu)?, lengths))
}

impl Completion {
    /// Adds what a step gave.
    pub(super) fn add(&mut self, step: Step) {
        self.log_probs.push(step.log_prob);
        if !step.alternatives.is_empty() {
            self.alternatives.push(step.alternatives);
        }
        match step.end {
            Some(End::Stop) => self.stopped_by = Some(step.id),
            _ => self.ids.push(step.id),
        }
    }
}
