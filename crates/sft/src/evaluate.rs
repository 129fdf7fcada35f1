//! How well a model says what conversations say.

use candle_core::{DType, Tensor};
use model::{Batches, CausalLm, TokenBatch};
use rayon::prelude::*;

/// Sums over learned targets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Negative log-likelihood, in nats.
    pub nats: f64,
    /// Targets that were the likeliest token.
    pub right: u64,
    /// Entropy of the predictions, in nats.
    pub entropy: f64,
    /// Targets.
    pub tokens: u64,
}

impl Evaluation {
    /// Mean loss, in nats.
    pub fn loss(&self) -> f64 {
        self.nats / self.tokens as f64
    }

    /// The share of targets that were the likeliest token.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.tokens as f64
    }

    /// Mean entropy of the predictions, in nats.
    pub fn mean_entropy(&self) -> f64 {
        self.entropy / self.tokens as f64
    }
}

/// Places whose scores are held at once.
const CHUNK: usize = 256;

/// Measures all learned targets of all batches.
///
/// # Errors
/// The model's.
pub fn evaluate<B>(model: &dyn CausalLm, batches: &mut B) -> model::Result<Evaluation>
where
    B: Batches<Batch = TokenBatch>,
{
    let mut sums = Evaluation::default();
    while let Some(batch) = batches.next(0)? {
        let hidden = model.hidden(&batch.input(), None)?.flatten_to(1)?;
        let places: Vec<u32> =
            (0..).zip(&batch.weights).filter(|(_, weight)| **weight > 0.0).map(|(at, _)| at).collect();
        for places in places.chunks(CHUNK) {
            let chosen = hidden.index_select(&Tensor::new(places, hidden.device())?, 0)?;
            let logits = model.logits(&chosen)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
            let rows: Vec<(f64, bool, f64)> = logits
                .par_iter()
                .zip(places)
                .map(|(scores, at)| predicted(scores, batch.targets[*at as usize] as usize))
                .collect();
            for (nats, right, entropy) in rows {
                sums.nats += nats;
                sums.right += u64::from(right);
                sums.entropy += entropy;
                sums.tokens += 1;
            }
        }
    }
    Ok(sums)
}

/// `−log p(target)`, whether it is the likeliest, and the entropy `log Σ exp z − Σ p z`.
fn predicted(scores: &[f32], target: usize) -> (f64, bool, f64) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for &score in scores {
        let distance = f64::from(score - most);
        let exp = libm::exp(distance);
        sum += exp;
        weighted += exp * distance;
    }
    let log_sum = libm::log(sum);
    let target = f64::from(scores[target] - most);
    (log_sum - target, target >= 0.0, log_sum - weighted / sum)
}
