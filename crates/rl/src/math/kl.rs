//! How far a policy has gone from its reference, estimated from the tokens that it drew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An estimate of KL(π ‖ π_ref) from one token, after Schulman 2020, "Approximating KL divergence", k1 to k3.
///
/// As a term of a loss, k1's expected slope is 0 and k3's is that of the reversed divergence; k2 has the slope of the
/// divergence itself. As a metric, k3 has the least noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kl {
    /// `log π − log π_ref`: right on average, often negative.
    K1,
    /// `½ (log π − log π_ref)²`.
    K2,
    /// `π_ref/π − log(π_ref/π) − 1`: never negative (Shao et al. 2024, arXiv 2402.03300, equation 4).
    K3,
}

/// Ratios beyond e²⁰ say nothing more, and would be infinite in f32.
const MOST: f64 = 20.0;

impl Kl {
    /// The estimate, and its slope with respect to log π.
    pub fn estimate(self, policy: f64, reference: f64) -> (f64, f64) {
        let difference = policy - reference;
        let far = difference.abs() > MOST;
        let d = difference.clamp(-MOST, MOST);
        let (value, slope) = match self {
            Self::K1 => (d, 1.0),
            Self::K2 => (0.5 * d * d, d),
            Self::K3 => (libm::exp(-d) + d - 1.0, 1.0 - libm::exp(-d)),
        };
        (value, if far { 0.0 } else { slope })
    }
}

#[cfg(test)]
mod tests {
    use super::Kl;

    /// Over all tokens of a distribution k1 and k3 are the divergence itself.
    #[test]
    fn expectations_are_what_is_said_of_them() {
        let (policy, reference) = ([0.5_f64, 0.3, 0.2], [0.2_f64, 0.5, 0.3]);
        let expected: f64 = policy.iter().zip(&reference).map(|(p, q)| p * (p / q).ln()).sum();
        let mean = |kl: Kl| -> f64 {
            policy.iter().zip(&reference).map(|(p, q)| p * kl.estimate(p.ln(), q.ln()).0).sum()
        };
        assert!((mean(Kl::K1) - expected).abs() < 1e-12);
        assert!((mean(Kl::K3) - expected).abs() < 1e-12);
        // Σ p · slope · ∇log p is the divergence's slope for k2: compare along a direction that keeps Σ p = 1
        let moved = |step: f64| [0.5 * step.exp(), 0.3, 0.2].map(|p| p / (0.5 * step.exp() + 0.5));
        let divergence =
            |p: [f64; 3]| -> f64 { p.iter().zip(&reference).map(|(p, q)| p * (p / q).ln()).sum() };
        let slope = (divergence(moved(1e-5)) - divergence(moved(-1e-5))) / 2e-5;
        // d log p_i / d step
        let directions = [0.5, -0.5, -0.5];
        let of_k2: f64 = (0..3)
            .map(|at| policy[at] * Kl::K2.estimate(policy[at].ln(), reference[at].ln()).1 * directions[at])
            .sum();
        assert!((slope - of_k2).abs() < 1e-6, "{slope} {of_k2}");
    }

    #[test]
    fn slopes_are_those_of_the_values_and_far_ratios_are_finite() {
        for kl in [Kl::K1, Kl::K2, Kl::K3] {
            for (policy, reference) in [(-1.0, -3.0), (-2.0, -0.5), (-1.0, -1.0)] {
                let value = |step: f64| kl.estimate(policy + step, reference).0;
                let slope = (value(1e-6) - value(-1e-6)) / 2e-6;
                assert!((kl.estimate(policy, reference).1 - slope).abs() < 1e-6);
            }
            let (value, slope) = kl.estimate(-900.0, 0.0);
            assert!(value.is_finite() && slope == 0.0);
        }
    }
}
