//! Learning from what people prefer: a reward model, PPO against it, and the ways around it.
//!
//! ```
//! use rlhf_reward::math::{best_of_n, ranking};
//!
//! // the better one of two answers has the higher score by far: little is left to learn
//! let learned = ranking(&[3.0, -3.0], &[1, 2], None, 0.0);
//! assert!(learned.value < 0.01 && learned.right == 1.0);
//!
//! // whoever follows scores that have it backwards gets less by the best of two than by one
//! let (scores, worth) = ([1.0, 2.0], [5.0, 3.0]);
//! assert_eq!(best_of_n(&scores, &worth, 1), Some(4.0));
//! assert_eq!(best_of_n(&scores, &worth, 2), Some(3.0));
//! ```
//!
//! [`PreferenceModel`] is the seam: [`RewardModel`] implements it, and its docs show one of one's own. Everything is
//! trained by [`model::fit`]: [`Ranked`], [`Ppo`] and [`Dpo`] are objectives, and formulas are apart from tensors, so that
//! each can be held against its paper.
//!
//! | module | idea |
//! |---|---|
//! | [`math`] | the formulas of the papers, on slices, in f64 |
//! | `preference` | rankings, and which of them nothing can be learned from |
//! | `reward_model` | a head on hidden states: [`RewardModel`], all pairs of a ranking at once: [`Ranked`] |
//! | `dpo` | preferences without a reward model: [`Dpo`] |
//! | [`folder`], `frozen` | reward models on disk; bodies that do not learn |
//! | `ppo`, `actor_critic` | the objective, and the parameters of a policy and its critic: [`Ppo`], [`ActorCritic`] |
//! | `shuffled` | rankings and pairs as batches: [`Shuffled`] |
//! | `rounds` | answers of the policy as it is, as batches of [`model::fit`]: [`Rounds`] |

#![forbid(unsafe_code)]

mod actor_critic;
mod dpo;
mod error;
pub mod folder;
mod frozen;
pub mod math;
mod ppo;
mod preference;
mod reward_model;
mod rounds;
mod shuffled;

pub use actor_critic::ActorCritic;
pub use dpo::{Dpo, Pair, PairBatch, log_probs, pairs};
pub use error::{Error, Result};
pub use frozen::{Frozen, FrozenModel};
pub use ppo::{Critic, CriticSeen, Pay, Ppo, PpoBatch, whiten_all};
pub use preference::Preference;
pub use reward_model::{Asked, HEAD, PreferenceModel, Ranked, RankingBatch, RewardModel, head};
pub use rounds::{Cast, Paid, Plan, Rewarder, Round, Rounds};
pub use shuffled::Shuffled;
