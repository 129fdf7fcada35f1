//! The loss: cross-entropy of what is learned, and of nothing else.

use candle_core::Tensor;
use model::{CausalLm, Loss, Objective, TokenBatch};

/// `−Σ log p(target) / N` over the learned targets, of which a whole step has N (InstructGPT's supervised loss).
///
/// A step that gathers several batches weighs each by its learned targets, so that it equals the step of all of them at
/// once; a mean of means would not. Scores are made for learned places only: what a user said costs no head.
pub struct Supervised<'a>(pub &'a dyn CausalLm);

impl Objective<TokenBatch> for Supervised<'_> {
    fn loss(&self, batch: &TokenBatch) -> model::Result<Loss> {
        let hidden = self.0.hidden(&batch.input(), None)?.flatten_to(1)?;
        let places: Vec<u32> =
            (0..).zip(&batch.weights).filter(|(_, weight)| **weight != 0.0).map(|(at, _)| at).collect();
        if places.is_empty() {
            // a batch may be all padding; the step is what must not be
            return Ok(Loss { mean: hidden.sum_all()?.affine(0.0, 0.0)?, weight: 0.0 });
        }
        let chosen = |at: &u32| *at as usize;
        let targets: Vec<u32> = places.iter().map(|at| batch.targets[chosen(at)]).collect();
        let weights: Vec<f32> = places.iter().map(|at| batch.weights[chosen(at)]).collect();
        let hidden = hidden.index_select(&Tensor::new(&places[..], hidden.device())?, 0)?;
        let sum = self.0.cross_entropy(&hidden, &targets, &weights)?;
        let weight: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        Ok(Loss { mean: sum.affine(1.0 / weight, 0.0)?, weight })
    }
}
