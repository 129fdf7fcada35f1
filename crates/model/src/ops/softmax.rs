//! The softmax of attention, over the keys that a query may see.

use std::sync::Arc;

use candle_core::{Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::lanes::{dot, max, simd, sum_by};
use super::op::{Kernel1, Op1};
use super::real::Real;

/// Which keys each query sees: causality, documents and lengths leave one range `start..end` to each.
#[derive(Clone)]
pub struct Spans {
    /// Ranges of queries `[B, T]`, row by row.
    ranges: Arc<[(usize, usize)]>,
    positions: usize,
    keys: usize,
}

impl Spans {
    /// `ranges` has `B · positions` entries, none empty and none beyond `keys`.
    pub fn new(ranges: Vec<(usize, usize)>, positions: usize, keys: usize) -> Result<Self> {
        if positions == 0 || !ranges.len().is_multiple_of(positions) {
            bail!("{} ranges for rows of {positions} positions", ranges.len());
        }
        match ranges.iter().find(|(start, end)| start >= end || *end > keys) {
            Some(range) => bail!("range {range:?} of {keys} keys"),
            None => Ok(Self { ranges: ranges.into(), positions, keys }),
        }
    }

    /// Number of keys that scores are over.
    pub fn keys(&self) -> usize {
        self.keys
    }
}

/// Probabilities from scores `[B, .., T, S]`: `softmax(scale · scores)` inside each query's span, else 0.
pub fn softmax(scores: &Tensor, scale: f64, spans: &Spans) -> Result<Tensor> {
    scores.contiguous()?.apply_op1(Op1(Softmax { scale, spans: spans.clone() }))
}

struct Softmax {
    scale: f64,
    spans: Spans,
}

impl Softmax {
    /// Range of row `at` of `rows`: heads lie between the batch and the positions.
    fn span(&self, at: usize, rows: usize) -> (usize, usize) {
        let Spans { ranges, positions, .. } = &self.spans;
        let rows_per_batch = rows * positions / ranges.len();
        ranges[at / rows_per_batch * positions + at % positions]
    }
}

impl Kernel1 for Softmax {
    const NAME: &'static str = "softmax-in-spans";

    fn shape(&self, scores: &Shape) -> Result<Shape> {
        let dims = scores.dims();
        let fits = dims.last() == Some(&self.spans.keys)
            && (scores.elem_count() / self.spans.keys).is_multiple_of(self.spans.ranges.len());
        if fits { Ok(scores.clone()) } else { bail!("scores {dims:?} do not fit the spans") }
    }

    fn forward<T: Real>(&self, scores: &[T], y: &mut [T]) -> Result<()> {
        let keys = self.spans.keys;
        let rows = y.len() / keys;
        let scale = T::from_f64(self.scale);
        y.par_chunks_exact_mut(keys)
            .zip(scores.par_chunks_exact(keys))
            .enumerate()
            .with_min_len(64)
            .for_each(|(at, (y, scores))| {
                let (start, end) = self.span(at, rows);
                let (y, scores) = (&mut y[start..end], &scores[start..end]);
                simd(
                    #[inline(always)]
                    || {
                        let most = max(scores);
                        for (y, &score) in y.iter_mut().zip(scores) {
                            *y = ((score - most) * scale).exp();
                        }
                        let inverse = T::one() / sum_by(y, y, |x, _| x);
                        for y in y {
                            *y *= inverse;
                        }
                    },
                );
            });
        Ok(())
    }

    /// dscores = scale · p · (dp − Σ p · dp).
    fn backward<T: Real>(&self, _: &[T], p: &[T], dp: &[T], dscores: &mut [T]) -> Result<()> {
        let keys = self.spans.keys;
        let rows = p.len() / keys;
        let scale = T::from_f64(self.scale);
        let values = p.par_chunks_exact(keys).zip(dp.par_chunks_exact(keys));
        dscores.par_chunks_exact_mut(keys).zip(values).enumerate().with_min_len(64).for_each(
            |(at, (dscores, (p, dp)))| {
                let (start, end) = self.span(at, rows);
                let (dscores, p, dp) = (&mut dscores[start..end], &p[start..end], &dp[start..end]);
                simd(
                    #[inline(always)]
                    || {
                        let mean = dot(p, dp);
                        for (dscore, (&p, &dp)) in dscores.iter_mut().zip(p.iter().zip(dp)) {
                            *dscore = scale * p * (dp - mean);
                        }
                    },
                );
            },
        );
        Ok(())
    }
}
