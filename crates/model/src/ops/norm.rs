//! RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467, equation 4).

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::lanes::{dot, simd};
use super::op::{Kernel2, Op2};
use super::real::Real;

/// `x / sqrt(mean(x²) + epsilon) · weight`, over the last dimension of `x`; `weight` has its size.
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op2(weight, Op2(RmsNorm { epsilon }))
}

struct RmsNorm {
    epsilon: f64,
}

impl RmsNorm {
    /// 1 / root mean square of a row.
    #[inline(always)]
    fn inverse_root<T: Real>(&self, x: &[T]) -> T {
        let mean_square = dot(x, x) / T::from_f64(x.len() as f64);
        T::one() / (mean_square + T::from_f64(self.epsilon)).sqrt()
    }
}

impl Kernel2 for RmsNorm {
    const NAME: &'static str = "rms-norm";

    fn forward<T: Real>(&self, x: &[T], weight: &[T], y: &mut [T]) -> Result<()> {
        let width = weight.len();
        y.par_chunks_exact_mut(width).zip(x.par_chunks_exact(width)).with_min_len(64).for_each(|(y, x)| {
            simd(
                #[inline(always)]
                || {
                    let inverse = self.inverse_root(x);
                    for ((y, &x), &weight) in y.iter_mut().zip(x).zip(weight) {
                        *y = x * inverse * weight;
                    }
                },
            );
        });
        Ok(())
    }

    /// With n = x · inverse: dn = dy · weight, dx = inverse · (dn − n · mean(dn · n)), dweight = Σ dy · n.
    fn backward<T: Real>(&self, x: &[T], weight: &[T], dy: &[T], dx: &mut [T], dw: &mut [T]) -> Result<()> {
        let width = weight.len();
        let rows =
            dx.par_chunks_exact_mut(width).zip(x.par_chunks_exact(width)).zip(dy.par_chunks_exact(width));
        let inverses: Vec<T> = rows
            .with_min_len(64)
            .map(|((dx, x), dy)| {
                simd(
                    #[inline(always)]
                    || {
                        let inverse = self.inverse_root(x);
                        for ((dx, &dy), &weight) in dx.iter_mut().zip(dy).zip(weight) {
                            *dx = dy * weight;
                        }
                        let shift = dot(dx, x) * inverse * inverse / T::from_f64(width as f64);
                        for (dx, &x) in dx.iter_mut().zip(x) {
                            *dx = (*dx - x * shift) * inverse;
                        }
                        inverse
                    },
                )
            })
            .collect();
        simd(
            #[inline(always)]
            || {
                // one thread, so that rows are always added in their order
                for ((x, dy), &inverse) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(&inverses) {
                    for ((dw, &x), &dy) in dw.iter_mut().zip(x).zip(dy) {
                        *dw += x * inverse * dy;
                    }
                }
            },
        );
        Ok(())
    }
}
