//! Which row comes next.

use super::Cursor;
use crate::{Error, Random, Result};

/// The order in which rows are dealt: all of them once, or for ever and shuffled anew every epoch.
///
/// An epoch's order depends on seed and epoch only, so that any place in it can be found again.
pub(super) struct Order {
    rows: usize,
    /// Without a seed there is one pass, in the order of the rows.
    seed: Option<u64>,
    cursor: Cursor,
    permutation: Vec<u32>,
}

impl Order {
    /// From the beginning; there are at least one and at most 2³² rows.
    pub(super) fn new(rows: usize, seed: Option<u64>) -> Result<Self> {
        if rows == 0 || u32::try_from(rows - 1).is_err() {
            let expected = format!("enough for one row, and for {} at most", 1u64 << 32);
            return Err(Error::Setting { setting: "tokens", expected, got: format!("{rows} rows") });
        }
        let mut order = Self { rows, seed, cursor: Cursor::default(), permutation: Vec::new() };
        order.begin_epoch();
        Ok(order)
    }

    /// Rows of one pass.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The row to take next, or `None` at the end of the only pass.
    pub(super) fn deal(&mut self) -> Option<usize> {
        if self.cursor.row == self.rows as u64 {
            self.seed?;
            self.cursor = Cursor { epoch: self.cursor.epoch + 1, row: 0 };
            self.begin_epoch();
        }
        let row = self.permutation[self.cursor.row as usize];
        self.cursor.row += 1;
        Some(row as usize)
    }

    pub(super) fn seek(&mut self, cursor: &Cursor) -> Result<()> {
        if cursor.row > self.rows as u64 {
            let (expected, got) = (format!("at most {} rows", self.rows), cursor.row.to_string());
            return Err(Error::Input { what: "cursor", expected, got });
        }
        let same_epoch = cursor.epoch == self.cursor.epoch;
        self.cursor = *cursor;
        if !same_epoch {
            self.begin_epoch();
        }
        Ok(())
    }

    /// The place after `dealt` rows from the very beginning.
    pub(super) fn after(&self, dealt: u64) -> Cursor {
        let rows = self.rows as u64;
        match self.seed {
            Some(_) => Cursor { epoch: dealt / rows, row: dealt % rows },
            None => Cursor { epoch: 0, row: dealt.min(rows) },
        }
    }

    fn begin_epoch(&mut self) {
        self.permutation = (0..self.rows as u64).map(|row| row as u32).collect();
        if let Some(seed) = self.seed {
            Random::new(seed, &format!("rows of epoch {}", self.cursor.epoch)).shuffle(&mut self.permutation);
        }
    }
}
