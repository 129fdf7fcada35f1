//! A right side of products, laid out in the order in which the kernel reads it.

use rayon::prelude::*;

use super::{Matrix, kernel};
use crate::buffer::Buffer;

/// A `[K, N]` matrix cut into blocks of rows, these into panels of as many columns as a register tile has.
///
/// Within a panel one row follows the other, so the kernel reads memory from front to back. Missing columns of the
/// last panel are zeros.
#[derive(Clone)]
pub(crate) struct Packed {
    values: Buffer,
    rows: usize,
    columns: usize,
    block: usize,
}

impl Packed {
    /// Packs `b`, on all threads of the pool; `block` is the length of a chain of additions.
    pub(crate) fn new(b: Matrix<'_>, block: usize) -> Self {
        let width = kernel::panel_width();
        let padded = b.columns.next_multiple_of(width);
        let mut values = Buffer::new(b.rows * padded);
        for start in (0..b.rows).step_by(block) {
            let rows = block.min(b.rows - start);
            let panels = values[start * padded..(start + rows) * padded].par_chunks_exact_mut(rows * width);
            panels.enumerate().with_min_len(16).for_each(|(at, panel)| {
                let columns = width.min(b.columns - at * width);
                let part = b.columns_from(at * width, columns);
                let part = Matrix { values: &part.values[start * part.row_step..], rows, ..part };
                match width {
                    32 => pack::<32>(part, panel),
                    16 => pack::<16>(part, panel),
                    8 => pack::<8>(part, panel),
                    4 => pack::<4>(part, panel),
                    _ => pack::<2>(part, panel),
                }
            });
        }
        Self { values, rows: b.rows, columns: b.columns, block }
    }

    /// Zeros, to be set later.
    pub(crate) fn zeros(rows: usize, columns: usize, block: usize) -> Self {
        let padded = columns.next_multiple_of(kernel::panel_width());
        let values = Buffer::zeros(rows * padded);
        Self { values, rows, columns, block }
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The panels of a block, each `[rows of the block][panel width]`, and how many rows those are.
    pub(super) fn panels(&self, block: usize) -> (&[f32], usize) {
        let padded = self.columns.next_multiple_of(kernel::panel_width());
        let first = block * self.block;
        let rows = self.block.min(self.rows - first);
        (&self.values[first * padded..(first + rows) * padded], rows)
    }

    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Sets the first rows of one column.
    pub(crate) fn set_column(&mut self, column: usize, values: &[f32]) {
        let width = kernel::panel_width();
        let padded = self.columns.next_multiple_of(width);
        for (block, values) in values.chunks(self.block).enumerate() {
            let start = block * self.block;
            let rows = self.block.min(self.rows - start);
            let panel = &mut self.values[start * padded + column / width * rows * width..];
            let places = panel[column % width..].iter_mut().step_by(width);
            places.zip(values).for_each(|(to, &value)| *to = value);
        }
    }

    /// Sets the first columns of one row.
    pub(crate) fn set_row(&mut self, row: usize, values: &[f32]) {
        let width = kernel::panel_width();
        let padded = self.columns.next_multiple_of(width);
        let start = row / self.block * self.block;
        let rows = self.block.min(self.rows - start);
        for (panel, values) in values.chunks(width).enumerate() {
            let to = start * padded + panel * rows * width + (row - start) * width;
            self.values[to..to + values.len()].copy_from_slice(values);
        }
    }
}

/// Lays the columns of `b`, at most W of them, side by side: row after row of W numbers.
pub(super) fn pack<const W: usize>(b: Matrix<'_>, panel: &mut [f32]) {
    let (panel, _) = panel.as_chunks_mut::<W>();
    let Matrix { values, rows, columns, row_step, column_step } = b;
    if columns < W {
        panel.fill([0.0; W]);
    }
    if column_step == 1 {
        for (row, to) in panel.iter_mut().take(rows).enumerate() {
            let from = &values[row * row_step..];
            match from.first_chunk() {
                Some(from) if columns == W => *to = *from,
                _ => to[..columns].copy_from_slice(&from[..columns]),
            }
        }
    } else if row_step == 1 && columns == W {
        let sources: [&[f32]; W] = std::array::from_fn(|column| &values[column * column_step..][..rows]);
        transpose(sources, panel);
    } else {
        for (row, to) in panel.iter_mut().enumerate() {
            for (column, to) in to[..columns].iter_mut().enumerate() {
                *to = values[row * row_step + column * column_step];
            }
        }
    }
}

/// Columns become rows, eight rows at a time so that both sides are read and written in whole lines.
fn transpose<const W: usize>(columns: [&[f32]; W], rows: &mut [[f32; W]]) {
    const ROWS: usize = 8;
    let (blocks, rest) = rows.as_chunks_mut::<ROWS>();
    let mut done = 0;
    for block in blocks {
        let square: [[f32; ROWS]; W] = std::array::from_fn(|column| {
            *columns[column][done..].first_chunk().expect("columns are as long as there are rows")
        });
        for row in 0..ROWS {
            for column in 0..W {
                block[row][column] = square[column][row];
            }
        }
        done += ROWS;
    }
    for (row, to) in rest.iter_mut().enumerate() {
        for column in 0..W {
            to[column] = columns[column][done + row];
        }
    }
}
