//! What to minimise.

use candle_core::Tensor;

use crate::{CausalLm, Result, TokenBatch};

/// A function of the model and a batch that training makes smaller.
///
/// Pretraining, fine-tuning, policy gradients and reward models differ in this and in the batch only.
/// Anything that has a loss can be trained, a parameter drawn to a number for example:
///
/// ```
/// use candle_core::Tensor;
/// use model::{Loss, Objective, Result};
///
/// struct Near<'a>(&'a Tensor);
///
/// impl Objective<f64> for Near<'_> {
///     fn loss(&self, goal: &f64) -> Result<Loss> {
///         Ok(Loss { mean: (self.0 - *goal)?.sqr()?.mean_all()?, weight: 1.0 })
///     }
/// }
/// ```
pub trait Objective<B> {
    /// The loss of one batch, as a graph that leads back to the parameters.
    fn loss(&self, batch: &B) -> Result<Loss>;
}

/// What one batch contributes.
pub struct Loss {
    /// A scalar, the mean over whatever the objective counts.
    pub mean: Tensor,
    /// How many it counted: tokens or pairs. Batches of one step are averaged in proportion, so that a step
    /// of two halves equals the step of the whole.
    pub weight: f64,
}

/// Cross-entropy of the next token, in nats: the mean over all positions, each counted by its weight.
/// At least one weight is above 0.
pub struct NextToken<'a>(pub &'a dyn CausalLm);

impl Objective<TokenBatch> for NextToken<'_> {
    fn loss(&self, batch: &TokenBatch) -> Result<Loss> {
        let hidden = self.0.hidden(&batch.input(), None)?.flatten_to(1)?;
        let sum = self.0.cross_entropy(&hidden, &batch.targets, &batch.weights)?;
        let weight: f64 = batch.weights.iter().map(|&weight| f64::from(weight)).sum();
        // without a target the sum is 0 already
        let mean = if weight > 0.0 { sum.affine(1.0 / weight, 0.0)? } else { sum };
        Ok(Loss { mean, weight })
    }
}
