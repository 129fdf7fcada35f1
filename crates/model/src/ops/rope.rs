//! Rotary positions (Su et al. 2021, arXiv 2104.09864, equation 34).
//!
//! Deviation from the paper, the one of Hugging Face's Llama: component `i` turns with component `i + d/2`
//! instead of its neighbour. Both are the same up to an order of the rows of the projections.

use std::sync::Arc;

use candle_core::{Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::lanes::simd;
use super::op::{Kernel1, Op1};
use super::real::Real;

/// Cosine and sine of every angle, for positions up to a context.
#[derive(Clone)]
pub struct Angles {
    /// Per position `(cos, sin)` of the `head_width / 2` frequencies.
    table: Arc<[(f64, f64)]>,
    frequencies: usize,
}

impl Angles {
    /// Angles `position · theta^(−2i / head_width)`.
    pub fn new(context: usize, head_width: usize, theta: f64) -> Self {
        let frequencies = head_width / 2;
        let angle = |at: usize| {
            let exponent = -2.0 * (at % frequencies) as f64 / head_width as f64;
            (at / frequencies) as f64 * libm::pow(theta, exponent)
        };
        let table = (0..context * frequencies).map(angle).map(|a| (libm::cos(a), libm::sin(a))).collect();
        Self { table, frequencies }
    }

    /// Number of positions in the table.
    pub fn context(&self) -> usize {
        self.table.len() / self.frequencies
    }
}

/// Turns heads `[B, T, H, d]` by the angles of their positions (`B · T` of them) and puts heads before
/// positions: `[B, H, T, d]`.
pub fn rope(heads: &Tensor, positions: &[u32], angles: &Angles) -> Result<Tensor> {
    let (b, t, h, d) = heads.dims4()?;
    if positions.len() != b * t || d != 2 * angles.frequencies {
        bail!("{} positions, heads of {d}, for heads {:?}", positions.len(), heads.dims());
    }
    if let Some(position) = positions.iter().find(|&&position| position as usize >= angles.context()) {
        bail!("position {position} of a context of {}", angles.context());
    }
    let turn = Rope { positions: positions.into(), angles: angles.clone(), t, h };
    heads.contiguous()?.apply_op1(Op1(turn))
}

struct Rope {
    positions: Arc<[u32]>,
    angles: Angles,
    t: usize,
    h: usize,
}

impl Rope {
    /// Fills `out`, `[B, H, T, d]`, from rows of `[B, T, H, d]` by a map from row to row that swaps T and H.
    ///
    /// `to_heads_first` tells which of the two sides is `[B, H, T, d]`; the inverse turns the other way.
    fn turn<T: Real>(&self, from: &[T], out: &mut [T], direction: Direction) {
        let Self { t: positions, h: heads, .. } = *self;
        let half = self.angles.frequencies;
        let (inner, sign) = match direction {
            Direction::Forward => (positions, T::one()),
            Direction::Back => (heads, -T::one()),
        };
        let outer = positions * heads / inner;
        out.par_chunks_exact_mut(2 * half).enumerate().with_min_len(256).for_each(|(at, out)| {
            let (b, i, j) = (at / (positions * heads), at / inner % outer, at % inner);
            let row = b * positions * heads + j * outer + i;
            let position = match direction {
                Direction::Forward => j,
                Direction::Back => i,
            };
            let place = self.positions[b * positions + position] as usize;
            let table = &self.angles.table[place * half..][..half];
            let (from_low, from_high) = from[row * 2 * half..][..2 * half].split_at(half);
            let (low, high) = out.split_at_mut(half);
            simd(
                #[inline(always)]
                || {
                    let sources = from_low.iter().zip(from_high).zip(table);
                    for ((low, high), ((&x, &y), &(cos, sin))) in low.iter_mut().zip(high).zip(sources) {
                        let (cos, sin) = (T::from_f64(cos), T::from_f64(sin) * sign);
                        *low = x * cos - y * sin;
                        *high = y * cos + x * sin;
                    }
                },
            );
        });
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Back,
}

impl Kernel1 for Rope {
    const NAME: &'static str = "rope";

    fn shape(&self, heads: &Shape) -> Result<Shape> {
        let (b, t, h, d) = heads.dims4()?;
        Ok((b, h, t, d).into())
    }

    fn forward<T: Real>(&self, x: &[T], y: &mut [T]) -> Result<()> {
        self.turn(x, y, Direction::Forward);
        Ok(())
    }

    fn backward<T: Real>(&self, _: &[T], _: &[T], dy: &[T], dx: &mut [T]) -> Result<()> {
        self.turn(dy, dx, Direction::Back);
        Ok(())
    }
}
