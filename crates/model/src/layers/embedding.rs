//! Rows of a matrix, by token and by position.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::fused::slice;
use super::{Places, add};
use crate::matmul::Write;
use crate::weight::{Weight, read};

/// `tokens[id]`, plus `positions[position]` where positions are learned.
#[derive(Clone)]
pub(crate) struct Embedding {
    /// `[V, D]`.
    pub(crate) tokens: Weight,
    /// `[context, D]`.
    pub(crate) positions: Option<Weight>,
    pub(crate) width: usize,
}

impl Embedding {
    pub(crate) fn detached(&self) -> Self {
        let positions = self.positions.as_ref().map(Weight::detached);
        Self { tokens: self.tokens.detached(), positions, width: self.width }
    }

    /// `[B, T, D]`, as an operation on the tokens' matrix.
    pub(crate) fn apply(&self, places: &Arc<Places>) -> Result<Tensor> {
        let operation = Lookup { embedding: self.clone(), places: Arc::clone(places) };
        self.tokens.tensor().apply_op1(operation)
    }

    /// Fills `x` `[N, D]`.
    pub(crate) fn forward(&self, tokens: &[f32], places: &Places, x: &mut [f32]) -> Result<()> {
        let width = self.width;
        let row = |matrix: &[f32], at: u32, x: &mut [f32]| {
            x.copy_from_slice(&matrix[at as usize * width..][..width]);
        };
        x.par_chunks_exact_mut(width).zip(&places.ids).for_each(|(x, &id)| row(tokens, id, x));
        if let Some(positions) = &self.positions {
            positions.read(|matrix| {
                x.par_chunks_exact_mut(width).zip(&places.positions).for_each(|(x, &position)| {
                    add(x, &matrix[position as usize * width..][..width]);
                });
            })?;
        }
        Ok(())
    }

    /// Gathers the gradients of both matrices from `dx` `[N, D]`, row after row on one thread.
    fn backward(&self, places: &Places, dx: &[f32]) {
        let gather = |weight: &Weight, rows: &[u32]| {
            weight.gather(|sum, write| {
                if write == Write::Set {
                    sum.fill(0.0);
                }
                for (dx, &row) in dx.chunks_exact(self.width).zip(rows) {
                    add(&mut sum[row as usize * self.width..][..self.width], dx);
                }
            });
        };
        gather(&self.tokens, &places.ids);
        if let Some(positions) = &self.positions {
            gather(positions, &places.positions);
        }
    }
}

struct Lookup {
    embedding: Embedding,
    places: Arc<Places>,
}

impl CustomOp1 for Lookup {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, tokens: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Places { rows, length, .. } = *self.places;
        let mut x = vec![0.0; rows * length * self.embedding.width];
        self.embedding.forward(slice(tokens, layout)?, &self.places, &mut x)?;
        Ok((CpuStorage::F32(x), (rows, length, self.embedding.width).into()))
    }

    /// Nothing for candle: the gradient of a matrix of which few rows were used goes to its place at once.
    fn bwd(&self, _: &Tensor, _: &Tensor, dx: &Tensor) -> Result<Option<Tensor>> {
        read(&dx.contiguous()?, |dx| self.embedding.backward(&self.places, dx))?;
        Ok(None)
    }
}
