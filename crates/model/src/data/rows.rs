//! Rows of equal length cut from a sequence of tokens, in an order shuffled by seed and epoch.

use candle_core::{Device, Tensor};

use super::{Batches, Cursor, Tokens};
use crate::{Error, Input, Random, Result};

/// Rows of a batch, each with the token that follows each token.
pub struct TokenBatch {
    /// `[B, T]`, u32.
    pub ids: Tensor,
    /// The next tokens, `B · T` of them, row by row.
    pub targets: Vec<u32>,
    /// `[B, T]`: counted from the beginning of each document.
    pub positions: Tensor,
    /// `[B, T]`: the number of the document in its row.
    pub documents: Tensor,
}

impl TokenBatch {
    /// What a model is given.
    pub fn input(&self) -> Input<'_> {
        Input {
            ids: &self.ids,
            positions: Some(&self.positions),
            documents: Some(&self.documents),
            lengths: None,
        }
    }
}

/// Cuts tokens into rows of T inputs and T targets, and deals them in an order that differs every epoch.
///
/// Rows overlap by one token, so that every token but the first is a target once per epoch; up to T tokens
/// at the end are left over. Where a document begins inside a row, positions begin anew and attention does
/// not look back; the first token of a document is still a target: it says that the one before has ended.
pub struct Rows {
    tokens: Tokens,
    context: usize,
    batch_size: usize,
    bos: u32,
    order: Order,
    cursor: Cursor,
    permutation: Vec<u32>,
}

enum Order {
    Sequential,
    Shuffled { seed: u64 },
}

impl Rows {
    /// Shuffled rows without end, for training. A document begins where the token `bos` stands.
    pub fn shuffled(
        tokens: Tokens,
        context: usize,
        rows_per_batch: usize,
        bos: u32,
        seed: u64,
    ) -> Result<Self> {
        let mut rows = Self::new(tokens, context, rows_per_batch, bos, Order::Shuffled { seed })?;
        rows.begin_epoch();
        Ok(rows)
    }

    /// All rows once and in order, for validation; the last batch may be smaller.
    pub fn sequential(tokens: Tokens, context: usize, rows_per_batch: usize, bos: u32) -> Result<Self> {
        Self::new(tokens, context, rows_per_batch, bos, Order::Sequential)
    }

    fn new(tokens: Tokens, context: usize, rows_per_batch: usize, bos: u32, order: Order) -> Result<Self> {
        if context == 0 || rows_per_batch == 0 || tokens.len() <= context {
            let expected = format!("more than one row of {context}, {rows_per_batch} rows a batch");
            return Err(Error::Setting { setting: "tokens", expected, got: tokens.len().to_string() });
        }
        if tokens.len() / context > u32::MAX as usize {
            let (expected, got) =
                (format!("at most {} rows", u32::MAX), (tokens.len() / context).to_string());
            return Err(Error::Setting { setting: "tokens", expected, got });
        }
        let (cursor, permutation) = (Cursor::default(), Vec::new());
        Ok(Self { tokens, context, batch_size: rows_per_batch, bos, order, cursor, permutation })
    }

    /// Rows of one pass.
    pub fn len(&self) -> usize {
        (self.tokens.len() - 1) / self.context
    }

    /// Never: a source without a row cannot be made.
    pub fn is_empty(&self) -> bool {
        false
    }

    fn begin_epoch(&mut self) {
        if let Order::Shuffled { seed } = self.order {
            self.permutation = (0..self.len() as u32).collect();
            Random::new(seed, &format!("rows of epoch {}", self.cursor.epoch)).shuffle(&mut self.permutation);
        }
    }

    /// The row to take next, or `None` at the end of the only pass.
    fn next_row(&mut self) -> Option<usize> {
        if self.cursor.row == self.len() as u64 {
            match self.order {
                Order::Sequential => return None,
                Order::Shuffled { .. } => {
                    self.cursor = Cursor { epoch: self.cursor.epoch + 1, row: 0 };
                    self.begin_epoch();
                }
            }
        }
        let at = self.cursor.row as usize;
        self.cursor.row += 1;
        Some(match self.order {
            Order::Sequential => at,
            Order::Shuffled { .. } => self.permutation[at] as usize,
        })
    }
}

impl Batches for Rows {
    type Batch = TokenBatch;

    fn next(&mut self, _: u64) -> Result<Option<TokenBatch>> {
        let t = self.context;
        let size = self.batch_size * t;
        let (mut ids, mut targets) = (Vec::with_capacity(size), Vec::with_capacity(size));
        let (mut positions, mut documents) = (Vec::with_capacity(size), Vec::with_capacity(size));
        for _ in 0..self.batch_size {
            let Some(row) = self.next_row() else { break };
            self.tokens.read(row * t, t, &mut ids);
            self.tokens.read(row * t + 1, t, &mut targets);
            let (mut position, mut document) = (0u32, 0u32);
            for (at, &id) in ids[ids.len() - t..].iter().enumerate() {
                if id == self.bos && at > 0 {
                    (position, document) = (0, document + 1);
                }
                positions.push(position);
                documents.push(document);
                position += 1;
            }
        }
        let b = ids.len() / t;
        if b == 0 {
            return Ok(None);
        }
        let tensor = |values| Tensor::from_vec(values, (b, t), &Device::Cpu);
        let (ids, positions, documents) = (tensor(ids)?, tensor(positions)?, tensor(documents)?);
        Ok(Some(TokenBatch { ids, targets, positions, documents }))
    }

    fn cursor(&self) -> Cursor {
        self.cursor
    }

    fn seek(&mut self, cursor: &Cursor) -> Result<()> {
        if cursor.row > self.len() as u64 {
            let (expected, got) = (format!("at most {} rows", self.len()), cursor.row.to_string());
            return Err(Error::Input { what: "cursor", expected, got });
        }
        self.cursor = *cursor;
        self.begin_epoch();
        Ok(())
    }
}
