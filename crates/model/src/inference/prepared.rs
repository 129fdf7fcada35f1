//! Weights packed once, for products with few rows: packing them each time would cost more than the product.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Result, Tensor};

use crate::architecture::{Block, Parts};
use crate::layers::{Head, Linear};
use crate::matmul::{Matrix, Packed, Target, Write, block, multiply_packed};
use crate::weight::read;

/// The weights of a decoder, packed.
pub(crate) struct Prepared {
    pub(crate) blocks: Vec<PreparedBlock>,
    head: Packed,
}

pub(crate) struct PreparedBlock {
    pub(crate) projections: PreparedLinear,
    pub(crate) output: PreparedLinear,
    pub(crate) up: PreparedLinear,
    pub(crate) down: PreparedLinear,
}

/// One map, or several with the same argument, side by side.
pub(crate) struct PreparedLinear {
    parts: Vec<(Packed, Option<Vec<f32>>)>,
    inputs: usize,
    pub(crate) outputs: usize,
}

impl Prepared {
    fn new(parts: &Parts) -> Result<Self> {
        let block = |block: &Block| {
            Ok(PreparedBlock {
                projections: PreparedLinear::new(&block.attention.projections)?,
                output: PreparedLinear::new(std::slice::from_ref(&block.attention.output))?,
                up: PreparedLinear::new(&block.mlp.up)?,
                down: PreparedLinear::new(std::slice::from_ref(&block.mlp.down))?,
            })
        };
        let head = &parts.head;
        Ok(Self {
            blocks: parts.blocks.iter().map(block).collect::<Result<_>>()?,
            head: head.weight.read(|weight| pack(Matrix::new(weight, head.width).t(), head.width))?,
        })
    }

    /// Scores `[.., V]` of hidden states `[.., D]`.
    pub(crate) fn logits(&self, head: &Head, hidden: &Tensor) -> crate::Result<Tensor> {
        let mut dims = hidden.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = head.vocabulary;
        }
        let mut scores = vec![0.0; hidden.elem_count() / head.width * head.vocabulary];
        read(&hidden.contiguous()?, |hidden| {
            let target = Target::new(&mut scores, head.vocabulary, Write::Set);
            multiply_packed(Matrix::new(hidden, head.width), &self.head, target);
        })?;
        head.cap(&mut scores);
        Ok(Tensor::from_vec(scores, dims, hidden.device())?)
    }
}

fn pack(matrix: Matrix<'_>, inner: usize) -> Packed {
    Packed::new(matrix, block(inner))
}

impl PreparedLinear {
    fn new(maps: &[Linear]) -> Result<Self> {
        let part = |map: &Linear| {
            let packed = map.weight.read(|weight| pack(map.matrix(weight), map.inputs))?;
            let bias = map.bias.as_ref().map(|bias| bias.read(<[f32]>::to_vec)).transpose()?;
            Ok((packed, bias))
        };
        Ok(Self {
            parts: maps.iter().map(part).collect::<Result<_>>()?,
            inputs: maps.first().map_or(0, |map| map.inputs),
            outputs: maps.iter().map(|map| map.outputs).sum(),
        })
    }

    /// As [`Linear::forward`], to the bit.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], write: Write) {
        let mut first_column = 0;
        for (packed, bias) in &self.parts {
            let mut write = write;
            if let Some(bias) = bias {
                for y in y.chunks_exact_mut(self.outputs) {
                    let y = &mut y[first_column..][..bias.len()];
                    match write {
                        Write::Set => y.copy_from_slice(bias),
                        Write::Add => y.iter_mut().zip(bias).for_each(|(y, &bias)| *y += bias),
                    }
                }
                write = Write::Add;
            }
            let target = Target { values: &mut *y, row_step: self.outputs, first_column, write };
            multiply_packed(Matrix::new(x, self.inputs), packed, target);
            first_column += packed.columns();
        }
    }
}

/// The packed weights of a version of the parameters, once somebody asked for them.
#[derive(Default)]
pub(crate) struct Preparation(Mutex<Option<(u64, Arc<Prepared>)>>);

impl Preparation {
    /// The weights of `version`, packed now if they are not yet.
    pub(crate) fn of(&self, version: u64, parts: &Parts) -> Result<Arc<Prepared>> {
        let mut present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, prepared)) = &*present
            && *of == version
        {
            return Ok(Arc::clone(prepared));
        }
        *present = None; // so that two are never held
        let prepared = Arc::new(Prepared::new(parts)?);
        *present = Some((version, Arc::clone(&prepared)));
        Ok(prepared)
    }

    /// The weights of `version` if they are packed.
    pub(crate) fn current(&self, version: u64) -> Option<Arc<Prepared>> {
        let present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        present.as_ref().filter(|(of, _)| *of == version).map(|(_, prepared)| Arc::clone(prepared))
    }
}
