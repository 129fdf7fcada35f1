//! GRPO and its kin: names for combinations of the formulas in [`rl::math`].

use rl::math::{Advantage, Aggregation, Clip, Kl, Ratio, Terms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A published method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, section 4.1: z-scores in groups, clipped ratios of tokens, means of
    /// answers' means.
    #[default]
    Grpo,
    /// Liu et al. 2025, arXiv 2503.20783, section 3.2: GRPO without its two biases, towards length and towards easy problems.
    DrGrpo,
    /// Yu et al. 2025, arXiv 2503.14476, section 3: the clip is higher above, all tokens count alike, and groups of equal
    /// rewards are drawn anew.
    Dapo,
    /// Zheng et al. 2025, arXiv 2507.18071, section 4.1: ratios of whole answers, within a narrow clip.
    Gspo,
    /// Ahmadian et al. 2024, arXiv 2402.14740, section 3.3: an answer is one action, and the others are its baseline.
    Rloo,
    /// MiniMax 2025, arXiv 2506.13585, section 3.1: ratios weigh tokens, and cut none off.
    Cispo,
    /// Williams 1992: `r log π`, without a baseline.
    Reinforce,
}

/// A method, and what is changed of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Method {
    /// The published method.
    pub algorithm: Algorithm,
    /// What rewards of a group become, if not what the method says.
    pub advantage: Option<Advantage>,
    /// How far ratios may go, if not as far as the method says.
    pub clip: Option<Clip>,
    /// The mean over answers and tokens, if not the method's.
    pub aggregation: Option<Aggregation>,
    /// The estimate of the distance from the model that training began with.
    pub kl: Option<Kl>,
    /// How much that distance counts in the loss; 0 for not at all.
    pub kl_weight: f64,
    /// How often at most problems are drawn again for groups whose rewards are all equal, if not as the method says.
    #[schemars(extend("source" = "Yu et al. 2025, arXiv 2503.14476, section 3.2"))]
    pub redraws: Option<usize>,
}

/// What a method consists of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// What rewards of a group become.
    pub advantage: Advantage,
    /// What is minimised.
    pub terms: Terms,
    /// How often problems are drawn again for groups whose rewards are all equal.
    pub redraws: usize,
}

impl Method {
    /// The method, with its changes, for answers of at most `tokens` tokens.
    pub fn recipe(&self, tokens: usize) -> Recipe {
        let Recipe { advantage, terms, redraws } = self.algorithm.recipe();
        let aggregation = self.aggregation.unwrap_or(terms.aggregation).with_most(tokens);
        Recipe {
            advantage: self.advantage.unwrap_or(advantage),
            terms: Terms {
                clip: self.clip.unwrap_or(terms.clip),
                aggregation,
                kl: self.kl.unwrap_or(terms.kl),
                kl_weight: self.kl_weight,
                ..terms
            },
            redraws: self.redraws.unwrap_or(redraws),
        }
    }
}

impl Algorithm {
    fn recipe(self) -> Recipe {
        let terms = |ratio, clip, aggregation| Terms { ratio, clip, aggregation, ..Terms::default() };
        let (usual, higher) = (Clip { low: 0.2, high: 0.2 }, Clip { low: 0.2, high: 0.28 });
        let of = |advantage, terms| Recipe { advantage, terms, redraws: 0 };
        match self {
            Self::Grpo => of(Advantage::ZScore, terms(Ratio::Token, usual, Aggregation::SequenceMean)),
            Self::DrGrpo => of(Advantage::Centred, terms(Ratio::Token, usual, Aggregation::Constant(0))),
            Self::Dapo => Recipe {
                redraws: 3,
                ..of(Advantage::ZScore, terms(Ratio::Token, higher, Aggregation::TokenMean))
            },
            Self::Gspo => {
                let narrow = Clip { low: 3e-4, high: 4e-4 };
                of(Advantage::ZScore, terms(Ratio::Sequence, narrow, Aggregation::SequenceMean))
            }
            Self::Rloo => of(Advantage::LeaveOneOut, terms(Ratio::Answer, usual, Aggregation::SequenceMean)),
            Self::Cispo => {
                let wide = Clip { low: 1.0, high: 4.0 };
                of(Advantage::ZScore, terms(Ratio::Weight, wide, Aggregation::TokenMean))
            }
            Self::Reinforce => of(Advantage::None, terms(Ratio::Off, usual, Aggregation::Constant(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Method};
    use rl::math::{Advantage, Aggregation, Clip};

    #[test]
    fn changes_go_before_what_the_method_says() {
        let method = Method { algorithm: Algorithm::DrGrpo, kl_weight: 0.1, ..Method::default() };
        let recipe = method.recipe(64);
        assert_eq!(recipe.terms.aggregation, Aggregation::Constant(64));
        assert_eq!((recipe.advantage, recipe.terms.kl_weight, recipe.redraws), (Advantage::Centred, 0.1, 0));
        let clip = Clip { low: 0.1, high: 0.4 };
        let changed = Method {
            algorithm: Algorithm::Dapo,
            clip: Some(clip),
            advantage: Some(Advantage::Centred),
            redraws: Some(0),
            ..Method::default()
        };
        let recipe = changed.recipe(64);
        assert_eq!((recipe.terms.clip, recipe.advantage, recipe.redraws), (clip, Advantage::Centred, 0));
        assert_eq!(recipe.terms.aggregation, Aggregation::TokenMean);
    }
}
