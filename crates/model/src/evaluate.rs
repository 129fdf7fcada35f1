//! How well a model predicts text, in bits per byte.

use crate::{Batches, CausalLm, Error, Result, TokenBatch};

/// Sums over the targets of an evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Negative log-likelihood, in nats.
    pub nats: f64,
    /// Targets scored.
    pub tokens: u64,
    /// Bytes that they stand for.
    pub bytes: u64,
}

impl Evaluation {
    /// Bits per byte of text: unlike a loss per token, comparable between tokenizers.
    pub fn bits_per_byte(&self) -> f64 {
        self.nats / std::f64::consts::LN_2 / self.bytes as f64
    }

    /// Mean loss per token, in nats.
    pub fn loss(&self) -> f64 {
        self.nats / self.tokens as f64
    }
}

/// Scores every target of all batches. Entry `id` of `bytes_per_token` is the length of that token's text.
///
/// Tokens without bytes (special ones) are not scored: neither their surprise nor their length counts. Nor is
/// padding, which has weight 0.
pub fn evaluate<B>(model: &dyn CausalLm, batches: &mut B, bytes_per_token: &[u32]) -> Result<Evaluation>
where
    B: Batches<Batch = TokenBatch>,
{
    let mut sums = Evaluation::default();
    while let Some(batch) = batches.next(0)? {
        let hidden = model.hidden(&batch.input(), None)?.flatten_to(1)?;
        let log_probs = model.log_probs(&hidden, &batch.targets)?.to_dtype(candle_core::DType::F64)?;
        let targets = batch.targets.iter().zip(&batch.weights).zip(log_probs.to_vec1::<f64>()?);
        for ((&id, &weight), log_prob) in targets {
            let Some(&bytes) = bytes_per_token.get(id as usize) else {
                return Err(Error::Id { id, vocabulary: bytes_per_token.len() });
            };
            if bytes > 0 && weight > 0.0 {
                sums.nats -= log_prob;
                sums.tokens += 1;
                sums.bytes += u64::from(bytes);
            }
        }
    }
    Ok(sums)
}
