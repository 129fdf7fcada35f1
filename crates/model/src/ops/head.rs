//! A linear head and the log-probabilities of given tokens in one, a chunk of positions at a time.

use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Storage, Tensor, bail};

use super::log_probs::log_probs;
use crate::Result;

/// Positions whose logits are held at once.
const CHUNK: usize = 512;

/// [`log_probs`] of logits `hidden · weightᵀ`, for `hidden` `[N, D]` and `weight` `[V, D]`.
///
/// Never holds `[N, V]`: the backward pass computes each chunk's logits a second time, a quarter more work
/// in the head for a memory that does not grow with the batch.
pub fn head_log_probs(hidden: &Tensor, weight: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let (rows, _) = hidden.dims2()?;
    if rows != targets.len() || rows == 0 {
        let expected = format!("{} rows, more than none", targets.len());
        return Err(crate::Error::Input { what: "hidden states", expected, got: format!("{rows}") });
    }
    let (hidden, weight) = (hidden.contiguous()?, weight.contiguous()?);
    let (frozen, transposed) = (hidden.detach(), weight.detach().t()?);
    let value = targets.chunks(CHUNK).enumerate().map(|(at, targets)| {
        let chunk = frozen.narrow(0, at * CHUNK, targets.len())?;
        log_probs(&chunk.matmul(&transposed)?, targets)
    });
    let value = Tensor::cat(&value.collect::<Result<Vec<_>>>()?, 0)?;
    Ok(hidden.apply_op2(&weight, HeadLogProbs { value, targets: targets.into() })?)
}

struct HeadLogProbs {
    /// The result, computed before candle asks for it: an operation's forward sees bytes, not tensors.
    value: Tensor,
    targets: Vec<u32>,
}

impl HeadLogProbs {
    fn backward(&self, hidden: &Tensor, weight: &Tensor, gradient: &Tensor) -> Result<(Tensor, Tensor)> {
        let (hidden, weight) = (hidden.detach(), weight.detach());
        let mut hidden_gradient = Vec::new();
        let mut weight_gradient: Option<Tensor> = None;
        for (at, targets) in self.targets.chunks(CHUNK).enumerate() {
            let rows = hidden.narrow(0, at * CHUNK, targets.len())?;
            // a variable of its own, so that candle's backward stops at the logits
            let logits = candle_core::Var::from_tensor(&rows.matmul(&weight.t()?)?)?;
            let weighted = (log_probs(&logits, targets)? * gradient.narrow(0, at * CHUNK, targets.len())?)?;
            let dlogits = weighted.sum_all()?.backward()?;
            let Some(dlogits) = dlogits.get(&logits) else {
                return Err(candle_core::Error::BackwardNotSupported { op: "head-log-probs" }.into());
            };
            hidden_gradient.push(dlogits.matmul(&weight)?);
            let share = dlogits.t()?.matmul(&rows)?;
            weight_gradient = Some(match weight_gradient {
                Some(sum) => (sum + share)?,
                None => share,
            });
        }
        let weight_gradient = weight_gradient.map_or_else(|| weight.zeros_like(), Ok)?;
        Ok((Tensor::cat(&hidden_gradient, 0)?, weight_gradient))
    }
}

impl CustomOp2 for HeadLogProbs {
    fn name(&self) -> &'static str {
        "head-log-probs"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (storage, layout) = self.value.storage_and_layout();
        match &*storage {
            Storage::Cpu(values) => Ok((values.clone(), layout.shape().clone())),
            _ => bail!("log-probabilities that are not in the CPU's memory"),
        }
    }

    fn bwd(
        &self,
        hidden: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let (hidden, weight) = self.backward(hidden, weight, gradient).map_err(candle_core::Error::wrap)?;
        Ok((Some(hidden), Some(weight)))
    }
}
