//! From projections to heads: rotary positions (Su et al. 2021, arXiv 2104.09864, equation 34), the norm of queries and
//! keys (Henry et al. 2020, arXiv 2010.04245), and heads put before positions.
//!
//! Deviation from equation 34, the one of Hugging Face's Llama: component `i` turns with component `i + d/2` instead of
//! its neighbour. Both are the same up to an order of the rows of the projections.

use std::sync::Arc;

use rayon::prelude::*;

use super::Places;
use crate::ops::{dot, simd};

/// Which way positions turn; a model's weights know one only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// As in Llama.
    Forward,
    /// As in nanochat.
    Back,
}

/// Cosine and sine of every angle, for positions up to a context.
#[derive(Clone)]
pub(crate) struct Rotary {
    /// Per position `(cos, sin)` of the `head width / 2` frequencies.
    table: Arc<[(f32, f32)]>,
    frequencies: usize,
}

impl Rotary {
    /// Angles `position · theta^(−2i / head width)`.
    pub(crate) fn new(context: usize, head_width: usize, theta: f64, turn: Turn) -> Self {
        let frequencies = head_width / 2;
        let sign = if turn == Turn::Forward { 1.0 } else { -1.0 };
        let angle = |at: usize| {
            let exponent = -2.0 * (at % frequencies) as f64 / head_width as f64;
            let angle = (at / frequencies) as f64 * libm::pow(theta, exponent);
            (libm::cos(angle) as f32, (sign * libm::sin(angle)) as f32)
        };
        Self { table: (0..context * frequencies).map(angle).collect(), frequencies }
    }

    /// Cosines and sines of one position.
    pub(crate) fn angles(&self, position: u32) -> &[(f32, f32)] {
        &self.table[position as usize * self.frequencies..][..self.frequencies]
    }
}

/// RMSNorm of every query and key, without a weight, after they were turned.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct QkNorm {
    pub(crate) epsilon: f32,
}

/// What is done to heads: H query heads, K key heads and K value heads, each d wide.
#[derive(Clone)]
pub(crate) struct Heads {
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    pub(crate) width: usize,
    pub(crate) rotary: Option<Rotary>,
    pub(crate) norm: Option<QkNorm>,
}

impl Heads {
    /// All heads of a position: H + 2 K.
    pub(crate) fn count(&self) -> usize {
        self.queries + 2 * self.keys
    }

    /// Query heads that share a key head.
    pub(crate) fn group(&self) -> usize {
        self.queries / self.keys
    }

    /// `[B, T, (H + 2 K) d]` to `[B, H + 2 K, T, d]`, turned and normalised. `inverses` `[B, H + 2 K, T]` become 1 / root
    /// mean square of queries and keys.
    pub(crate) fn forward(&self, places: &Places, x: &[f32], y: &mut [f32], inverses: &mut [f32]) {
        let Places { length, ref positions, .. } = *places;
        let (d, count) = (self.width, self.count());
        let heads = y.par_chunks_exact_mut(length * d).zip(inverses.par_chunks_exact_mut(length));
        heads.enumerate().for_each(|(at, (y, inverses))| {
            let (row, head) = (at / count, at % count);
            let is_value = head >= self.queries + self.keys;
            simd(
                #[inline(always)]
                || {
                    for (t, (y, inverse)) in y.chunks_exact_mut(d).zip(inverses).enumerate() {
                        let n = row * length + t;
                        y.copy_from_slice(&x[(n * count + head) * d..][..d]);
                        if !is_value {
                            *inverse = self.turn_and_norm(y, positions[n]);
                        }
                    }
                },
            );
        });
    }

    /// One query or key at its position; returns 1 / root mean square.
    #[inline(always)]
    pub(crate) fn turn_and_norm(&self, x: &mut [f32], position: u32) -> f32 {
        if let Some(rotary) = &self.rotary {
            turn(x, rotary.angles(position), 1.0);
        }
        let Some(QkNorm { epsilon }) = self.norm else { return 1.0 };
        let inverse = 1.0 / (dot(x, x) / x.len() as f32 + epsilon).sqrt();
        for x in x.iter_mut() {
            *x *= inverse;
        }
        inverse
    }

    /// Gradients of heads `[B, H + 2 K, T, d]` to those of projections `[B, T, (H + 2 K) d]`.
    ///
    /// Normed values y = r · inverse are what was kept of them: dr = inverse · (dy − y · mean(dy · y)), and the inverse
    /// of a turn is a turn back.
    pub(crate) fn backward(&self, places: &Places, y: &[f32], inverses: &[f32], dy: &[f32], dx: &mut [f32]) {
        let Places { length, ref positions, .. } = *places;
        let (d, count) = (self.width, self.count());
        dx.par_chunks_exact_mut(count * d).enumerate().with_min_len(16).for_each(|(n, dx)| {
            let (row, t) = (n / length, n % length);
            simd(
                #[inline(always)]
                || {
                    for (head, dx) in dx.chunks_exact_mut(d).enumerate() {
                        let at = (row * count + head) * length + t;
                        dx.copy_from_slice(&dy[at * d..][..d]);
                        if head >= self.queries + self.keys {
                            continue;
                        }
                        if self.norm.is_some() {
                            let y = &y[at * d..][..d];
                            let along = dot(dx, y) / d as f32;
                            for (dx, &y) in dx.iter_mut().zip(y) {
                                *dx = inverses[at] * (*dx - y * along);
                            }
                        }
                        if let Some(rotary) = &self.rotary {
                            turn(dx, rotary.angles(positions[n]), -1.0);
                        }
                    }
                },
            );
        });
    }
}

/// Turns a head by its angles, or back if `sign` is −1.
#[inline(always)]
fn turn(x: &mut [f32], angles: &[(f32, f32)], sign: f32) {
    let (low, high) = x.split_at_mut(angles.len());
    for ((low, high), &(cos, sin)) in low.iter_mut().zip(high).zip(angles) {
        let (a, b) = (*low, *high);
        *low = a * cos - b * (sin * sign);
        *high = b * cos + a * (sin * sign);
    }
}
