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

use candle_core::{Tensor, Var};
use rayon::prelude::*;

use super::{AdamW, AdamWSettings, Gradients, Optimizer};
use crate::{Params, Result};

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
    momentum: BTreeMap<String, Tensor>,
}

impl Muon {
    /// An optimizer that has not taken a step. Matrices decay by the weight decay of `settings` too.
    pub fn new(settings: AdamWSettings) -> Self {
        Self { rest: AdamW::new(settings.clone()), settings, momentum: BTreeMap::new() }
    }

    /// The new momentum of one matrix, which moves by it.
    fn step_matrix(&self, name: &str, var: &Var, gradient: &Tensor, lr: f64) -> Result<Tensor> {
        let fresh = (gradient * (1.0 - MOMENTUM))?;
        let momentum = match self.momentum.get(name) {
            Some(before) => ((before * MOMENTUM)? + &fresh)?,
            None => fresh.clone(),
        };
        // Nesterov's look ahead
        let ahead = (fresh + (&momentum * MOMENTUM)?)?;
        let (rows, columns) = var.dims2()?;
        let size = 0.2 * libm::sqrt(rows.max(columns) as f64);
        let kept = (var.as_tensor().detach() * (1.0 - lr * self.settings.weight_decay))?;
        var.set(&(kept - (orthogonal(&ahead)? * (lr * size))?)?)?;
        Ok(momentum)
    }
}

/// Whether Muon moves the parameter: a matrix inside a layer.
fn is_hidden_matrix(name: &str, var: &Var) -> bool {
    var.rank() == 2 && name.contains("layers.")
}

/// The orthogonal factor `UVᵀ` of a matrix `UΣVᵀ`, its singular values near 1 instead of at it.
fn orthogonal(matrix: &Tensor) -> Result<Tensor> {
    let (rows, columns) = matrix.dims2()?;
    // the product with the smaller side costs less
    let wide = if rows > columns { matrix.t()?.contiguous()? } else { matrix.clone() };
    let length =
        libm::sqrt(f64::from(wide.sqr()?.sum_all()?.to_dtype(candle_core::DType::F32)?.to_scalar::<f32>()?));
    let mut x = (wide * (1.0 / (length * 1.02 + 1e-6)))?;
    for [a, b, c] in POLAR {
        let square = x.matmul(&x.t()?)?;
        let inner = ((&square * b)? + (square.matmul(&square)? * c)?)?;
        x = ((&x * a)? + inner.matmul(&x)?)?;
    }
    Ok(if rows > columns { x.t()?.contiguous()? } else { x })
}

impl Optimizer for Muon {
    fn step(&mut self, params: &Params, gradients: &Gradients, lr: f64) -> Result<()> {
        let (hidden, others): (Vec<_>, Vec<_>) =
            params.vars().into_iter().partition(|(name, var)| is_hidden_matrix(name, var));
        // a matrix a task: products this small gain nothing from being shared out
        let moved: Vec<(String, Tensor)> = hidden
            .par_iter()
            .filter_map(|(name, var)| Some((name, var, gradients.get(name)?)))
            .map(|(name, var, gradient)| Ok((name.clone(), self.step_matrix(name, var, gradient, lr)?)))
            .collect::<Result<_>>()?;
        self.momentum.extend(moved);
        self.rest.step_some(others, gradients, lr)?;
        params.touch();
        Ok(())
    }

    fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = self.rest.state()?;
        state.extend(self.momentum.iter().map(|(name, tensor)| (format!("momentum.{name}"), tensor.clone())));
        Ok(state)
    }

    fn load(&mut self, state: BTreeMap<String, Tensor>) -> Result<()> {
        let mut rest = BTreeMap::new();
        let mut momentum = BTreeMap::new();
        for (name, tensor) in state {
            match name.strip_prefix("momentum.") {
                Some(of) => drop(momentum.insert(of.to_owned(), tensor)),
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
    use candle_core::{Device, Tensor};

    use super::orthogonal;
    use crate::Random;

    /// Whatever the shape, rows (or columns, of tall ones) come out nearly of length 1 and at right angles.
    #[test]
    fn the_orthogonal_factor_is_orthogonal_and_keeps_its_direction() {
        for (rows, columns) in [(8, 8), (24, 64), (64, 24)] {
            let mut random = Random::new(7, &format!("{rows} x {columns}"));
            let values: Vec<f32> = (0..rows * columns).map(|_| random.normals()[0] as f32).collect();
            let matrix = Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap();
            let factor = orthogonal(&matrix).unwrap();
            let small = if rows > columns { factor.t().unwrap() } else { factor.clone() };
            let gram =
                small.matmul(&small.t().unwrap().contiguous().unwrap()).unwrap().to_vec2::<f32>().unwrap();
            for (i, row) in gram.iter().enumerate() {
                for (j, &value) in row.iter().enumerate() {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((value - expected).abs() < 0.3, "{rows} x {columns}: {value} at {i}, {j}");
                }
            }
            let along = (&factor * &matrix).unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(along > 0.0, "a step along the factor goes along the gradient");
        }
    }
}
