//! Choosing the next token from scores.

use crate::Random;

/// Chooses a token.
///
/// Whoever always wants the second most likely one:
///
/// ```
/// use model::{Random, Sampler};
///
/// struct Second;
///
/// impl Sampler for Second {
///     fn pick(&self, logits: &[f32], _: &[u32], _: &mut Random) -> u32 {
///         let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
///         ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
///         ids[1]
///     }
/// }
/// ```
pub trait Sampler: Send + Sync {
    /// The place of the chosen one of `logits`, of which there is at least one; `before` are the row's tokens so far,
    /// those of its prompt first.
    fn pick(&self, logits: &[f32], before: &[u32], random: &mut Random) -> u32;
}

impl<S: Sampler + ?Sized> Sampler for &S {
    fn pick(&self, logits: &[f32], before: &[u32], random: &mut Random) -> u32 {
        (**self).pick(logits, before, random)
    }
}

impl<S: Sampler + ?Sized> Sampler for Box<S> {
    fn pick(&self, logits: &[f32], before: &[u32], random: &mut Random) -> u32 {
        (**self).pick(logits, before, random)
    }
}

/// Always the most likely token; of equals, the one with the smallest id.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greedy;

impl Sampler for Greedy {
    fn pick(&self, logits: &[f32], _: &[u32], _: &mut Random) -> u32 {
        let best = (0..logits.len()).reduce(|best, id| if logits[id] > logits[best] { id } else { best });
        best.unwrap_or(0) as u32
    }
}
