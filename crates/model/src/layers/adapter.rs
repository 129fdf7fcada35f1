//! A correction of low rank to a map that stays as it is (Hu et al. 2021, "LoRA", arXiv 2106.09685, section 4.1).

use candle_core::Result;

use super::Linear;
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write};

/// `y += scale · up(down(x))`, where `down` leads to few numbers, and `up` from them.
pub(crate) struct Adapter {
    pub(crate) down: Linear,
    pub(crate) up: Linear,
    pub(crate) scale: f32,
}

impl Adapter {
    pub(crate) fn detached(&self) -> Self {
        Self { down: self.down.detached(), up: self.up.detached(), scale: self.scale }
    }

    fn rank(&self) -> usize {
        self.down.outputs
    }

    /// `scale · down(x)`, `[N, rank]`.
    fn inner(&self, x: Matrix<'_>) -> Result<Buffer> {
        let mut inner = Buffer::new(x.rows() * self.rank());
        self.down.forward(x, Target::new(&mut inner, self.rank(), Write::Set))?;
        inner.iter_mut().for_each(|value| *value *= self.scale);
        Ok(inner)
    }

    /// Adds the correction for `x` `[N, inputs]` to `y`.
    pub(crate) fn forward(&self, x: Matrix<'_>, y: Target<'_>) -> Result<()> {
        self.up.forward(Matrix::new(&self.inner(x)?, self.rank()), y)
    }

    /// Gathers the gradients of both maps, and adds that of `x`, from `dy` `[N, outputs]`.
    pub(crate) fn backward(&self, x: Matrix<'_>, dy: Matrix<'_>, dx: Target<'_>) -> Result<()> {
        let inner = self.inner(x)?;
        let mut dinner = Buffer::new(inner.len());
        let target = Target::new(&mut dinner, self.rank(), Write::Set);
        self.up.backward(Matrix::new(&inner, self.rank()), dy, target)?;
        dinner.iter_mut().for_each(|value| *value *= self.scale);
        self.down.backward(x, Matrix::new(&dinner, self.rank()), dx)
    }
}
