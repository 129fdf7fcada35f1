//! Reinforcement learning on a language model: answers drawn from a policy, rewards, advantages, and objectives whose
//! gradient makes good answers likelier.
//!
//! ```
//! use model::{AdamW, Config, Decoder, Objective, Optimizer, Params};
//! use rl::math::{Advantage, Terms};
//! use rl::{Batch, Drawing, Layout, PolicyGradient, Problem, Scored, roll_out};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config { vocabulary: 4, context: 8, width: 16, layers: 1, hidden: 32, ..Config::default() };
//! let params = Params::new(1);
//! let policy = Decoder::new(&config, &params, "")?;
//! let problem = Problem { ids: vec![1, 2], ..Problem::default() };
//! let drawing = Drawing { group: 16, tokens: 3, context: 8, stop: vec![0], at_once: 0, seed: 1 };
//! let likes_threes = |ids: &[u32]| Some(ids.iter().filter(|id| **id == 3).count() as f64);
//!
//! let mut optimizer = AdamW::default();
//! let mut rewards = vec![];
//! for step in 0..30 {
//!     let group = roll_out(&policy.detached(), &[&problem], &drawing, step)?.remove(0);
//!     rewards = group.answers.iter().map(|answer| likes_threes(&answer.ids)).collect();
//!     let advantages = Advantage::ZScore.of_group(&rewards);
//!     let mut batch = Batch { fresh: true, ..Batch::default() };
//!     batch.layout.push(&group.prompt, &group.answers);
//!     for (answer, advantage) in group.answers.iter().zip(advantages) {
//!         let old: Vec<f64> = answer.log_probs.iter().map(|log_prob| f64::from(*log_prob)).collect();
//!         batch.answers.push(Scored { advantages: vec![advantage; old.len()], old, ..Scored::default() });
//!     }
//!     params.backward(&PolicyGradient::new(&policy, Terms::default()).loss(&batch)?.mean)?;
//!     optimizer.step(&params, &params.take_gradients(), 0.02)?;
//! }
//! let mean = rewards.iter().flatten().sum::<f64>() / 16.0;
//! assert!(mean > 2.0, "{mean} of 3");
//! # Ok(())
//! # }
//! ```
//!
//! Sampler and trainer are one forward pass: what was drawn has the same log-probability, to the bit, when it is trained on.
//! [`PolicyGradient`] checks that at every fresh batch, so none of the corrections is needed that exist for two engines.
//!
//! | module | idea |
//! |---|---|
//! | [`math`] | the formulas of the papers, on slices, in f64 |
//! | `problem`, `reward` | what is asked, and what an answer is worth: [`Problem`], [`RewardFn`] |
//! | `rollout` | answers drawn in groups: [`roll_out`] |
//! | `layout` | answers in one row, their prompt once: [`Layout`] |
//! | `objective` | the loss as a graph: [`PolicyGradient`] |

#![forbid(unsafe_code)]

mod error;
mod layout;
pub mod math;
mod objective;
mod problem;
mod reward;
mod rollout;

pub use error::{Error, Result};
pub use layout::{Layout, log_probs};
pub use objective::{Batch, PolicyGradient, Scored, Seen};
pub use problem::{Answer, Problem};
pub use reward::{Reward, RewardFn, score};
pub use rollout::{Drawing, Group, Rollout, check, roll_out};
