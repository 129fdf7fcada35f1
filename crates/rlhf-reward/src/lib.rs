//! Learning from what people prefer: a reward model, PPO against it, and the ways around it.
//!
//! | module | idea |
//! |---|---|
//! | [`math`] | the formulas of the papers, on slices, in f64 |
//! | `preference` | rankings, and which of them nothing can be learned from |
//! | `reward_model` | a head on hidden states: [`RewardModel`], all pairs of a ranking at once: [`Ranked`] |
//! | `dpo` | preferences without a reward model: [`Dpo`] |
//! | `ppo` | a policy and its critic: [`Ppo`] |

#![forbid(unsafe_code)]

mod dpo;
mod error;
pub mod math;
mod ppo;
mod preference;
mod reward_model;

pub use dpo::{Dpo, Pair, PairBatch, log_probs, pairs};
pub use error::{Error, Result};
pub use ppo::{Critic, CriticSeen, Pay, Ppo, PpoBatch, whiten_all};
pub use preference::Preference;
pub use reward_model::{HEAD, Learned, PreferenceModel, Ranked, RankingBatch, RewardModel, head};
