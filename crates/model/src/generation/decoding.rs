//! A batch of texts that grow together; rows join and leave at any step.

use std::collections::{BTreeMap, BTreeSet};

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::known::{Known, common, is_worth};
use super::reading::{self, Reading};
use super::{Completion, Limits, Sampler};
use crate::ops::log_sum_exp;
use crate::weight::read;
use crate::{Cache, CausalLm, Error, Input, Prompt, Random, Result};

/// Rows whose scores are held at once.
const SCORED_AT_ONCE: usize = 84;

/// Texts that a model continues together, a token for each of them a step.
///
/// A row's tokens are the same in whatever company it is. Prompts that joined between two steps share one pass, and
/// equal ones among them are read once; a row that has ended leaves. Whoever serves many bounds what a step reads
/// ([`reading`](Self::reading)) and keeps what was read ([`remembering`](Self::remembering)).
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
    /// Prompts that are not read to their ends yet.
    readings: Vec<Reading<Row<S>>>,
    known: Known,
    /// Positions of prompts that a step reads at most.
    most: usize,
    joined: u64,
    reused: u64,
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
        let (known, most) = (Known::new(0), usize::MAX);
        Self {
            model,
            cache: None,
            rows: vec![],
            new: vec![],
            readings: vec![],
            known,
            most,
            joined: 0,
            reused: 0,
        }
    }

    /// Reads at most so many positions of prompts a step: longer ones take several, in which others go on.
    #[must_use]
    pub fn reading(self, positions: usize) -> Self {
        Self { most: positions, ..self }
    }

    /// Keeps keys and values of so many positions of texts that have ended, about: a prompt that begins like one of
    /// them, or like one that grows, is read from where it differs. The model's cache must be able to
    /// [`shorten`](Cache::shorten).
    #[must_use]
    pub fn remembering(self, positions: usize) -> Self {
        Self { known: Known::new(positions), ..self }
    }

    /// Positions of prompts that were known and not read again.
    pub fn reused(&self) -> u64 {
        self.reused
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
        self.readings.iter_mut().for_each(|reading| reading.rows.retain(|of| of.number != row));
        self.readings.retain(|reading| !reading.rows.is_empty());
        self.keep(|old| old.number != row)?;
        Ok(self.len() < before)
    }

    /// Rows that grow.
    pub fn len(&self) -> usize {
        let read: usize = self.readings.iter().map(|reading| reading.rows.len()).sum();
        self.rows.len() + self.new.len() + read
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a token to every row whose prompt is read: in the order in which they joined, but for long prompts and
    /// those that equal an earlier one.
    ///
    /// # Errors
    /// What the model cannot do: an id that it does not know, more positions than its context.
    pub fn step(&mut self) -> Result<Vec<Step>> {
        let mut last: Vec<Tensor> = self.continued()?.into_iter().collect();
        self.read(&mut last)?;
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
        let ended: BTreeSet<u64> =
            steps.iter().filter(|step| step.end.is_some()).map(|step| step.row).collect();
        self.keep(|row| !ended.contains(&row.number))?;
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

    /// Reads prompts; those that are whole become old rows, whose last hidden states `[rows, D]` join `last`.
    fn read(&mut self, last: &mut Vec<Tensor>) -> Result<()> {
        self.begin()?;
        for (rows, cache, hidden) in reading::read(self.model, &mut self.readings, self.most)? {
            let cache = if rows.len() > 1 { cache.fork(&vec![0; rows.len()])? } else { cache };
            match &mut self.cache {
                Some(old) if !self.rows.is_empty() => old.join(cache)?,
                none => *none = Some(cache),
            }
            last.extend(std::iter::repeat_n(hidden, rows.len()));
            self.rows.extend(rows);
        }
        Ok(())
    }

    /// Puts the prompts of new rows among those that are read, equal ones together, each behind what is known of it.
    fn begin(&mut self) -> Result<()> {
        let mut number_of = BTreeMap::new();
        let mut begun: Vec<Reading<Row<S>>> = vec![];
        for row in std::mem::take(&mut self.new) {
            let at = *number_of.entry(row.ids.clone()).or_insert(begun.len());
            if at == begun.len() {
                let (ids, cache) = (row.ids.clone(), self.known_beginning(&row.ids)?);
                self.reused += cache.lengths()[0] as u64;
                begun.push(Reading { ids, cache, rows: vec![] });
            }
            begun[at].rows.push(row);
        }
        self.readings.extend(begun);
        Ok(())
    }

    /// A cache of one row, with as much of `ids` as is known.
    fn known_beginning(&mut self, ids: &[u32]) -> Result<Box<dyn Cache>> {
        if !self.known.keeps() {
            return self.model.cache(1);
        }
        // the newest token of a row is not read yet
        let growing = self.rows.iter().enumerate();
        let growing = growing.map(|(at, row)| (common(&row.ids[..row.ids.len() - 1], ids), at)).max();
        let known = self.known.beginning(ids)?;
        let known_length = known.as_ref().map_or(0, |cache| cache.lengths()[0]);
        match (growing, &self.cache) {
            (Some((length, at)), Some(cache)) if length > known_length && is_worth(length) => {
                let mut cache = cache.fork(&[at])?;
                cache.shorten(&[length])?;
                Ok(cache)
            }
            _ => known.map_or_else(|| self.model.cache(1), Ok),
        }
    }

    /// Lets all other old rows go.
    fn keep(&mut self, stays: impl Fn(&Row<S>) -> bool) -> Result<()> {
        let staying: Vec<usize> = (0..self.rows.len()).filter(|&at| stays(&self.rows[at])).collect();
        if staying.len() < self.rows.len()
            && let Some(cache) = &self.cache
        {
            if self.known.keeps() {
                for at in (0..self.rows.len()).filter(|at| staying.binary_search(at).is_err()) {
                    self.known.keep(self.rows[at].ids.clone(), cache.fork(&[at])?);
                }
            }
            self.cache = Some(cache.fork(&staying)?);
            self.rows.retain(stays);
        }
        Ok(())
    }
}

impl<S: Sampler> Row<S> {
    /// Chooses the next token by its scores.
    fn take(&mut self, logits: &[f32]) -> Step {
        let sum = log_sum_exp(logits);
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
