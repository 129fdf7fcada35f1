//! Reinforcement learning with verifiable rewards: who says how right an answer is, GRPO and its kin, and guards that stop a
//! run which does not learn.
//!
//! | module | idea |
//! |---|---|
//! | `verifier`, [`verifiers`] | the seam, and sixteen who judge |
//! | `rewards`, `self_test` | weighted sums of them; what a run asks them before it begins |
//! | `algorithm` | published methods as combinations of [`rl::math`]'s formulas: [`Method`] |
//! | `curriculum` | which problems come next |
//! | `rounds` | answers of the policy as it is, as batches of [`model::fit`]: [`Rounds`] |
//! | `figures`, `guard` | what a round came to, and when that ends a run |

#![forbid(unsafe_code)]

mod algorithm;
mod curriculum;
mod error;
mod figures;
mod guard;
mod rewards;
mod rounds;
mod self_test;
mod verifier;
pub mod verifiers;

pub use algorithm::{Algorithm, Method, Recipe};
pub use curriculum::{Curriculum, Order};
pub use error::{Error, Result};
pub use figures::{Asked, corrects_itself, figures, is_right};
pub use guard::{Guards, Stopped, Watch};
pub use rewards::{Part, Reward, Rewards, Worth};
pub use rounds::{Plan, Round, Rounds, Truncated, answer};
pub use self_test::self_test;
pub use verifier::Verifier;
