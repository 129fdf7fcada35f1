//! SwiGLU (Shazeer 2020, arXiv 2002.05202, equation 6 without its matrices).

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::lanes::simd;
use super::op::{Kernel2, Op2};
use super::real::Real;

const CHUNK: usize = 4096;

/// `gate · sigmoid(gate) · up`, elementwise.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.contiguous()?.apply_op2(&up.contiguous()?, Op2(SwiGlu))
}

struct SwiGlu;

#[inline(always)]
fn sigmoid<T: Real>(x: T) -> T {
    T::one() / (T::one() + (-x).exp())
}

impl Kernel2 for SwiGlu {
    const NAME: &'static str = "swiglu";

    fn forward<T: Real>(&self, gate: &[T], up: &[T], y: &mut [T]) -> Result<()> {
        let chunks = y.par_chunks_mut(CHUNK).zip(gate.par_chunks(CHUNK)).zip(up.par_chunks(CHUNK));
        chunks.for_each(|((y, gate), up)| {
            simd(
                #[inline(always)]
                || {
                    for ((y, &gate), &up) in y.iter_mut().zip(gate).zip(up) {
                        *y = gate * sigmoid(gate) * up;
                    }
                },
            );
        });
        Ok(())
    }

    fn backward<T: Real>(
        &self,
        gate: &[T],
        up: &[T],
        dy: &[T],
        dgate: &mut [T],
        dup: &mut [T],
    ) -> Result<()> {
        let gradients = dgate.par_chunks_mut(CHUNK).zip(dup.par_chunks_mut(CHUNK));
        let values = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)).zip(dy.par_chunks(CHUNK));
        gradients.zip(values).for_each(|((dgate, dup), ((gate, up), dy))| {
            simd(
                #[inline(always)]
                || {
                    let gradients = dgate.iter_mut().zip(dup);
                    for ((dgate, dup), ((&gate, &up), &dy)) in gradients.zip(gate.iter().zip(up).zip(dy)) {
                        let share = sigmoid(gate);
                        let silu = gate * share;
                        *dup = dy * silu;
                        *dgate = dy * up * (share + silu * (T::one() - share));
                    }
                },
            );
        });
        Ok(())
    }
}
