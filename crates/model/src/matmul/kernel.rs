//! The innermost loops: a tile of results in registers, over panels that lie in the caches.

#![allow(clippy::inline_always, reason = "code is compiled per instruction set by being inlined")]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd, bytemuck};

use super::pack::{Packed, pack};
use super::{Matrix, Target, Write};
use crate::buffer::Buffer;

/// Columns of a register tile, two vectors wide.
pub(super) fn panel_width() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    2 * Arch::new().dispatch(Lanes)
}

/// `target (+)= a · b` for some columns of `b`, beginning with a panel; `a` may be narrower than `b` is high.
pub(super) fn multiply(a: Matrix<'_>, b: &Packed, columns: Range<usize>, target: Target<'_>) {
    Arch::new().dispatch(Product { a, b, columns, target, begun: false });
}

/// The same where `target` holds the first terms of each chain.
pub(super) fn multiply_on(a: Matrix<'_>, b: &Packed, columns: Range<usize>, target: Target<'_>) {
    let target = Target { write: Write::Set, ..target };
    Arch::new().dispatch(Product { a, b, columns, target, begun: true });
}

struct Product<'a, 'b> {
    a: Matrix<'a>,
    b: &'a Packed,
    columns: Range<usize>,
    target: Target<'b>,
    /// Whether chains of the first block begin with what is there.
    begun: bool,
}

impl WithSimd for Product<'_, '_> {
    type Output = ();

    /// Tiles fill the register file: 2 · 6 of 16 registers, or 2 · 14 of 32, hold results.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 14>(simd),
            _ => self.run::<S, 6>(simd),
        }
    }
}

impl Product<'_, '_> {
    #[inline(always)]
    fn run<S: Simd, const HEIGHT: usize>(mut self, simd: S) {
        let inner = self.a.columns;
        if inner == 0 && self.target.write == Write::Set && !self.begun {
            return self.clear();
        }
        let whole = self.a.rows / HEIGHT * HEIGHT;
        let mut rows = Buffer::new(self.b.block().min(inner) * self.a.rows.next_multiple_of(HEIGHT));
        for (block, start) in (0..inner).step_by(self.b.block()).enumerate() {
            if block > 0 {
                (self.target.write, self.begun) = (Write::Add, false);
            }
            let length = self.b.block().min(inner - start);
            let a = self.a.columns_from(start, length);
            let (tall, rest) = rows.split_at_mut(length * whole);
            for (at, panel) in tall.chunks_exact_mut(length * HEIGHT).enumerate() {
                pack::<HEIGHT>(a.rows_from(at * HEIGHT, HEIGHT).t(), panel);
            }
            self.panels::<S, HEIGHT, 1>(simd, block, length, tall, 0, whole);
            let left = self.a.rows - whole;
            let a = a.rows_from(whole.min(self.a.rows.saturating_sub(1)), left);
            match left {
                0 => {}
                1 => self.rest::<S, 1, 4>(simd, block, a, rest, whole),
                2 => self.rest::<S, 2, 2>(simd, block, a, rest, whole),
                3 | 4 => self.rest::<S, 4, 1>(simd, block, a, rest, whole),
                5..=8 if HEIGHT > 8 => self.rest::<S, 8, 1>(simd, block, a, rest, whole),
                _ => self.rest::<S, HEIGHT, 1>(simd, block, a, rest, whole),
            }
        }
    }

    /// The last rows, too few for a whole tile: a lower one, over more panels at once.
    #[inline(always)]
    fn rest<S: Simd, const HEIGHT: usize, const PANELS: usize>(
        &mut self,
        simd: S,
        block: usize,
        a: Matrix<'_>,
        rows: &mut [f32],
        first_row: usize,
    ) {
        let length = a.columns;
        let panel = &mut rows[..length * HEIGHT];
        pack::<HEIGHT>(a.t(), panel);
        self.panels::<S, HEIGHT, PANELS>(simd, block, length, panel, first_row, first_row + a.rows);
    }

    /// All tiles of the rows in `rows`: as many panels at once as there are, so that low tiles have chains enough to hide
    /// what one costs.
    #[inline(always)]
    fn panels<S: Simd, const HEIGHT: usize, const PANELS: usize>(
        &mut self,
        simd: S,
        block: usize,
        length: usize,
        rows: &[f32],
        first_row: usize,
        last_row: usize,
    ) {
        let width = 2 * S::F32_LANES;
        let mut column = self.columns.start;
        while column < self.columns.end {
            let place = (block, length, column);
            let left = (self.columns.end - column).div_ceil(width);
            column += width
                * match left {
                    _ if left >= PANELS => {
                        self.tiles::<S, HEIGHT, PANELS>(simd, place, rows, first_row, last_row)
                    }
                    2.. if PANELS > 2 => self.tiles::<S, HEIGHT, 2>(simd, place, rows, first_row, last_row),
                    _ => self.tiles::<S, HEIGHT, 1>(simd, place, rows, first_row, last_row),
                };
        }
    }

    /// The tiles of some panels, which stay in the first cache while rows pass; returns how many panels those are.
    #[inline(always)]
    fn tiles<S: Simd, const HEIGHT: usize, const PANELS: usize>(
        &mut self,
        simd: S,
        (block, length, column): (usize, usize, usize),
        rows: &[f32],
        first_row: usize,
        last_row: usize,
    ) -> usize {
        let width = 2 * S::F32_LANES;
        let (panels, block_rows) = self.b.panels(block);
        let b: [_; PANELS] = std::array::from_fn(|at| {
            let panel = &panels[(column + at * width) * block_rows..][..length * width];
            S::as_simd_f32s(panel).0.as_chunks::<2>().0
        });
        for (at, rows) in rows.chunks_exact(length * HEIGHT).enumerate() {
            let row = first_row + at * HEIGHT;
            let begun = std::array::from_fn(|at| self.begun(simd, row, last_row, column + at * width));
            let sums = tile::<S, HEIGHT, PANELS>(simd, rows, b, begun);
            for (at, sums) in sums.iter().enumerate() {
                self.store(simd, sums, row, last_row, column + at * width);
            }
        }
        PANELS
    }

    /// What the chains of a tile begin with.
    #[inline(always)]
    fn begun<S: Simd, const HEIGHT: usize>(
        &self,
        simd: S,
        first_row: usize,
        last_row: usize,
        column: usize,
    ) -> [[S::f32s; 2]; HEIGHT] {
        let width = 2 * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); 2]; HEIGHT];
        let Target { values, row_step, first_column, .. } = &self.target;
        if self.begun {
            let used = width.min(self.columns.end - column);
            let place = *first_column + column - self.columns.start;
            for (row, sums) in (first_row..last_row).zip(&mut sums) {
                let sums: &mut [f32] = bytemuck::cast_slice_mut(&mut sums[..]);
                sums[..used].copy_from_slice(&values[row * *row_step + place..][..used]);
            }
        }
        sums
    }

    #[inline(always)]
    fn store<S: Simd, const HEIGHT: usize>(
        &mut self,
        simd: S,
        sums: &[[S::f32s; 2]; HEIGHT],
        first_row: usize,
        last_row: usize,
        column: usize,
    ) {
        let width = 2 * S::F32_LANES;
        let Target { values, row_step, first_column, write } = &mut self.target;
        let used = width.min(self.columns.end - column);
        let place = *first_column + column - self.columns.start;
        for (row, sums) in (first_row..last_row).zip(sums) {
            let to = &mut values[row * *row_step + place..][..used];
            if used == width {
                let (to, _) = S::as_mut_simd_f32s(to);
                let both = match write {
                    Write::Set => *sums,
                    Write::Add => [simd.add_f32s(to[0], sums[0]), simd.add_f32s(to[1], sums[1])],
                };
                to.copy_from_slice(&both);
            } else {
                let sums: &[f32] = bytemuck::cast_slice(&sums[..]);
                for (to, &sum) in to.iter_mut().zip(sums) {
                    *to = if *write == Write::Set { sum } else { *to + sum };
                }
            }
        }
    }

    fn clear(&mut self) {
        let Target { values, row_step, first_column, .. } = &mut self.target;
        for row in 0..self.a.rows {
            values[row * *row_step + *first_column..][..self.columns.len()].fill(0.0);
        }
    }
}

/// `sums[panel][i][j] + Σₖ a[k][i] · b[panel][k][j]`, each sum one chain in the order of k.
#[inline(always)]
fn tile<S: Simd, const HEIGHT: usize, const PANELS: usize>(
    simd: S,
    a: &[f32],
    b: [&[[S::f32s; 2]]; PANELS],
    mut sums: [[[S::f32s; 2]; HEIGHT]; PANELS],
) -> [[[S::f32s; 2]; HEIGHT]; PANELS] {
    let (a, _) = a.as_chunks::<HEIGHT>();
    let b = b.map(|panel| &panel[..a.len()]);
    for (k, a) in a.iter().enumerate() {
        for (sums, b) in sums.iter_mut().zip(&b) {
            let b = b[k];
            for (sums, &a) in sums.iter_mut().zip(a) {
                let a = simd.splat_f32s(a);
                sums[0] = simd.mul_add_f32s(a, b[0], sums[0]);
                sums[1] = simd.mul_add_f32s(a, b[1], sums[1]);
            }
        }
    }
    sums
}
