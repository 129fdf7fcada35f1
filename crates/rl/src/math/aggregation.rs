//! How the losses of tokens become one number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The mean over answers and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// Mean over answers of their means over tokens: a token of a long answer counts less (Shao et al. 2024,
    /// arXiv 2402.03300, equation 3).
    SequenceMean,
    /// Mean over all tokens of a step (Yu et al. 2025, DAPO, arXiv 2503.14476, equation 8).
    TokenMean,
    /// Sum over tokens by a length that is the same for all answers: neither long nor short ones are favoured (Liu et al.
    /// 2025, Dr. GRPO, arXiv 2503.20783, section 3.2). The number is that length; 0 for the most tokens of an answer.
    Constant(u32),
}

impl Aggregation {
    /// What a token of an answer of `length` tokens weighs, and what the answer adds to the sum of all that is averaged over.
    pub fn weight(self, length: usize) -> (f64, f64) {
        let length = length as f64;
        match self {
            Self::SequenceMean => (1.0 / length, 1.0),
            Self::TokenMean => (1.0, length),
            Self::Constant(most) => (1.0 / f64::from(most.max(1)), 1.0),
        }
    }

    /// With the most tokens of an answer where a length is left open.
    #[must_use]
    pub fn with_most(self, tokens: usize) -> Self {
        match self {
            Self::Constant(0) => Self::Constant(tokens as u32),
            other => other,
        }
    }
}
