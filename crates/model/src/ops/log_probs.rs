//! Log-probabilities of given tokens: the cross-entropy, before its sign and its mean.

use std::sync::Arc;

use candle_core::{D, Result, Shape, Tensor, bail};
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
    if !logits.device().is_cpu() {
        return Ok(by_candle(logits, targets)?);
    }
    Ok(logits.contiguous()?.apply_op1(Op1(LogProbs { targets: targets.into(), vocabulary }))?)
}

/// The same from candle's own operations, for devices that the kernel does not run on.
fn by_candle(logits: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(D::Minus1)?)?;
    let targets = Tensor::new(targets, logits.device())?.unsqueeze(1)?;
    shifted.gather(&targets, 1)?.squeeze(1)? - shifted.exp()?.sum(1)?.log()?
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

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor, Var};

    use super::{by_candle, log_probs};

    #[test]
    fn both_ways_have_the_same_values_and_gradients() {
        let logits = Tensor::new(&[[0.5f64, -80.0, 3.0], [700.0, 699.0, -4.0]], &Device::Cpu).unwrap();
        let (logits, targets) = (Var::from_tensor(&logits).unwrap(), [2, 1]);
        let weights = Tensor::new(&[0.25f64, -2.0], &Device::Cpu).unwrap();
        let [ours, candles] = [log_probs(&logits, &targets).unwrap(), by_candle(&logits, &targets).unwrap()]
            .map(|values| {
                let found = (&values * &weights).unwrap().sum_all().unwrap().backward().unwrap();
                let gradient = found.get(logits.as_tensor()).unwrap().flatten_all().unwrap();
                Tensor::cat(&[&values, &gradient], 0).unwrap().to_vec1::<f64>().unwrap()
            });
        for (ours, candles) in ours.iter().zip(&candles) {
            assert!((ours - candles).abs() < 1e-12, "{ours} is not {candles}");
        }
    }
}
