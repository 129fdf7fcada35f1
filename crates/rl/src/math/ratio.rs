//! How a step may change the probability of what was drawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose probability is compared with what it was when the answer was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ratio {
    /// Nobody's: `A log π` (Williams 1992, REINFORCE). Right only for the first step after drawing.
    Off,
    /// A token's: `min(r A, clip(r) A)` with `r = π / π_old` (Schulman et al. 2017, arXiv 1707.06347, equation 7).
    Token,
    /// An answer's, `(π / π_old)^(1 / tokens)`, the same for all of its tokens (Zheng et al. 2025, GSPO, arXiv 2507.18071,
    /// equations 5 and 7).
    Sequence,
    /// An answer's, `π / π_old` of all its tokens together: the answer is one action (Ahmadian et al. 2024,
    /// arXiv 2402.14740, section 3.3). With the mean over sequences each answer counts once.
    Answer,
    /// A token's, at most `1 + high`, as a constant weight of `A log π`: no token's slope is ever cut off (MiniMax 2025,
    /// CISPO, arXiv 2506.13585, equations 4 and 5).
    Weight,
}

/// How far a ratio may go before there is nothing more to gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clip {
    /// Below 1 by this much.
    pub low: f64,
    /// Above 1 by this much. More than `low` leaves room for unlikely tokens (Yu et al. 2025, DAPO, arXiv 2503.14476,
    /// section 3.1).
    pub high: f64,
}

impl Default for Clip {
    fn default() -> Self {
        Self { low: 0.2, high: 0.2 }
    }
}

impl Clip {
    /// `min(r A, clip(r, 1 − low, 1 + high) A)`, its slope with respect to log r, and whether it was cut off.
    pub fn gain(self, ratio: f64, advantage: f64) -> (f64, f64, bool) {
        let clipped = ratio.clamp(1.0 - self.low, 1.0 + self.high);
        let (free, bounded) = (ratio * advantage, clipped * advantage);
        // d r / d log r = r; at the bound itself both are one, and the slope is the free one's
        if free <= bounded { (free, free, false) } else { (bounded, 0.0, true) }
    }
}

#[cfg(test)]
mod tests {
    use super::Clip;

    #[test]
    fn there_is_nothing_to_gain_beyond_the_bounds_and_all_to_lose() {
        let clip = Clip { low: 0.2, high: 0.3 };
        // better than expected: more likely is better, up to the bound
        assert_eq!(clip.gain(1.5, 2.0), (2.6, 0.0, true));
        assert_eq!(clip.gain(0.5, 2.0), (1.0, 1.0, false));
        // worse than expected: less likely is better, down to the bound
        assert_eq!(clip.gain(0.5, -2.0), (-1.6, 0.0, true));
        assert_eq!(clip.gain(1.5, -2.0), (-3.0, -3.0, false));
        assert_eq!(clip.gain(1.0, -2.0), (-2.0, -2.0, false));
    }
}
