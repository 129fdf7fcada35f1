//! Gradients by parameter name, summed and measured in that order.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, InplaceOp1, Layout, Storage, Tensor, bail};

use crate::ops::{simd, sum_by};
use crate::{Params, Result};

/// Gradients of parameters, in the order of their names.
#[derive(Default)]
pub struct Gradients(BTreeMap<String, Tensor>);

impl Gradients {
    /// The gradient of a parameter, or `None` where the loss does not depend on it.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name)
    }

    /// All gradients, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, gradient)| (name.as_str(), gradient))
    }

    /// Adds what a backward pass found.
    pub fn add(&mut self, params: &Params, found: &GradStore) -> Result<()> {
        for (name, var) in params.vars() {
            let Some(gradient) = found.get(var.as_tensor()) else { continue };
            let sum = match self.0.get(&name) {
                Some(sum) => (sum + gradient)?,
                None => gradient.contiguous()?,
            };
            self.0.insert(name, sum);
        }
        Ok(())
    }

    /// Multiplies every gradient by `factor`.
    pub fn scale(&mut self, factor: f64) -> Result<()> {
        self.0.values().try_for_each(|gradient| gradient.inplace_op1(&Scale(factor)))?;
        Ok(())
    }

    /// The root of the sum of all squares. Within a tensor and then over tensors, in a fixed order.
    pub fn norm(&self) -> Result<f64> {
        let mut squares = 0.0;
        for gradient in self.0.values() {
            squares += square_sum(gradient)?;
        }
        Ok(libm::sqrt(squares))
    }

    /// The first parameter whose gradient has an infinite or undefined component, with its norm.
    pub fn first_non_finite(&self) -> Result<Option<(&str, f64)>> {
        for (name, gradient) in &self.0 {
            let squares = square_sum(gradient)?;
            if !squares.is_finite() {
                return Ok(Some((name, squares)));
            }
        }
        Ok(None)
    }
}

/// Σ gᵢ²: f32 within blocks of 4,096, f64 over blocks.
fn square_sum(gradient: &Tensor) -> Result<f64> {
    let (storage, layout) = gradient.storage_and_layout();
    let block_sums: f64 = match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => {
            let blocks = values[start..end].chunks(4096);
            blocks.map(|block| f64::from(simd(|| sum_by(block, block, |x, y| x * y)))).sum()
        }
        (Storage::Cpu(CpuStorage::F64(values)), Some((start, end))) => {
            values[start..end].iter().map(|x| x * x).sum()
        }
        _ => f64::from(gradient.sqr()?.sum_all()?.to_dtype(candle_core::DType::F32)?.to_scalar::<f32>()?),
    };
    Ok(block_sums)
}

struct Scale(f64);

impl InplaceOp1 for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let Some((start, end)) = layout.contiguous_offsets() else { bail!("a gradient with gaps") };
        match storage {
            CpuStorage::F32(values) => values[start..end].iter_mut().for_each(|x| *x *= self.0 as f32),
            CpuStorage::F64(values) => values[start..end].iter_mut().for_each(|x| *x *= self.0),
            _ => bail!("gradients are f32 or f64"),
        }
        Ok(())
    }
}
