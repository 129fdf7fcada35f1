//! Muon (Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon>): momentum, made orthogonal.
//!
//! The gradient of a weight matrix has a few large directions that drown the rest. Muon moves along all of them
//! equally: the momentum `M = UΣVᵀ` is replaced by `UVᵀ`. That is found without a decomposition, by odd polynomials
//! of `M` that push every singular value towards 1 (Amsel et al. 2025, "The Polar Express", arXiv 2505.16932).
//!
//! Deviations: embeddings, heads and vectors move by [`AdamW`], as is usual; the step is scaled by `0.2 √max(rows,
//! columns)`, so that it is as large as AdamW's and one learning rate serves both (Liu et al. 2025, arXiv 2502.16982,
//! equation 4).

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::gradients::square_sum;
use super::group::{Pace, pace};
use super::{AdamW, AdamWSettings, Gradients, Optimizer};
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write, multiply};
use crate::{Error, Params, Result};

/// How much of the momentum stays from step to step.
const MOMENTUM: f64 = 0.95;

/// Coefficients `a, b, c` of `aX + bX³ + cX⁵`, one triple an iteration: Polar Express for singular values from 10⁻³,
/// with a margin of 2 % for rounding.
const POLAR: [[f64; 3]; 5] = [
    [8.156554524902461, -22.48329292557795, 15.878769915207462],
    [4.042929935166739, -2.808917465908714, 0.5000178451051316],
    [3.8916678022926607, -2.772484153217685, 0.5060648178503393],
    [3.285753657755655, -2.3681294933425376, 0.46449024233003106],
    [2.3465413258596377, -1.7097828382687081, 0.42323551169305323],
];

/// Muon for the weight matrices of layers, AdamW for the rest.
#[derive(Clone, Debug, Default)]
pub struct Muon {
    settings: AdamWSettings,
    rest: AdamW,
    momentum: BTreeMap<String, Vec<f32>>,
}

impl Muon {
    /// An optimizer that has not taken a step. Matrices decay by the weight decay of `settings` too.
    pub fn new(settings: AdamWSettings) -> Self {
        Self { rest: AdamW::new(settings.clone()), settings, momentum: BTreeMap::new() }
    }

    /// Moves one matrix `[rows, columns]` by its momentum.
    fn step_matrix(values: &mut [f32], columns: usize, momentum: &mut [f32], gradient: &[f32], pace: &Pace) {
        let mut ahead = Buffer::new(gradient.len());
        let (fresh, kept) = ((1.0 - MOMENTUM) as f32, MOMENTUM as f32);
        for (ahead, (momentum, &gradient)) in ahead.iter_mut().zip(momentum.iter_mut().zip(gradient)) {
            *momentum = kept * *momentum + fresh * gradient;
            // Nesterov's look ahead
            *ahead = fresh * gradient + kept * *momentum;
        }
        let rows = gradient.len() / columns;
        let step = (pace.lr * 0.2 * libm::sqrt(rows.max(columns) as f64)) as f32;
        let keep = (1.0 - pace.lr * pace.decay) as f32;
        for (x, &direction) in values.iter_mut().zip(&*orthogonal(&ahead, columns)) {
            *x = *x * keep - step * direction;
        }
    }
}

/// Whether Muon moves the parameter: a matrix inside a layer.
fn is_hidden_matrix(name: &str, rank: usize) -> bool {
    rank == 2 && (name.contains(".layers.") || name.contains(".h."))
}

/// The orthogonal factor `UVᵀ` of a matrix `UΣVᵀ`, its singular values near 1 instead of at it.
fn orthogonal(matrix: &[f32], columns: usize) -> Buffer {
    let rows = matrix.len() / columns;
    // the product with the smaller side costs less
    if rows > columns {
        let turned = transposed(matrix, columns);
        return transposed(&polar(turned, columns, rows), rows);
    }
    let mut copy = Buffer::new(matrix.len());
    copy.copy_from_slice(matrix);
    polar(copy, rows, columns)
}

/// The iterations `X ← aX + (bA + cA²)X` with `A = XXᵀ` for a matrix that is not tall.
fn polar(mut x: Buffer, rows: usize, columns: usize) -> Buffer {
    let length = square_sum(&x).sqrt();
    let scale = (1.0 / (length * 1.02 + 1e-6)) as f32;
    x.iter_mut().for_each(|x| *x *= scale);
    let (mut square, mut inner) = (Buffer::new(rows * rows), Buffer::new(rows * rows));
    for [a, b, c] in POLAR {
        let (a, b, c) = (a as f32, b as f32, c as f32);
        let wide = Matrix::new(&x, columns);
        multiply(wide, wide.t(), Target::new(&mut square, rows, Write::Set));
        let small = Matrix::new(&square, rows);
        multiply(small, small, Target::new(&mut inner, rows, Write::Set));
        inner.iter_mut().zip(&*square).for_each(|(inner, &square)| *inner = b * square + c * *inner);
        let mut next = Buffer::new(x.len());
        multiply(Matrix::new(&inner, rows), wide, Target::new(&mut next, columns, Write::Set));
        next.iter_mut().zip(&*x).for_each(|(next, &x)| *next += a * x);
        x = next;
    }
    x
}

fn transposed(matrix: &[f32], columns: usize) -> Buffer {
    let rows = matrix.len() / columns;
    let mut turned = Buffer::new(matrix.len());
    for (column, turned) in turned.chunks_exact_mut(rows).enumerate() {
        for (row, value) in turned.iter_mut().enumerate() {
            *value = matrix[row * columns + column];
        }
    }
    turned
}

impl Optimizer for Muon {
    fn step(&mut self, params: &Params, gradients: &Gradients, lr: f64) -> Result<()> {
        let Self { settings, rest, momentum } = self;
        let vars = params.vars();
        for (name, var) in vars.iter().filter(|(name, var)| is_hidden_matrix(name, var.rank())) {
            let of = momentum.entry(name.clone()).or_insert_with(|| vec![0.0; var.elem_count()]);
            if of.len() != var.elem_count() {
                let (expected, got) = (format!("{} numbers", var.elem_count()), of.len().to_string());
                return Err(Error::Parameter { name: format!("momentum.{name}"), expected, got });
            }
        }
        // a matrix a task: products this small gain nothing from being shared out
        let with_gradient = momentum
            .par_iter_mut()
            .filter_map(|(name, momentum)| Some((name, momentum, gradients.get(name)?)));
        with_gradient.try_for_each(|(name, momentum, gradient)| {
            let columns = vars[name].dim(1)?;
            let pace = pace(&settings.groups, name, 2, lr, settings.weight_decay);
            params.update(name, |values| Self::step_matrix(values, columns, momentum, gradient, &pace))
        })?;
        let others = vars.iter().filter(|(name, var)| !is_hidden_matrix(name, var.rank()));
        rest.step_some(params, others.map(|(name, var)| (name.as_str(), var.rank())), gradients, lr)?;
        params.touch();
        Ok(())
    }

    fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = self.rest.state()?;
        for (name, momentum) in &self.momentum {
            let tensor = Tensor::from_slice(momentum, momentum.len(), &Device::Cpu)?;
            state.insert(format!("momentum.{name}"), tensor);
        }
        Ok(state)
    }

    fn load(&mut self, state: BTreeMap<String, Tensor>) -> Result<()> {
        let mut rest = BTreeMap::new();
        let mut momentum = BTreeMap::new();
        for (name, tensor) in state {
            match name.strip_prefix("momentum.") {
                Some(of) => drop(momentum.insert(of.to_owned(), tensor.flatten_all()?.to_vec1()?)),
                None => drop(rest.insert(name, tensor)),
            }
        }
        self.rest.load(rest)?;
        self.momentum = momentum;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{orthogonal, transposed};
    use crate::Random;

    /// Whatever the shape, rows (or columns, of tall ones) come out nearly of length 1 and at right angles.
    #[test]
    fn the_orthogonal_factor_is_orthogonal_and_keeps_its_direction() {
        for (rows, columns) in [(8, 8), (24, 64), (64, 24)] {
            let mut random = Random::new(7, &format!("{rows} x {columns}"));
            let matrix: Vec<f32> = (0..rows * columns).map(|_| random.normals()[0] as f32).collect();
            let factor = orthogonal(&matrix, columns);
            let length = rows.max(columns);
            let small = if rows > columns { transposed(&factor, columns) } else { factor.clone() };
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            for (i, row) in small.chunks_exact(length).enumerate() {
                for (j, other) in small.chunks_exact(length).enumerate() {
                    let (value, expected) = (dot(row, other), if i == j { 1.0 } else { 0.0 });
                    assert!((value - expected).abs() < 0.3, "{rows} x {columns}: {value} at {i}, {j}");
                }
            }
            assert!(dot(&factor, &matrix) > 0.0, "a step along the factor goes along the gradient");
        }
    }
}
