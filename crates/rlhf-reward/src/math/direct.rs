//! Learning from preferences without a reward model: the policy's own log-probabilities are the reward.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{log_sigmoid, sigmoid};

/// A loss on `β h`, where `h = (log π − log π_ref)(better) − (log π − log π_ref)(worse)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direct {
    /// `−(1 − ε) log σ(β h) − ε log σ(−β h)` (Rafailov et al. 2023, DPO, arXiv 2305.18290, equation 7); with a share ε of wrong
    /// labels it is conservative DPO (Mitchell 2023).
    Sigmoid {
        /// The share of labels that are thought to be wrong.
        wrong_labels: f64,
    },
    /// `(h − 1 / 2β)²`: preferences that are certain do not drive `h` to infinity (Azar et al. 2023, IPO, arXiv 2310.12036,
    /// equation 17).
    Ipo,
    /// `max(0, 1 − β h)` (Zhao et al. 2023, SLiC, arXiv 2305.10425, equation 2).
    Hinge,
}

/// Value of a pair's loss and its slope with respect to `h`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DirectLoss {
    /// To minimise.
    pub value: f64,
    /// d value / d h.
    pub slope: f64,
}

impl Direct {
    /// The loss of one pair.
    pub fn of(self, h: f64, beta: f64) -> DirectLoss {
        match self {
            Self::Sigmoid { wrong_labels: wrong } => DirectLoss {
                value: -(1.0 - wrong) * log_sigmoid(beta * h) - wrong * log_sigmoid(-beta * h),
                slope: beta * (wrong * sigmoid(beta * h) - (1.0 - wrong) * sigmoid(-beta * h)),
            },
            Self::Ipo => {
                let distance = h - 1.0 / (2.0 * beta);
                DirectLoss { value: distance * distance, slope: 2.0 * distance }
            }
            Self::Hinge => {
                let missing = 1.0 - beta * h;
                DirectLoss { value: missing.max(0.0), slope: if missing > 0.0 { -beta } else { 0.0 } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Direct;

    #[test]
    fn slopes_are_those_of_the_values() {
        for direct in [
            Direct::Sigmoid { wrong_labels: 0.0 },
            Direct::Sigmoid { wrong_labels: 0.1 },
            Direct::Ipo,
            Direct::Hinge,
        ] {
            for h in [-7.0, -0.3, 0.0, 2.0, 30.0] {
                let value = |step: f64| direct.of(h + step, 0.1).value;
                let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
                assert!((slope - direct.of(h, 0.1).slope).abs() < 1e-6, "{direct:?} at {h}");
            }
        }
    }

    #[test]
    fn without_wrong_labels_more_is_always_better_and_with_some_it_is_not() {
        let sure = Direct::Sigmoid { wrong_labels: 0.0 };
        assert!(sure.of(90.0, 0.1).slope < 0.0);
        let doubting = Direct::Sigmoid { wrong_labels: 0.1 };
        // best where σ(β h) = 0.9
        assert!(doubting.of(21.0, 0.1).slope < 0.0 && doubting.of(23.0, 0.1).slope > 0.0);
    }
}
