//! Learning from what people prefer: a reward model, PPO against it, and the ways around it.
//!
//! ```
//! use std::cell::RefCell;
//!
//! use model::{AdamW, Config, Decoder, Objective, Optimizer, Params};
//! use rlhf_reward::{Preference, PreferenceModel, Ranked, RankingBatch, RewardModel, head};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config { vocabulary: 8, context: 8, width: 16, layers: 1, hidden: 32, ..Config::default() };
//! let params = Params::new(1);
//! let body = Decoder::new(&config, &params, "")?;
//! let reward = RewardModel { body: &body, head: head(&params, config.width)? };
//! let objective = Ranked { reward, centring: 0.0, seen: RefCell::default() };
//!
//! // after a 1 somebody likes a 2 better than a 3
//! let (prompt, answers) = (vec![1], vec![vec![2], vec![3]]);
//! let mut batch = RankingBatch::default();
//! batch.push(&Preference { prompt, answers, ranks: vec![1, 2], ..Preference::default() });
//!
//! let mut optimizer = AdamW::default();
//! for _ in 0..50 {
//!     params.backward(&objective.loss(&batch)?.mean)?;
//!     optimizer.step(&params, &params.take_gradients(), 0.01)?;
//! }
//! let scores = objective.reward.score(&[1], &[&[2], &[3]])?;
//! assert!(scores[0] > scores[1], "{scores:?}");
//! # Ok(())
//! # }
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
