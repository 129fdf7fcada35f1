//! Halves of blocks as single operations of candle's graph.
//!
//! An operation of candle has at most three arguments and returns a gradient for each. Here x is the only one: the
//! weights are the operation's own, and their gradients go straight to where they are gathered.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use serde::{Deserialize, Serialize};

use super::{Norm, Places};
use crate::weight::read;

/// What the backward pass computes a second time instead of keeping it (Chen et al. 2016, arXiv 1604.06174).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Norms and activations only, which cost next to nothing.
    #[default]
    Nothing,
    /// Also the inner values of feed-forward networks, the largest part of what is kept.
    FeedForward,
    /// All but the residual stream: a third more arithmetic for the least memory.
    Everything,
}

/// A function `[N, D]` to `[N, D]` that adds to its argument.
pub(crate) trait Half: Send + Sync + 'static {
    /// What the forward pass leaves for the backward pass.
    type Saved: Send;
    const NAME: &'static str;

    fn forward(&self, places: &Places, x: &[f32], y: &mut [f32]) -> Result<Self::Saved>;

    /// Fills `dx`, and gathers the gradients of weights. Without `saved` everything is computed again.
    fn backward(
        &self,
        places: &Places,
        x: &[f32],
        saved: Option<Self::Saved>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Result<()>;

    /// Whether the forward pass is to forget.
    fn recompute(&self, recompute: Recompute) -> bool;
}

/// `half(x)` as one operation; `x` `[B, T, D]`.
pub(crate) fn apply<H: Half>(
    half: &Arc<H>,
    places: &Arc<Places>,
    recompute: Recompute,
    x: &Tensor,
) -> Result<Tensor> {
    let half = Arc::clone(half);
    let keep = x.track_op() && !half.recompute(recompute);
    x.apply_op1(Fused { half, places: Arc::clone(places), keep, saved: Mutex::new(None) })
}

struct Fused<H: Half> {
    half: Arc<H>,
    places: Arc<Places>,
    keep: bool,
    saved: Mutex<Option<H::Saved>>,
}

impl<H: Half> CustomOp1 for Fused<H> {
    fn name(&self) -> &'static str {
        H::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, layout)?;
        let mut y = vec![0.0; x.len()];
        let saved = self.half.forward(&self.places, x, &mut y)?;
        if self.keep {
            *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
        }
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut dx = vec![0.0; x.elem_count()];
        let dy = dy.contiguous()?;
        read(x, |x| read(&dy, |dy| self.half.backward(&self.places, x, saved, dy, &mut dx)))???;
        Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
    }
}

/// `norm(x)` as one operation; `x` `[.., D]`.
pub(crate) fn apply_norm(norm: &Norm, x: &Tensor) -> Result<Tensor> {
    x.apply_op1(NormOp(norm.clone()))
}

struct NormOp(Norm);

impl CustomOp1 for NormOp {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, layout)?;
        let mut y = vec![0.0; x.len()];
        self.0.forward(x, &mut y)?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let mut dx = vec![0.0; x.elem_count()];
        let dy = dy.contiguous()?;
        read(x, |x| read(&dy, |dy| self.0.backward(x, dy, &mut dx)))???;
        Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
    }
}

/// The numbers of a contiguous f32 tensor.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("fused operations are for contiguous f32 tensors"),
    }
}
