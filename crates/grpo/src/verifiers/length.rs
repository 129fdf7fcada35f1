//! `length`: a guard against words without end.

use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Verifier;

/// The soft overlong punishment of DAPO (arXiv 2503.14476, equation 13): 0 for an answer of at most
/// `most` − `cache` tokens, from there down in a straight line, and −1 beyond `most`.
///
/// ```
/// use grpo::{Verifier, verifiers::Length};
/// use rl::{Answer, Problem};
///
/// let length = Length { most: 100, cache: 20 };
/// let of = |tokens| length.verify(&Problem::default(), &Answer { tokens, ..Answer::default() });
/// assert_eq!([of(80), of(90), of(100), of(101)], [Some(0.0), Some(-0.5), Some(-1.0), Some(-1.0)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Length {
    /// L_max: beyond so many tokens the whole punishment falls due.
    #[schemars(extend("unit" = "tokens", "source" = "arXiv 2503.14476"))]
    pub most: usize,
    /// L_cache: over so many tokens it grows; 0 for all at once.
    #[schemars(extend("unit" = "tokens", "source" = "arXiv 2503.14476"))]
    pub cache: usize,
}

impl Default for Length {
    fn default() -> Self {
        Self { most: 256, cache: 64 }
    }
}

impl Verifier for Length {
    fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let free = self.most.saturating_sub(self.cache);
        let over = answer.tokens.saturating_sub(free);
        Some(match over {
            0 => 0.0,
            _ if answer.tokens > self.most => -1.0,
            _ => -(over as f32 / (self.most - free) as f32),
        })
    }

    fn is_guard(&self) -> bool {
        true
    }
}
