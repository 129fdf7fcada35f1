//! From hidden states to scores of tokens, and to the log-probability of given ones.
//!
//! `[N, V]` scores are never held: they are made for some rows at a time, used, and forgotten.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::tanh;
use super::fused::slice;
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write, multiply};
use crate::ops::{Real, log_sum_exp, simd};
use crate::weight::{Weight, read};

/// Scores held at once, and rows that they belong to, at most.
const SCORES: usize = 1 << 24;
const ROWS: usize = 512;

/// `cap · tanh(hidden · weightᵀ / cap)`, or without the cap (Gemma Team 2024, arXiv 2408.00118, section 2).
#[derive(Clone)]
pub(crate) struct Head {
    /// `[V, D]`.
    pub(crate) weight: Weight,
    pub(crate) softcap: Option<f32>,
    pub(crate) width: usize,
    pub(crate) vocabulary: usize,
}

impl Head {
    pub(crate) fn detached(&self) -> Self {
        Self { weight: self.weight.detached(), ..self.clone() }
    }

    /// Scores `[.., V]` of hidden states `[.., D]`.
    pub(crate) fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        hidden.contiguous()?.apply_op1(Logits(self.clone()))
    }

    /// Log-probabilities `[N]` of `targets` after hidden states `[N, D]`.
    pub(crate) fn log_probs(&self, hidden: &Tensor, targets: &[u32]) -> Result<Tensor> {
        let sums = Mutex::default();
        hidden.contiguous()?.apply_op1(LogProbs { head: self.clone(), targets: targets.into(), sums })
    }

    /// `−Σ weights · log p(targets)`, a scalar. Its gradient is made on the way, while the scores are there.
    pub(crate) fn cross_entropy(&self, hidden: &Tensor, targets: &[u32], weights: &[f32]) -> Result<Tensor> {
        let learns = hidden.track_op();
        let (head, targets, weights) = (self.clone(), targets.into(), weights.into());
        let gradients = Mutex::new(None);
        hidden.contiguous()?.apply_op1(CrossEntropy { head, targets, weights, learns, gradients })
    }

    /// Fills `scores` `[n, V]` for some rows of hidden states.
    pub(crate) fn scores(&self, weight: &[f32], hidden: &[f32], scores: &mut [f32]) {
        let weight = Matrix::new(weight, self.width).t();
        multiply(Matrix::new(hidden, self.width), weight, Target::new(scores, self.vocabulary, Write::Set));
        self.cap(scores);
    }

    /// Bounds scores.
    pub(crate) fn cap(&self, scores: &mut [f32]) {
        let Some(cap) = self.softcap else { return };
        scores.par_chunks_mut(self.vocabulary).for_each(|scores| {
            simd(
                #[inline(always)]
                || scores.iter_mut().for_each(|score| *score = cap * tanh(*score / cap)),
            );
        });
    }

    /// Turns gradients of capped scores into those of raw ones.
    #[inline(always)]
    fn uncap(&self, capped: f32, gradient: f32) -> f32 {
        match self.softcap {
            Some(cap) => gradient * (1.0 - (capped / cap) * (capped / cap)),
            None => gradient,
        }
    }

    /// Rows whose scores are held at once, when there are `rows`.
    fn chunk(&self, rows: usize) -> usize {
        let most = ROWS.min(SCORES / self.vocabulary).max(16);
        rows.div_ceil(rows.div_ceil(most).max(1)).max(1)
    }

    /// Shows `visit` the scores of a chunk of rows after another, with the number of the first.
    fn in_chunks(
        &self,
        hidden: &[f32],
        mut visit: impl FnMut(usize, &[f32], &mut [f32], &[f32]),
    ) -> Result<()> {
        let rows = hidden.len() / self.width;
        let chunk = self.chunk(rows);
        let mut scores = Buffer::new(chunk.min(rows) * self.vocabulary);
        self.weight.read(|weight| {
            for (at, hidden) in hidden.chunks(chunk * self.width).enumerate() {
                let scores = &mut scores[..hidden.len() / self.width * self.vocabulary];
                self.scores(weight, hidden, scores);
                visit(at * chunk, hidden, scores, weight);
            }
        })
    }
}

struct Logits(Head);

impl CustomOp1 for Logits {
    fn name(&self) -> &'static str {
        "logits"
    }

    fn cpu_fwd(&self, hidden: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let hidden = slice(hidden, layout)?;
        let mut dims = layout.dims().to_vec();
        if let Some(last) = dims.last_mut() {
            *last = self.0.vocabulary;
        }
        let mut scores = vec![0.0; hidden.len() / self.0.width * self.0.vocabulary];
        self.0.weight.read(|weight| self.0.scores(weight, hidden, &mut scores))?;
        Ok((CpuStorage::F32(scores), dims.into()))
    }

    fn bwd(&self, hidden: &Tensor, scores: &Tensor, dscores: &Tensor) -> Result<Option<Tensor>> {
        let head = &self.0;
        let mut d = Buffer::new(scores.elem_count());
        read(&dscores.contiguous()?, |from| d.copy_from_slice(from))?;
        read(scores, |scores| {
            for (d, &score) in d.iter_mut().zip(scores) {
                *d = head.uncap(score, *d);
            }
        })?;
        let mut dhidden = vec![0.0; hidden.elem_count()];
        let d = Matrix::new(&d, head.vocabulary);
        read(hidden, |hidden| {
            head.weight.gather(|sum, write| {
                multiply(d.t(), Matrix::new(hidden, head.width), Target::new(sum, head.width, write));
            });
        })?;
        head.weight.read(|weight| {
            multiply(d, Matrix::new(weight, head.width), Target::new(&mut dhidden, head.width, Write::Set));
        })?;
        Ok(Some(Tensor::from_vec(dhidden, hidden.shape(), hidden.device())?))
    }
}

struct LogProbs {
    head: Head,
    targets: Vec<u32>,
    /// log Σ exp of each row's scores.
    sums: Mutex<Vec<f32>>,
}

impl CustomOp1 for LogProbs {
    fn name(&self) -> &'static str {
        "log-probs"
    }

    fn cpu_fwd(&self, hidden: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let vocabulary = self.head.vocabulary;
        let mut values = vec![0.0; self.targets.len()];
        let mut sums = vec![0.0; self.targets.len()];
        self.head.in_chunks(slice(hidden, layout)?, |first, _, scores, _| {
            let results = values[first..].par_iter_mut().zip(&mut sums[first..]).zip(&self.targets[first..]);
            results.zip(scores.par_chunks_exact(vocabulary)).for_each(|(((value, sum), &target), scores)| {
                *sum = log_sum_exp(scores);
                *value = scores[target as usize] - *sum;
            });
        })?;
        *self.sums.lock().unwrap_or_else(PoisonError::into_inner) = sums;
        Ok((CpuStorage::F32(values), self.targets.len().into()))
    }

    /// Scores are made a second time: a quarter more work in the head.
    fn bwd(&self, hidden: &Tensor, _: &Tensor, dvalues: &Tensor) -> Result<Option<Tensor>> {
        let head = &self.head;
        let mut dhidden = vec![0.0; hidden.elem_count()];
        let dvalues: Vec<f32> = dvalues.contiguous()?.to_vec1()?;
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        read(hidden, |hidden| {
            head.in_chunks(hidden, |first, hidden, scores, weight| {
                let rows = scores.par_chunks_exact_mut(head.vocabulary).enumerate();
                rows.for_each(|(at, scores)| {
                    let n = first + at;
                    score_gradients(head, scores, self.targets[n], sums[n], -dvalues[n]);
                });
                gather(head, scores, hidden, weight, &mut dhidden[first * head.width..]);
            })
        })??;
        Ok(Some(Tensor::from_vec(dhidden, hidden.shape(), hidden.device())?))
    }
}

/// Turns the scores of a row into the gradient of `−weight · log p(target)`: weight · (p − onehot), before the cap.
fn score_gradients(head: &Head, scores: &mut [f32], target: u32, sum: f32, weight: f32) {
    let target = target as usize;
    let own = head.uncap(scores[target], weight);
    simd(
        #[inline(always)]
        || {
            for score in &mut *scores {
                *score = head.uncap(*score, weight * Real::exp(*score - sum));
            }
        },
    );
    scores[target] -= own;
}

/// `dhidden = d · W` for a chunk of rows, and `dW (+)= dᵀ · hidden`.
fn gather(head: &Head, d: &[f32], hidden: &[f32], weight: &[f32], dhidden: &mut [f32]) {
    let (d, width) = (Matrix::new(d, head.vocabulary), head.width);
    multiply(d, Matrix::new(weight, width), Target::new(&mut dhidden[..hidden.len()], width, Write::Set));
    head.weight.gather(|sum, write| {
        multiply(d.t(), Matrix::new(hidden, width), Target::new(sum, width, write));
    });
}

struct CrossEntropy {
    head: Head,
    targets: Vec<u32>,
    weights: Vec<f32>,
    learns: bool,
    /// Of hidden states `[N, D]`, and of the head's weight `[V, D]` where it learns.
    gradients: Mutex<Option<(Vec<f32>, Option<Buffer>)>>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, hidden: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (head, hidden) = (&self.head, slice(hidden, layout)?);
        let mut losses = vec![0.0; self.targets.len()];
        let mut dhidden = vec![0.0; if self.learns { hidden.len() } else { 0 }];
        let learns = self.learns && head.weight.learns();
        let mut dweight = learns.then(|| Buffer::new(head.vocabulary * head.width));
        head.in_chunks(hidden, |first, hidden, scores, weight| {
            let rows = losses[first..].par_iter_mut().zip(scores.par_chunks_exact_mut(head.vocabulary));
            rows.enumerate().for_each(|(at, (loss, scores))| {
                let (target, weight) = (self.targets[first + at], self.weights[first + at]);
                let sum = log_sum_exp(scores);
                *loss = weight * (sum - scores[target as usize]);
                if self.learns {
                    score_gradients(head, scores, target, sum, weight);
                }
            });
            if self.learns {
                let (d, width) = (Matrix::new(scores, head.vocabulary), head.width);
                let target = Target::new(&mut dhidden[first * width..][..hidden.len()], width, Write::Set);
                multiply(d, Matrix::new(weight, width), target);
                if let Some(dweight) = &mut dweight {
                    let write = if first == 0 { Write::Set } else { Write::Add };
                    multiply(d.t(), Matrix::new(hidden, width), Target::new(dweight, width, write));
                }
            }
        })?;
        if self.learns {
            let gradients = Some((dhidden, dweight));
            *self.gradients.lock().unwrap_or_else(PoisonError::into_inner) = gradients;
        }
        let sum: f64 = losses.iter().map(|&loss| f64::from(loss)).sum();
        Ok((CpuStorage::F32(vec![sum as f32]), Shape::from(())))
    }

    fn bwd(&self, hidden: &Tensor, _: &Tensor, dsum: &Tensor) -> Result<Option<Tensor>> {
        let factor: f32 = dsum.to_scalar()?;
        let gradients = self.gradients.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((mut dhidden, dweight)) = gradients else { return Ok(None) };
        if factor != 1.0 {
            for x in &mut dhidden {
                *x *= factor;
            }
        }
        if let Some(dweight) = dweight {
            self.head.weight.give(dweight, factor);
        }
        Ok(Some(Tensor::from_vec(dhidden, hidden.shape(), hidden.device())?))
    }
}
