//! Rows of equal length cut from a sequence of tokens, in an order shuffled by seed and epoch.

use super::batch::{Draft, Shape};
use super::order::Order;
use super::{Batches, Cursor, TokenBatch, Tokens};
use crate::{Error, Result};

/// Cuts tokens into rows of T inputs and T targets, and deals them in an order that differs every epoch.
///
/// Rows overlap by one token, so that every token but the first is a target once per epoch; up to T tokens
/// at the end are left over. Where a document begins inside a row, positions begin anew and attention does
/// not look back; the first token of a document is still a target: it says that the one before has ended.
/// [`Packed`](super::Packed) cuts fewer documents.
pub struct Rows {
    tokens: Tokens,
    shape: Shape,
    order: Order,
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
        Self::new(tokens, Shape { rows: rows_per_batch, context, bos }, Some(seed))
    }

    /// All rows once and in order, for validation; the last batch may be smaller.
    pub fn sequential(tokens: Tokens, context: usize, rows_per_batch: usize, bos: u32) -> Result<Self> {
        Self::new(tokens, Shape { rows: rows_per_batch, context, bos }, None)
    }

    fn new(tokens: Tokens, shape: Shape, seed: Option<u64>) -> Result<Self> {
        if shape.context == 0 || shape.rows == 0 || tokens.len() <= shape.context {
            let expected = format!("more than one row of {}, {} rows a batch", shape.context, shape.rows);
            return Err(Error::Setting { setting: "tokens", expected, got: tokens.len().to_string() });
        }
        let order = Order::new((tokens.len() - 1) / shape.context, seed)?;
        Ok(Self { tokens, shape, order })
    }

    /// Rows of one pass.
    pub fn len(&self) -> usize {
        self.order.rows()
    }

    /// Never: a source without a row cannot be made.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Writes the next row; `false` at the end of the only pass.
    fn deal(&mut self, draft: &mut Draft) -> bool {
        let Some(row) = self.order.deal() else { return false };
        let (mut start, mut ids) = (row * self.shape.context, Vec::new());
        self.tokens.read(start, self.shape.context, &mut ids);
        for document in ids.chunk_by(|_, &next| next != self.shape.bos) {
            draft.document(&self.tokens, start, document.len());
            start += document.len();
        }
        true
    }
}

impl Batches for Rows {
    type Batch = TokenBatch;

    fn next(&mut self, _: u64) -> Result<Option<TokenBatch>> {
        self.shape.batch(|draft| self.deal(draft))
    }

    fn cursor(&self) -> Cursor {
        self.order.cursor()
    }

    fn seek(&mut self, cursor: &Cursor) -> Result<()> {
        self.order.seek(cursor)
    }
}
