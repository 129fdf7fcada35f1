//! Whole documents packed into rows, so that almost none is cut and almost no place is wasted.

use super::batch::{Draft, Shape};
use super::order::Order;
use super::pieces::{Piece, best_fit, cut, exchange, sort};
use super::{Batches, Cursor, TokenBatch, Tokens};
use crate::{Error, Random, Result};

/// Packs documents into rows of T places by best fit (Ding et al. 2024, arXiv 2404.10830) and deals the rows in
/// an order that differs every epoch.
///
/// Every token but the first of each document is a target once per epoch, and so is the `bos` that ends each
/// document. A document longer than T is cut into pieces, and loses its context at the cuts but no token:
/// the last target of a piece is the first token of the next. Attention stays inside a piece, positions begin
/// anew with each; what nothing fits into is padding, of weight 0.
///
/// How many rows there are and how long the pieces in each are depends on nothing but lengths, so it is worked
/// out once, over all pieces and longest first, which wastes least. What an epoch shuffles is which pieces of
/// equal length stand in each other's place, and the rows. Long pieces thus meet other short ones every time,
/// and every epoch has the same number of rows, so that a count of rows is a place.
///
/// ```
/// use model::{Batches, Packed, Tokens};
///
/// # fn main() -> model::Result<()> {
/// let documents = Tokens::from(vec![0, 5, 6, 7, 8, 0, 5, 0, 9]); // 0 begins a document
/// let mut packed = Packed::sequential(documents, 4, 8, 0)?;
/// let batch = packed.next(0)?.expect("there is one batch");
/// assert_eq!(batch.ids.to_vec2::<u32>()?, [[0, 5, 6, 7], [0, 5, 0, 9], [8, 0, 0, 0]]);
/// assert_eq!(batch.targets, [5, 6, 7, 8, 5, 0, 9, 0, 0, 0, 0, 0]);
/// assert_eq!(batch.documents.to_vec2::<u32>()?, [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1]]);
/// assert_eq!(packed.efficiency(), 9.0 / 12.0);
/// # Ok(())
/// # }
/// ```
pub struct Packed {
    tokens: Tokens,
    shape: Shape,
    seed: Option<u64>,
    /// Longest first. Rows name pieces by their number here, and these change places every epoch.
    pieces: Vec<Piece>,
    arranged_epoch: u64,
    rows: Vec<Vec<u32>>,
    order: Order,
}

impl Packed {
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

    /// All rows once and in a fixed order, for validation; the last batch may be smaller.
    pub fn sequential(tokens: Tokens, context: usize, rows_per_batch: usize, bos: u32) -> Result<Self> {
        Self::new(tokens, Shape { rows: rows_per_batch, context, bos }, None)
    }

    fn new(tokens: Tokens, shape: Shape, seed: Option<u64>) -> Result<Self> {
        if shape.context == 0 || shape.rows == 0 || tokens.is_empty() {
            let expected = "at least one, in rows and batches that hold something".into();
            let got = format!("{} in {} rows of {}", tokens.len(), shape.rows, shape.context);
            return Err(Error::Setting { setting: "tokens", expected, got });
        }
        let mut pieces = cut(&tokens, shape.context, shape.bos);
        if u32::try_from(pieces.len()).is_err() {
            let (expected, got) = (format!("at most {} documents", u32::MAX), pieces.len().to_string());
            return Err(Error::Setting { setting: "tokens", expected, got });
        }
        sort(&mut pieces);
        let rows = best_fit(pieces.iter().map(|piece| piece.length), shape.context);
        let order = Order::new(rows.len(), seed)?;
        let mut packed = Self { tokens, shape, seed, pieces, arranged_epoch: 0, rows, order };
        packed.arrange();
        Ok(packed)
    }

    /// Rows of one pass.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The share of places that are not padding.
    pub fn efficiency(&self) -> f64 {
        self.tokens.len() as f64 / (self.rows() * self.shape.context) as f64
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Writes the next row; `false` at the end of the only pass.
    pub(super) fn deal(&mut self, draft: &mut Draft) -> bool {
        let Some(row) = self.order.deal() else { return false };
        if self.arranged_epoch != self.order.cursor().epoch {
            self.arrange();
        }
        for &number in &self.rows[row] {
            let piece = self.pieces[number as usize];
            draft.document(&self.tokens, piece.start, piece.length);
        }
        draft.pad();
        true
    }

    /// Goes to the place after `dealt` rows from the very beginning.
    pub(super) fn seek_after(&mut self, dealt: u64) -> Result<()> {
        self.order.seek(&self.order.after(dealt))
    }

    /// Puts the pieces where the present epoch has them, wherever they were.
    fn arrange(&mut self) {
        self.arranged_epoch = self.order.cursor().epoch;
        if let Some(seed) = self.seed {
            sort(&mut self.pieces);
            let purpose = format!("pieces of epoch {}", self.arranged_epoch);
            exchange(&mut self.pieces, &mut Random::new(seed, &purpose));
        }
    }
}

impl Batches for Packed {
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
