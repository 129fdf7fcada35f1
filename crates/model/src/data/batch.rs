//! A batch of rows of tokens, and how it is written, one document after the other.

use candle_core::{Device, Tensor};

use super::Tokens;
use crate::{Input, Result};

/// Rows of a batch, each with the token that follows each token.
pub struct TokenBatch {
    /// `[B, T]`, u32.
    pub ids: Tensor,
    /// The next tokens, `B · T` of them, row by row.
    pub targets: Vec<u32>,
    /// How much each target counts: 1, or 0 where the row is padding.
    pub weights: Vec<f32>,
    /// `[B, T]`: counted from the beginning of each document.
    pub positions: Tensor,
    /// `[B, T]`: the number of the document in its row.
    pub documents: Tensor,
}

impl TokenBatch {
    /// What a model is given.
    pub fn input(&self) -> Input<'_> {
        Input { positions: Some(&self.positions), documents: Some(&self.documents), ..Input::new(&self.ids) }
    }
}

/// What all batches of a source have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Rows of a batch.
    pub(super) rows: usize,
    /// Places of a row.
    pub(super) context: usize,
    /// The token that begins a document.
    pub(super) bos: u32,
}

impl Shape {
    /// A batch of the rows that `deal` writes, fewer once it writes none; `None` if it never wrote one.
    pub(super) fn batch(self, mut deal: impl FnMut(&mut Draft) -> bool) -> Result<Option<TokenBatch>> {
        let mut draft = Draft::new(self);
        for _ in 0..self.rows {
            if !deal(&mut draft) {
                break;
            }
        }
        draft.finish()
    }
}

/// A batch under construction. Rows have no ends of their own: a row is whole when it has T places.
pub(super) struct Draft {
    shape: Shape,
    ids: Vec<u32>,
    targets: Vec<u32>,
    weights: Vec<f32>,
    positions: Vec<u32>,
    documents: Vec<u32>,
}

impl Draft {
    fn new(shape: Shape) -> Self {
        let size = shape.rows * shape.context;
        Self {
            shape,
            ids: Vec::with_capacity(size),
            targets: Vec::with_capacity(size),
            weights: Vec::with_capacity(size),
            positions: Vec::with_capacity(size),
            documents: Vec::with_capacity(size),
        }
    }

    /// Writes `length` tokens from place `start` on, which see nothing of what stands before them in the row.
    ///
    /// The target of the last is whatever follows in the data; `bos` follows the end of the data.
    pub(super) fn document(&mut self, tokens: &Tokens, start: usize, length: usize) {
        tokens.read(start, length, &mut self.ids);
        tokens.read(start + 1, length.min(tokens.len() - start - 1), &mut self.targets);
        self.targets.resize(self.ids.len(), self.shape.bos);
        self.weights.resize(self.ids.len(), 1.0);
        self.place(length);
    }

    /// Fills what is left of the row with a document that nobody learns from.
    pub(super) fn pad(&mut self) {
        let length = self.ids.len().next_multiple_of(self.shape.context) - self.ids.len();
        self.ids.resize(self.ids.len() + length, self.shape.bos);
        self.targets.resize(self.ids.len(), self.shape.bos);
        self.weights.resize(self.ids.len(), 0.0);
        self.place(length);
    }

    fn place(&mut self, length: usize) {
        let begins_row = self.documents.len().is_multiple_of(self.shape.context);
        let number = if begins_row { 0 } else { self.documents[self.documents.len() - 1] + 1 };
        self.positions.extend(0..length as u32);
        self.documents.resize(self.ids.len(), number);
    }

    fn finish(self) -> Result<Option<TokenBatch>> {
        let rows = self.ids.len() / self.shape.context;
        if rows == 0 {
            return Ok(None);
        }
        let tensor = |values| Tensor::from_vec(values, (rows, self.shape.context), &Device::Cpu);
        Ok(Some(TokenBatch {
            ids: tensor(self.ids)?,
            targets: self.targets,
            weights: self.weights,
            positions: tensor(self.positions)?,
            documents: tensor(self.documents)?,
        }))
    }
}
