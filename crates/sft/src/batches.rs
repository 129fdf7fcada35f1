//! Rows of examples, shuffled, that can be left and found again.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use model::{Batches, Cursor, Random, TokenBatch};

use crate::{Error, Examples, Packing, Result};

/// Examples of an epoch, on average, at least.
const LEAST_DRAWN: f64 = 1e-3;

/// Rows of whole conversations for training, in an order that differs every epoch, or for measuring, in theirs.
///
/// Conversations in a row do not see each other, and positions begin anew with each. Every learned token is a target once
/// an epoch; the first token of a conversation is none, and neither is anything that follows its last. Rows of a batch are
/// as long as the fullest of them.
pub struct ExampleBatches {
    examples: Arc<Examples>,
    packing: Box<dyn Packing>,
    context: usize,
    rows_per_batch: usize,
    /// How often each example comes in an epoch, on average; none for once each.
    times: Vec<f64>,
    seed: Option<u64>,
    epoch: u64,
    rows: Vec<Vec<u32>>,
    next: usize,
}

impl ExampleBatches {
    /// Shuffled rows without end.
    ///
    /// `times` says how often each example comes in an epoch: 3 for three times, 0.25 for every fourth epoch on average; an
    /// empty list means once each.
    ///
    /// # Errors
    /// [`Error::Setting`] where there is nothing to deal.
    pub fn shuffled(
        examples: Arc<Examples>,
        times: Vec<f64>,
        packing: Box<dyn Packing>,
        context: usize,
        rows_per_batch: usize,
        seed: u64,
    ) -> Result<Self> {
        Self::new(examples, times, packing, context, rows_per_batch, Some(seed))
    }

    /// All rows once, in a fixed order.
    ///
    /// # Errors
    /// [`Error::Setting`] where there is nothing to deal.
    pub fn sequential(
        examples: Arc<Examples>,
        packing: Box<dyn Packing>,
        context: usize,
        rows_per_batch: usize,
    ) -> Result<Self> {
        Self::new(examples, vec![], packing, context, rows_per_batch, None)
    }

    fn new(
        examples: Arc<Examples>,
        times: Vec<f64>,
        packing: Box<dyn Packing>,
        context: usize,
        rows_per_batch: usize,
        seed: Option<u64>,
    ) -> Result<Self> {
        let setting = |what, expected: &str, got: String| {
            Err(Error::Setting { what, expected: expected.to_owned(), got })
        };
        if examples.is_empty() || rows_per_batch == 0 {
            let got = format!("{} conversations, {rows_per_batch} rows a batch", examples.len());
            return setting("conversations", "at least one, and one row", got);
        }
        if let Some(longest) = examples.iter().map(|example| example.places()).max().filter(|&n| n > context)
        {
            return setting("context", &format!("room for {longest} places"), context.to_string());
        }
        // epochs with next to nothing in them would be drawn for ever
        let drawn: f64 = times.iter().map(|times| times.max(0.0)).sum();
        let finite = times.iter().all(|times| times.is_finite());
        if !times.is_empty() && (times.len() != examples.len() || !finite || drawn < LEAST_DRAWN) {
            let expected = format!("one for each conversation, finite, {LEAST_DRAWN} together at least");
            return setting("weights", &expected, format!("{} that are {drawn} together", times.len()));
        }
        let mut batches =
            Self { examples, packing, context, rows_per_batch, times, seed, epoch: 0, rows: vec![], next: 0 };
        batches.begin_epoch();
        Ok(batches)
    }

    /// Rows of the present epoch.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The share of places that hold tokens, were every row as long as the context.
    pub fn efficiency(&self) -> f64 {
        let used: usize = self.rows.iter().flatten().map(|&at| self.examples.get(at as usize).places()).sum();
        used as f64 / (self.rows.len() * self.context) as f64
    }

    /// Draws the examples of the present epoch, packs them and shuffles the rows: all of it from (seed, epoch).
    fn begin_epoch(&mut self) {
        self.next = 0;
        let Some(seed) = self.seed else {
            self.rows = self.pack(&(0..self.examples.len() as u32).collect::<Vec<_>>());
            return;
        };
        let mut random = Random::new(seed, &format!("conversations of epoch {}", self.epoch));
        loop {
            let mut drawn = vec![];
            for at in 0..self.examples.len() {
                let times = self.times.get(at).copied().unwrap_or(1.0).max(0.0);
                let more = random.uniform() < times.fract();
                drawn.extend(std::iter::repeat_n(at as u32, times as usize + usize::from(more)));
            }
            random.shuffle(&mut drawn);
            self.rows = self.pack(&drawn);
            random.shuffle(&mut self.rows);
            // where all weights are small an epoch may be empty
            if !self.rows.is_empty() {
                return;
            }
        }
    }

    fn pack(&self, drawn: &[u32]) -> Vec<Vec<u32>> {
        let lengths: Vec<usize> = drawn.iter().map(|&at| self.examples.get(at as usize).places()).collect();
        let mut rows = self.packing.pack(&lengths, self.context);
        rows.iter_mut().flatten().for_each(|at| *at = drawn[*at as usize]);
        rows
    }

    fn batch(&self, rows: &[Vec<u32>]) -> model::Result<TokenBatch> {
        let places =
            |row: &Vec<u32>| -> usize { row.iter().map(|&at| self.examples.get(at as usize).places()).sum() };
        let length = rows.iter().map(places).max().unwrap_or(0);
        let size = rows.len() * length;
        let mut ids = Vec::with_capacity(size);
        let mut targets = Vec::with_capacity(size);
        let mut weights = Vec::with_capacity(size);
        let mut positions = Vec::with_capacity(size);
        let mut documents = Vec::with_capacity(size);
        for (row, end) in rows.iter().zip((length..).step_by(length.max(1))) {
            for (document, &at) in row.iter().enumerate() {
                let example = self.examples.get(at as usize);
                let places = example.places();
                ids.extend_from_slice(&example.ids[..places]);
                targets.extend_from_slice(&example.ids[1..]);
                weights.extend(example.learn[1..].iter().map(|&learn| f32::from(u8::from(learn))));
                positions.extend(0..places as u32);
                documents.resize(ids.len(), document as u32);
            }
            // padding is a document of its own that nobody learns from
            let padding = (end - ids.len()) as u32;
            let filler = self.examples.get(row[0] as usize).ids[0];
            ids.resize(end, filler);
            targets.resize(end, filler);
            weights.resize(end, 0.0);
            positions.extend(0..padding);
            documents.resize(end, row.len() as u32);
        }
        let tensor = |values| Tensor::from_vec(values, (rows.len(), length), &Device::Cpu);
        Ok(TokenBatch {
            ids: tensor(ids)?,
            targets,
            weights,
            positions: tensor(positions)?,
            documents: tensor(documents)?,
        })
    }
}

impl Batches for ExampleBatches {
    type Batch = TokenBatch;

    fn next(&mut self, _: u64) -> model::Result<Option<TokenBatch>> {
        let mut rows = vec![];
        while rows.len() < self.rows_per_batch {
            if self.next == self.rows.len() {
                if self.seed.is_none() {
                    break;
                }
                self.epoch += 1;
                self.begin_epoch();
            }
            rows.push(self.rows[self.next].clone());
            self.next += 1;
        }
        if rows.is_empty() { Ok(None) } else { self.batch(&rows).map(Some) }
    }

    fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, row: self.next as u64 }
    }

    fn seek(&mut self, cursor: &Cursor) -> model::Result<()> {
        if self.epoch != cursor.epoch {
            self.epoch = cursor.epoch;
            self.begin_epoch();
        }
        if cursor.row > self.rows.len() as u64 {
            let (expected, got) = (format!("at most {} rows", self.rows.len()), cursor.row.to_string());
            return Err(model::Error::Input { what: "cursor", expected, got });
        }
        self.next = cursor.row as usize;
        Ok(())
    }
}
