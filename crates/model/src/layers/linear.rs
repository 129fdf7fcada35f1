//! `y = x W + b`, whichever way round W lies.

use std::sync::Arc;

use candle_core::Result;
use rayon::prelude::*;

use super::{Adapter, ROWS, add_column_sums};
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write, multiply};
use crate::weight::Weight;

/// Which dimension of a weight matrix comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    /// `[outputs, inputs]`, as nearly everywhere.
    OutputsFirst,
    /// `[inputs, outputs]`, as in GPT-2.
    InputsFirst,
}

/// A linear map with an optional bias.
#[derive(Clone)]
pub(crate) struct Linear {
    pub(crate) weight: Weight,
    pub(crate) bias: Option<Weight>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) layout: Layout,
    pub(crate) adapter: Option<Arc<Adapter>>,
}

impl Linear {
    pub(crate) fn detached(&self) -> Self {
        let bias = self.bias.as_ref().map(Weight::detached);
        let adapter = self.adapter.as_ref().map(|adapter| Arc::new(adapter.detached()));
        Self { weight: self.weight.detached(), bias, adapter, ..self.clone() }
    }

    /// The weight as a matrix `[inputs, outputs]`.
    pub(crate) fn matrix<'a>(&self, values: &'a [f32]) -> Matrix<'a> {
        match self.layout {
            Layout::OutputsFirst => Matrix::new(values, self.inputs).t(),
            Layout::InputsFirst => Matrix::new(values, self.outputs),
        }
    }

    /// Writes `x W + b` for `x` `[N, inputs]`, or adds it to what is there.
    pub(crate) fn forward(&self, x: Matrix<'_>, target: Target<'_>) -> Result<()> {
        let Target { values, row_step, first_column, write } = target;
        let mut write = write;
        if let Some(bias) = &self.bias {
            bias.read(|bias| {
                values.par_chunks_mut(ROWS * row_step).for_each(|rows| {
                    for row in rows.chunks_exact_mut(row_step) {
                        let row = &mut row[first_column..][..bias.len()];
                        match write {
                            Write::Set => row.copy_from_slice(bias),
                            Write::Add => row.iter_mut().zip(bias).for_each(|(y, &bias)| *y += bias),
                        }
                    }
                });
            })?;
            write = Write::Add;
        }
        self.weight.read(|weight| {
            let target = Target { values: &mut *values, row_step, first_column, write };
            multiply(x, self.matrix(weight), target);
        })?;
        match &self.adapter {
            Some(adapter) => adapter.forward(x, Target { values, row_step, first_column, write: Write::Add }),
            None => Ok(()),
        }
    }

    /// Gathers the gradients of weight and bias, and writes or adds that of `x`, from `dy` `[N, outputs]`.
    pub(crate) fn backward(&self, x: Matrix<'_>, dy: Matrix<'_>, dx: Target<'_>) -> Result<()> {
        self.weight.gather(|sum, write| match self.layout {
            Layout::OutputsFirst => multiply(dy.t(), x, Target::new(sum, self.inputs, write)),
            Layout::InputsFirst => multiply(x.t(), dy, Target::new(sum, self.outputs, write)),
        });
        if let Some(bias) = &self.bias {
            bias.gather(|sum, write| {
                if write == Write::Set {
                    sum.fill(0.0);
                }
                add_column_sums(dy, sum);
            });
        }
        let Target { values, row_step, first_column, write } = dx;
        self.weight.read(|weight| {
            let target = Target { values: &mut *values, row_step, first_column, write };
            multiply(dy, self.matrix(weight).t(), target);
        })?;
        match &self.adapter {
            Some(adapter) => {
                adapter.backward(x, dy, Target { values, row_step, first_column, write: Write::Add })
            }
            None => Ok(()),
        }
    }
}

/// The results of maps with the same argument `x` `[N, inputs]`, side by side: `[N, Σ outputs]`.
pub(super) fn forward_all(maps: &[Linear], x: &[f32], inputs: usize) -> Result<Buffer> {
    let columns = maps.iter().map(|map| map.outputs).sum();
    let mut y = Buffer::new(x.len() / inputs * columns);
    let mut first_column = 0;
    for map in maps {
        let target = Target { values: &mut y, row_step: columns, first_column, write: Write::Set };
        map.forward(Matrix::new(x, inputs), target)?;
        first_column += map.outputs;
    }
    Ok(y)
}

/// The gradient of that argument from those of the results, `dy` `[N, Σ outputs]`.
pub(super) fn backward_all(maps: &[Linear], x: &[f32], inputs: usize, dy: &[f32]) -> Result<Buffer> {
    let (rows, columns) = (x.len() / inputs, maps.iter().map(|map| map.outputs).sum());
    let mut dx = Buffer::new(x.len());
    let (mut first_column, mut write) = (0, Write::Set);
    for map in maps {
        let part = Matrix::part(&dy[first_column..], rows, map.outputs, columns);
        map.backward(Matrix::new(x, inputs), part, Target::new(&mut dx, inputs, write))?;
        first_column += map.outputs;
        write = Write::Add;
    }
    Ok(dx)
}
