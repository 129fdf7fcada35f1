//! The bend between the two products of a feed-forward network.

use rayon::prelude::*;

use crate::ops::{Real, simd};

/// What happens to the inner values `[N, U]` of a feed-forward network; the result is `[N, F]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Activation {
    /// `x · Φ(x)` by its approximation with tanh (Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2); U = F.
    Gelu,
    /// `silu(gate) · up` (Shazeer 2020, arXiv 2002.05202, equation 6); U = 2 F, the gate in front.
    SwiGlu,
    /// `max(x, 0)²` (So et al. 2021, arXiv 2109.08668, section 4); U = F.
    ReluSquared,
}

const CHUNK: usize = 64;

impl Activation {
    /// U / F.
    pub(crate) fn inputs(self) -> usize {
        match self {
            Self::SwiGlu => 2,
            Self::Gelu | Self::ReluSquared => 1,
        }
    }

    /// Fills `y` `[N, F]` from `x` `[N, U]`.
    pub(crate) fn forward(self, x: &[f32], y: &mut [f32], width: usize) {
        let rows = y.par_chunks_mut(CHUNK * width).zip(x.par_chunks(CHUNK * width * self.inputs()));
        rows.for_each(|(y, x)| {
            simd(
                #[inline(always)]
                || match self {
                    Self::Gelu => y.iter_mut().zip(x).for_each(|(y, &x)| *y = gelu(x).0),
                    Self::ReluSquared => y.iter_mut().zip(x).for_each(|(y, &x)| *y = relu(x) * relu(x)),
                    Self::SwiGlu => {
                        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(2 * width)) {
                            let (gate, up) = x.split_at(width);
                            for (y, (&gate, &up)) in y.iter_mut().zip(gate.iter().zip(up)) {
                                *y = gate * sigmoid(gate) * up;
                            }
                        }
                    }
                },
            );
        });
    }

    /// Turns `x` `[N, U]` into its gradient, from that of the result, `dy` `[N, F]`.
    pub(crate) fn backward(self, x: &mut [f32], dy: &[f32], width: usize) {
        let rows = x.par_chunks_mut(CHUNK * width * self.inputs()).zip(dy.par_chunks(CHUNK * width));
        rows.for_each(|(x, dy)| {
            simd(
                #[inline(always)]
                || match self {
                    Self::Gelu => x.iter_mut().zip(dy).for_each(|(x, &dy)| *x = dy * gelu(*x).1),
                    Self::ReluSquared => x.iter_mut().zip(dy).for_each(|(x, &dy)| *x = dy * 2.0 * relu(*x)),
                    Self::SwiGlu => {
                        for (x, dy) in x.chunks_exact_mut(2 * width).zip(dy.chunks_exact(width)) {
                            let (gate, up) = x.split_at_mut(width);
                            for ((gate, up), &dy) in gate.iter_mut().zip(up).zip(dy) {
                                let share = sigmoid(*gate);
                                let silu = *gate * share;
                                let dgate = dy * *up * (share + silu * (1.0 - share));
                                (*gate, *up) = (dgate, dy * silu);
                            }
                        }
                    }
                },
            );
        });
    }
}

/// A NaN stays one: a run must not hide that it went wrong.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + Real::exp(-x))
}

/// tanh, within 1.2 · 10⁻⁷: (1 − e) / (1 + e) with e = exp(−2 |x|).
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let e = Real::exp(-2.0 * x.abs());
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

/// GELU and its slope.
#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    const SCALE: f32 = 0.797_884_6; // √(2 / π)
    const CUBE: f32 = 0.044_715;
    let t = tanh(SCALE * (x + CUBE * x * x * x));
    let slope = SCALE * (1.0 + 3.0 * CUBE * x * x);
    (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope)
}
