//! A parameter as fused operations use it.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor, bail};

use crate::buffer::Buffer;
use crate::matmul::Write;

/// The values of a parameter, and the place where its gradient is gathered.
///
/// candle hands a gradient from operation to operation by value: each use of a parameter makes a tensor of its
/// size, which is then added to the rest. Here a product's result goes straight to where the sum is kept.
#[derive(Clone)]
pub(crate) struct Weight {
    tensor: Tensor,
    slot: Option<Arc<Slot>>,
}

impl Weight {
    pub(crate) fn new(tensor: Tensor, slot: Arc<Slot>) -> Self {
        Self { tensor, slot: Some(slot) }
    }

    /// The same values, of which no gradient is wanted.
    pub(crate) fn detached(&self) -> Self {
        Self { tensor: self.tensor.detach(), slot: None }
    }

    /// The same tensor, through which gradients pass and of which none is gathered.
    ///
    /// A detached embedding would end candle's backward pass before the first block.
    pub(crate) fn frozen(&self) -> Self {
        Self { tensor: self.tensor.clone(), slot: None }
    }

    /// The values as a tensor of candle's graph.
    pub(crate) fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Whether a gradient is wanted.
    pub(crate) fn learns(&self) -> bool {
        self.slot.is_some()
    }

    /// Lends the values out.
    pub(crate) fn read<R>(&self, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
        read(&self.tensor, work)
    }

    /// Lets `work` write the gradient, or add to it, where one is wanted.
    pub(crate) fn gather(&self, work: impl FnOnce(&mut [f32], Write)) {
        if let Some(slot) = &self.slot {
            slot.write(self.tensor.elem_count(), work);
        }
    }

    /// Hands over a gradient, `factor` times which is meant. It is not copied where it is the first.
    pub(crate) fn give(&self, gradient: Buffer, factor: f32) {
        if let Some(slot) = &self.slot {
            slot.give(gradient, factor);
        }
    }
}

/// Lends out the numbers of a contiguous f32 tensor on the CPU.
pub(crate) fn read<R>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => Ok(work(&values[start..end])),
        _ => bail!("fused operations are for contiguous f32 tensors in the CPU's memory"),
    }
}

/// Whether fused operations can work on the tensor.
pub(crate) fn is_fusible(tensor: &Tensor) -> bool {
    tensor.dtype() == DType::F32 && matches!(tensor.device(), Device::Cpu)
}

/// A gradient under way; empty until something is added.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Buffer>>);

impl Slot {
    fn write(&self, length: usize, work: impl FnOnce(&mut [f32], Write)) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *slot {
            Some(sum) => work(sum, Write::Add),
            None => work(slot.insert(Buffer::new(length)), Write::Set),
        }
    }

    fn give(&self, mut gradient: Buffer, factor: f32) {
        if factor != 1.0 {
            gradient.iter_mut().for_each(|x| *x *= factor);
        }
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *slot {
            Some(sum) => sum.iter_mut().zip(&*gradient).for_each(|(sum, &value)| *sum += value),
            None => *slot = Some(gradient),
        }
    }

    /// Adds a gradient that came another way.
    pub(crate) fn add(&self, gradient: &[f32]) {
        self.write(gradient.len(), |sum, write| match write {
            Write::Set => sum.copy_from_slice(gradient),
            Write::Add => sum.iter_mut().zip(gradient).for_each(|(sum, &value)| *sum += value),
        });
    }

    /// What was gathered, if anything was.
    pub(crate) fn take(&self) -> Option<Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
