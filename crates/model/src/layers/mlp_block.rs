//! The other half of a block: a feed-forward network on the normalised residual stream, added to it.

use candle_core::Result;

use super::fused::{Half, Recompute};
use super::linear::{backward_all, forward_all};
use super::{Activation, Linear, Norm, Places};
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write};

/// `x + down(activation(up(norm(x))))`.
#[derive(Clone)]
pub(crate) struct MlpBlock {
    pub(crate) norm: Norm,
    /// One map, or gate and up.
    pub(crate) up: Vec<Linear>,
    pub(crate) activation: Activation,
    pub(crate) down: Linear,
}

impl MlpBlock {
    pub(crate) fn detached(&self) -> Self {
        Self {
            norm: self.norm.detached(),
            up: self.up.iter().map(Linear::detached).collect(),
            activation: self.activation,
            down: self.down.detached(),
        }
    }

    fn activated(&self, u: &[f32]) -> Buffer {
        let mut h = Buffer::new(u.len() / self.activation.inputs());
        self.activation.forward(u, &mut h, self.down.inputs);
        h
    }
}

impl Half for MlpBlock {
    /// Inner values `[N, U]`; what follows from them costs little to compute again.
    type Saved = Buffer;
    const NAME: &'static str = "mlp-block";

    fn forward(&self, _: &Places, x: &[f32], y: &mut [f32]) -> Result<Buffer> {
        let u = forward_all(&self.up, &self.norm.applied(x)?, self.norm.width)?;
        let h = self.activated(&u);
        y.copy_from_slice(x);
        self.down.forward(Matrix::new(&h, self.down.inputs), Target::new(y, self.norm.width, Write::Add))?;
        Ok(u)
    }

    fn backward(
        &self,
        _: &Places,
        x: &[f32],
        saved: Option<Buffer>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Result<()> {
        let (width, hidden) = (self.norm.width, self.down.inputs);
        let n = self.norm.applied(x)?;
        let mut u = match saved {
            Some(u) => u,
            None => forward_all(&self.up, &n, width)?,
        };
        let h = self.activated(&u);
        let mut dh = Buffer::new(h.len());
        self.down.backward(
            Matrix::new(&h, hidden),
            Matrix::new(dy, width),
            Target::new(&mut dh, hidden, Write::Set),
        )?;
        drop(h);
        self.activation.backward(&mut u, &dh, hidden);
        drop(dh);
        let dn = backward_all(&self.up, &n, width, &u)?;
        dx.copy_from_slice(dy);
        self.norm.backward(x, &dn, dx)
    }

    fn recompute(&self, recompute: Recompute) -> bool {
        recompute != Recompute::Nothing
    }
}
