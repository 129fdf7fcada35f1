//! Reinforcement learning with verifiable rewards: who says how right an answer is, GRPO and its kin, and guards that stop a
//! run which does not learn.
//!
//! ```
//! use grpo::Verifier;
//! use grpo::verifiers::Numeric;
//! use rl::Problem;
//!
//! let problem = Problem { answer: "1/2".to_owned(), ..Problem::default() };
//! assert_eq!(Numeric.verify(&problem, &"so it is 0.5".into()), Some(1.0));
//! assert_eq!(Numeric.verify(&problem, &"so it is 2".into()), Some(0.0));
//! ```
//!
//! A [`Verifier`] judges one answer and its docs show one of one's own; [`Rewards`] are a weighted sum of them, which [`rl`]
//! sees as any other reward. [`Rounds`] are what [`model::fit`] trains on, so there is no second training loop.
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
