//! A weight of the distance from the reference that finds itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps the distance near a target: `weight *= 1 + clip(kl / target − 1, ±0.2) · answers / horizon` (Ziegler et al. 2019,
/// arXiv 1909.08593, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KlTarget {
    /// The distance to keep.
    #[schemars(extend("unit" = "nats per answer"))]
    pub target: f64,
    /// Answers over which the weight changes by a fifth at most.
    #[schemars(extend("unit" = "answers"))]
    pub horizon: f64,
}

impl KlTarget {
    /// The weight after a round of `answers` answers that were `kl` away on average.
    pub fn next(&self, weight: f64, kl: f64, answers: usize) -> f64 {
        let error = (kl / self.target - 1.0).clamp(-0.2, 0.2);
        weight * (1.0 + error * answers as f64 / self.horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::KlTarget;

    #[test]
    fn too_far_weighs_more_and_no_jump_is_large() {
        let target = KlTarget { target: 6.0, horizon: 1000.0 };
        assert!((target.next(0.1, 6.6, 100) - 0.101).abs() < 1e-12);
        assert_eq!(target.next(0.1, 600.0, 100), target.next(0.1, 7.2, 100));
        assert!((target.next(0.1, 0.0, 100) - 0.098).abs() < 1e-12);
        assert_eq!(target.next(0.1, 6.0, 100), 0.1);
    }
}
