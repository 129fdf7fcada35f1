//! The parts that decoders are composed of, on slices of f32, forward and backward.
//!
//! Letters: B batch, T positions, N = B · T, D width, F inner size, H query heads, K key heads, d head width.
//! `dx` is the gradient of the loss with respect to `x`.

#![allow(clippy::inline_always, reason = "code is compiled per instruction set by being inlined into `simd`")]

mod activation;
mod adapter;
mod attention;
mod attention_block;
mod embedding;
mod fused;
mod head;
mod heads;
mod linear;
mod mlp_block;
mod norm;
mod places;

pub(crate) use activation::Activation;
pub(crate) use adapter::Adapter;
pub(crate) use attention::{CHAIN, STRIP, scale, softmax};
pub(crate) use attention_block::AttentionBlock;
pub(crate) use embedding::Embedding;
pub use fused::Recompute;
pub(crate) use fused::{apply, apply_norm};
pub(crate) use head::Head;
pub(crate) use heads::{Heads, QkNorm, Rotary, Turn};
pub(crate) use linear::{Layout, Linear};
pub(crate) use mlp_block::MlpBlock;
pub(crate) use norm::{Centre, Norm};
pub(crate) use places::Places;

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::matmul::Matrix;
use crate::ops::simd;

/// Rows whose sums are formed together: fixed, so that sums over rows have one order on any number of threads.
const ROWS: usize = 64;

/// `sums[j] += Σₙ rows[n][j]`.
fn add_column_sums(rows: Matrix<'_>, sums: &mut [f32]) {
    let count = rows.rows();
    let parts: Vec<Buffer> = (0..count.div_ceil(ROWS))
        .into_par_iter()
        .map(|part| {
            let mut sums = Buffer::zeros(sums.len());
            for row in part * ROWS..((part + 1) * ROWS).min(count) {
                add(&mut sums, rows.row(row));
            }
            sums
        })
        .collect();
    for part in &parts {
        add(sums, part);
    }
}

/// `sum += x`, elementwise.
fn add(sum: &mut [f32], x: &[f32]) {
    simd(
        #[inline(always)]
        || sum.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x),
    );
}
