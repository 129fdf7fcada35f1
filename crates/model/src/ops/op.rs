//! From a kernel over slices to a candle operation with a backward pass.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Storage, Tensor, bail};

use super::real::Real;

/// A differentiable function of one tensor, written over contiguous slices.
pub(super) trait Kernel1: Send + Sync + 'static {
    const NAME: &'static str;
    fn shape(&self, x: &Shape) -> Result<Shape>;
    fn forward<T: Real>(&self, x: &[T], y: &mut [T]) -> Result<()>;
    /// Fills `dx` from the argument, the result and the result's gradient.
    fn backward<T: Real>(&self, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) -> Result<()>;
}

/// Makes a [`Kernel1`] an operation of candle's graph.
pub(super) struct Op1<K>(pub(super) K);

impl<K: Kernel1> Op1<K> {
    fn forward<T: Real>(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let shape = self.0.shape(layout.shape())?;
        let mut y = vec![T::zero(); shape.elem_count()];
        self.0.forward(slice::<T>(x, layout)?, &mut y)?;
        Ok((T::to_cpu_storage_owned(y), shape))
    }

    fn backward<T: Real>(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        with_slice(x, |x_slice: &[T]| {
            with_slice(y, |y_slice| {
                with_slice(dy, |dy| {
                    let mut dx = vec![T::zero(); x_slice.len()];
                    self.0.backward(x_slice, y_slice, dy, &mut dx)?;
                    Tensor::from_vec(dx, x.shape(), x.device())
                })
            })
        })
    }
}

impl<K: Kernel1> CustomOp1 for Op1<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        match x {
            CpuStorage::F32(_) => self.forward::<f32>(x, layout),
            CpuStorage::F64(_) => self.forward::<f64>(x, layout),
            _ => bail!("{} is for f32 and f64", K::NAME),
        }
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dy = dy.contiguous()?;
        Ok(Some(match x.dtype() {
            DType::F64 => self.backward::<f64>(x, y, &dy)?,
            _ => self.backward::<f32>(x, y, &dy)?,
        }))
    }
}

/// The elements of a contiguous tensor in the CPU's memory.
fn slice<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&T::cpu_storage_as_slice(storage)?[start..end]),
        None => bail!("operation on a tensor that is not contiguous: {layout:?}"),
    }
}

/// Lends the elements of `tensor` to `work`.
fn with_slice<T: Real, R>(tensor: &Tensor, work: impl FnOnce(&[T]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => work(slice(storage, layout)?),
        _ => bail!("operation on a tensor that is not in the CPU's memory"),
    }
}
