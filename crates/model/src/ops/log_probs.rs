//! Log-probabilities of given tokens: the cross-entropy, before its sign and its mean.

use std::sync::Arc;

use candle_core::{Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::lanes::{log_sum_exp, simd};
use super::op::{Kernel1, Op1};
use super::real::Real;

/// `log softmax(logits)[targets]`: `[N]` from logits `[N, V]`.
pub fn log_probs(logits: &Tensor, targets: &[u32]) -> crate::Result<Tensor> {
    let (rows, vocabulary) = logits.dims2()?;
    if rows != targets.len() {
        let got = format!("{rows} rows of logits");
        return Err(crate::Error::Input {
            what: "targets",
            expected: format!("{} rows", targets.len()),
            got,
        });
    }
    if let Some(&id) = targets.iter().find(|&&id| id as usize >= vocabulary) {
        return Err(crate::Error::Id { id, vocabulary });
    }
    Ok(logits.contiguous()?.apply_op1(Op1(LogProbs { targets: targets.into(), vocabulary }))?)
}

struct LogProbs {
    targets: Arc<[u32]>,
    vocabulary: usize,
}

impl Kernel1 for LogProbs {
    const NAME: &'static str = "log-probs";

    fn shape(&self, logits: &Shape) -> Result<Shape> {
        if logits.dims().last() != Some(&self.vocabulary) {
            bail!("logits {:?} for a vocabulary of {}", logits.dims(), self.vocabulary);
        }
        Ok(self.targets.len().into())
    }

    fn forward<T: Real>(&self, logits: &[T], y: &mut [T]) -> Result<()> {
        let rows = logits.par_chunks_exact(self.vocabulary).zip(&self.targets[..]);
        y.par_iter_mut().zip(rows).with_min_len(8).for_each(|(y, (logits, &target))| {
            *y = logits[target as usize] - log_sum_exp(logits);
        });
        Ok(())
    }

    /// dlogits = dy · (onehot(target) − softmax(logits)).
    fn backward<T: Real>(&self, logits: &[T], y: &[T], dy: &[T], dlogits: &mut [T]) -> Result<()> {
        let rows = logits.par_chunks_exact(self.vocabulary).zip(&self.targets[..]);
        let gradients = dlogits.par_chunks_exact_mut(self.vocabulary).zip(y.par_iter().zip(dy));
        gradients.zip(rows).with_min_len(8).for_each(|((dlogits, (&y, &dy)), (logits, &target))| {
            let log_sum_exp = logits[target as usize] - y;
            simd(
                #[inline(always)]
                || {
                    for (dlogit, &logit) in dlogits.iter_mut().zip(logits) {
                        *dlogit = -(dy * (logit - log_sum_exp).exp());
                    }
                },
            );
            dlogits[target as usize] += dy;
        });
        Ok(())
    }
}
