//! Matrix products that have the same bits everywhere.
//!
//! An element of a product is a chain of fused multiply-adds in the order of the inner dimension K, begun anew
//! every [`block`] terms and the blocks added up in order. That chain does not depend on how many rows there
//! are, on which thread computes it, or on how wide the machine's vectors are: a row alone, a row in a batch, one
//! thread, many, AVX2, AVX-512, NEON and plain code all give the same bits.
//!
//! The shape of the loops is that of Goto and van de Geijn (2008, "Anatomy of high-performance matrix
//! multiplication", figure 9) with one difference: all of K is packed for some columns of the right side, so that a
//! block of results is finished while it is still in the cache.

mod kernel;
mod pack;

use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Buffer;
pub(crate) use pack::Packed;

/// Rows of the left side that one task takes: a multiple of every height of a register tile.
const TASK_ROWS: usize = 84;

/// Numbers of the right side that are packed at once: 4 MiB, a part of the last cache.
const PACKED_AT_ONCE: usize = 1 << 20;

/// Multiplications below which a product is not shared out to threads.
const SERIAL: usize = 1 << 20;

/// A matrix that lies in a slice: element (i, j) at `i · row_step + j · column_step`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one behind the other.
    pub(crate) fn new(values: &'a [f32], columns: usize) -> Self {
        Self::part(values, values.len() / columns, columns, columns)
    }

    /// `columns` numbers at the beginning of each of `rows` rows that are `row_step` long.
    pub(crate) fn part(values: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Self {
        assert!(rows == 0 || (rows - 1) * row_step + columns <= values.len(), "a matrix lies in its slice");
        Self { values, rows, columns, row_step, column_step: 1 }
    }

    /// Rows and columns exchanged.
    pub(crate) fn t(self) -> Self {
        let Self { values, rows, columns, row_step, column_step } = self;
        Self { values, rows: columns, columns: rows, row_step: column_step, column_step: row_step }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// One row of a matrix whose rows are contiguous.
    pub(crate) fn row(&self, row: usize) -> &'a [f32] {
        debug_assert_eq!(self.column_step, 1);
        &self.values[row * self.row_step..][..self.columns]
    }

    fn rows_from(self, first: usize, rows: usize) -> Self {
        Self { values: &self.values[first * self.row_step..], rows, ..self }
    }

    fn columns_from(self, first: usize, columns: usize) -> Self {
        Self { values: &self.values[first * self.column_step..], columns, ..self }
    }
}

/// What happens to numbers that are there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Write {
    /// They are replaced.
    Set,
    /// The result is added to them.
    Add,
}

/// Where a product goes: some columns of rows that are `row_step` long.
pub(crate) struct Target<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) row_step: usize,
    pub(crate) first_column: usize,
    pub(crate) write: Write,
}

impl<'a> Target<'a> {
    /// All columns of `values`.
    pub(crate) fn new(values: &'a mut [f32], columns: usize, write: Write) -> Self {
        Self { values, row_step: columns, first_column: 0, write }
    }
}

/// Terms of an element's chain between two additions to memory, by the length of the whole chain.
pub(crate) fn block(inner: usize) -> usize {
    const LONGEST: usize = 512;
    const USUAL: usize = 256;
    if inner <= LONGEST { inner.max(1) } else { inner.div_ceil(inner.div_ceil(USUAL)).next_multiple_of(8) }
}

/// `target (+)= a · b`, on all threads of the pool.
pub(crate) fn multiply(a: Matrix<'_>, b: Matrix<'_>, target: Target<'_>) {
    assert_eq!(a.columns, b.rows, "inner dimensions agree");
    let panel = kernel::panel_width();
    let at_once = (PACKED_AT_ONCE / b.rows.max(1) / panel).max(4) * panel;
    let Target { values, row_step, first_column, write } = target;
    for first in (0..b.columns).step_by(at_once) {
        let columns = at_once.min(b.columns - first);
        let packed = Packed::new(b.columns_from(first, columns), block(b.rows));
        let part = Target { values: &mut *values, row_step, first_column: first_column + first, write };
        multiply_packed(a, &packed, part);
    }
}

/// `target (+)= a · b` for a right side that is packed, on all threads of the pool.
pub(crate) fn multiply_packed(a: Matrix<'_>, b: &Packed, target: Target<'_>) {
    if a.rows * a.columns * b.columns() <= SERIAL || rayon::current_num_threads() == 1 {
        return multiply_serial(a, b, b.columns(), target);
    }
    if a.rows > TASK_ROWS {
        return share_rows(a, b, target);
    }
    share_columns(a, b, target);
}

/// `target (+)= a · b` for the first `columns` of `b` and as many of its rows as `a` has columns, on this thread.
pub(crate) fn multiply_serial(a: Matrix<'_>, b: &Packed, columns: usize, target: Target<'_>) {
    let Target { values, row_step, first_column, write } = target;
    for first in (0..a.rows).step_by(TASK_ROWS) {
        let rows = TASK_ROWS.min(a.rows - first);
        let values = &mut values[first * row_step..];
        let part = Target { values, row_step, first_column, write };
        kernel::multiply(a.rows_from(first, rows), b, 0..columns, part);
    }
}

/// `target += a · b` as one chain: terms go on where those of `target` ended, whatever it says of writing.
pub(crate) fn multiply_on(a: Matrix<'_>, b: &Packed, columns: usize, target: Target<'_>) {
    debug_assert!(a.columns <= b.block(), "a chain is not begun anew");
    kernel::multiply_on(a, b, 0..columns, target);
}

fn share_rows(a: Matrix<'_>, b: &Packed, target: Target<'_>) {
    let Target { values, row_step, first_column, write } = target;
    let used = (a.rows * row_step).min(values.len());
    values[..used].par_chunks_mut(TASK_ROWS * row_step).enumerate().for_each(|(task, values)| {
        let first = task * TASK_ROWS;
        let part = Target { values, row_step, first_column, write };
        kernel::multiply(a.rows_from(first, TASK_ROWS.min(a.rows - first)), b, 0..b.columns(), part);
    });
}

/// Few rows: every task computes all of them for some columns, and the pieces are put together.
fn share_columns(a: Matrix<'_>, b: &Packed, target: Target<'_>) {
    let Target { values, row_step, first_column, write } = target;
    let panel = kernel::panel_width();
    let tasks = rayon::current_num_threads();
    let width = b.columns().div_ceil(tasks).next_multiple_of(4 * panel);
    let ranges: Vec<Range<usize>> =
        (0..b.columns()).step_by(width).map(|first| first..(first + width).min(b.columns())).collect();
    let place = |row: usize, range: &Range<usize>| row * row_step + first_column + range.start;
    let pieces: Vec<Buffer> = ranges
        .par_iter()
        .map(|range| {
            let mut piece = Buffer::new(a.rows * range.len());
            // what is there already comes first in the chain of blocks, as it does on one thread
            if write == Write::Add {
                for (row, piece) in piece.chunks_exact_mut(range.len()).enumerate() {
                    piece.copy_from_slice(&values[place(row, range)..][..range.len()]);
                }
            }
            kernel::multiply(a, b, range.clone(), Target::new(&mut piece, range.len(), write));
            piece
        })
        .collect();
    for (range, piece) in ranges.iter().zip(&pieces) {
        for (row, piece) in piece.chunks_exact(range.len()).enumerate() {
            values[place(row, range)..][..range.len()].copy_from_slice(piece);
        }
    }
}

#[cfg(test)]
mod tests;
