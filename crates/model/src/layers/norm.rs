//! LayerNorm (Ba et al. 2016, arXiv 1607.06450, equation 4) and RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467,
//! equation 4).

use rayon::prelude::*;

use super::{ROWS, add};
use crate::buffer::Buffer;
use crate::matmul::Write;
use crate::ops::{dot, simd, sum_by};
use crate::weight::Weight;

/// Whether the mean is taken out first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Centre {
    /// LayerNorm.
    Mean,
    /// RMSNorm.
    Zero,
}

/// `(x − centre) / √(mean square + epsilon) · weight + bias` over the last dimension.
#[derive(Clone)]
pub(crate) struct Norm {
    pub(crate) centre: Centre,
    pub(crate) epsilon: f32,
    pub(crate) width: usize,
    pub(crate) weight: Option<Weight>,
    pub(crate) bias: Option<Weight>,
}

/// Of a row: its centre, and 1 / its deviation.
type Statistics = [f32; 2];

impl Norm {
    pub(crate) fn detached(&self) -> Self {
        let detached = |weight: &Option<Weight>| weight.as_ref().map(Weight::detached);
        Self { weight: detached(&self.weight), bias: detached(&self.bias), ..self.clone() }
    }

    #[inline(always)]
    fn statistics(&self, x: &[f32]) -> Statistics {
        let width = self.width as f32;
        let centre = match self.centre {
            Centre::Mean => sum_by(x, x, |x, _| x) / width,
            Centre::Zero => 0.0,
        };
        let mean_square = sum_by(x, x, |x, _| (x - centre) * (x - centre)) / width;
        [centre, 1.0 / (mean_square + self.epsilon).sqrt()]
    }

    /// Rows of `x` to rows of `y`, both `[N, D]`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) -> candle_core::Result<()> {
        self.with_weights(|weight, bias| {
            let size = ROWS * self.width;
            y.par_chunks_mut(size).zip(x.par_chunks(size)).for_each(|(y, x)| {
                simd(
                    #[inline(always)]
                    || {
                        for (y, x) in y.chunks_exact_mut(self.width).zip(x.chunks_exact(self.width)) {
                            let [centre, inverse] = self.statistics(x);
                            for (y, &x) in y.iter_mut().zip(x) {
                                *y = (x - centre) * inverse;
                            }
                            if let Some(weight) = weight {
                                y.iter_mut().zip(weight).for_each(|(y, &weight)| *y *= weight);
                            }
                            if let Some(bias) = bias {
                                y.iter_mut().zip(bias).for_each(|(y, &bias)| *y += bias);
                            }
                        }
                    },
                );
            });
        })
    }

    /// As [`Norm::forward`], to memory of its own.
    pub(crate) fn applied(&self, x: &[f32]) -> candle_core::Result<Buffer> {
        let mut y = Buffer::new(x.len());
        self.forward(x, &mut y)?;
        Ok(y)
    }

    /// Adds to `dx` what comes back through the norm, and gathers the gradients of weight and bias.
    ///
    /// With n = (x − centre) · inverse and dn = dy · weight: dx += inverse · (dn − n · mean(dn · n)), less the mean of
    /// dn where the mean was taken out; dweight = Σ dy · n; dbias = Σ dy.
    pub(crate) fn backward(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) -> candle_core::Result<()> {
        let parts: Vec<(Buffer, Buffer)> = self.with_weights(|weight, _| {
            let size = ROWS * self.width;
            let rows = dx.par_chunks_mut(size).zip(x.par_chunks(size).zip(dy.par_chunks(size)));
            rows.map(|(dx, (x, dy))| self.backward_rows(weight, x, dy, dx)).collect()
        })?;
        let sums = [(&self.weight, 0), (&self.bias, 1)];
        for (parameter, which) in sums {
            let Some(parameter) = parameter else { continue };
            parameter.gather(|sum, write| {
                if write == Write::Set {
                    sum.fill(0.0);
                }
                for part in &parts {
                    add(sum, if which == 0 { &part.0 } else { &part.1 });
                }
            });
        }
        Ok(())
    }

    fn backward_rows(
        &self,
        weight: Option<&[f32]>,
        x: &[f32],
        dy: &[f32],
        dx: &mut [f32],
    ) -> (Buffer, Buffer) {
        let width = self.width;
        let mut dweight = Buffer::zeros(if self.weight.is_some() { width } else { 0 });
        let mut dbias = Buffer::zeros(if self.bias.is_some() { width } else { 0 });
        let (mut n, mut dn) = (Buffer::new(width), Buffer::new(width));
        simd(
            #[inline(always)]
            || {
                let (n, dn) = (&mut *n, &mut *dn);
                let rows = x.chunks_exact(width).zip(dy.chunks_exact(width));
                for (dx, (x, dy)) in dx.chunks_exact_mut(width).zip(rows) {
                    let [centre, inverse] = self.statistics(x);
                    n.iter_mut().zip(x).for_each(|(n, &x)| *n = (x - centre) * inverse);
                    match weight {
                        Some(weight) => {
                            for (dn, (&dy, &weight)) in dn.iter_mut().zip(dy.iter().zip(weight)) {
                                *dn = dy * weight;
                            }
                        }
                        None => dn.copy_from_slice(dy),
                    }
                    let along = dot(dn, n) / width as f32;
                    let mean = match self.centre {
                        Centre::Mean => sum_by(dn, dn, |dn, _| dn) / width as f32,
                        Centre::Zero => 0.0,
                    };
                    for (dx, (&n, &dn)) in dx.iter_mut().zip(n.iter().zip(&*dn)) {
                        *dx += inverse * (dn - mean - n * along);
                    }
                    for (dweight, (&dy, &n)) in dweight.iter_mut().zip(dy.iter().zip(&*n)) {
                        *dweight += dy * n;
                    }
                    dbias.iter_mut().zip(dy).for_each(|(dbias, &dy)| *dbias += dy);
                }
            },
        );
        (dweight, dbias)
    }

    fn with_weights<R>(
        &self,
        work: impl FnOnce(Option<&[f32]>, Option<&[f32]>) -> R,
    ) -> candle_core::Result<R> {
        match (&self.weight, &self.bias) {
            (Some(weight), Some(bias)) => {
                weight.read(|weight| bias.read(|bias| work(Some(weight), Some(bias))))?
            }
            (Some(weight), None) => weight.read(|weight| work(Some(weight), None)),
            (None, Some(bias)) => bias.read(|bias| work(None, Some(bias))),
            (None, None) => Ok(work(None, None)),
        }
    }
}
