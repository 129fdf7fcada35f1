//! Reinforcement learning with verifiable rewards: who says how right an answer is, GRPO and its kin, and guards that stop a
//! run which does not learn.
//!
//! ```
//! use grpo::{Part, Reward, Rewards, Verifier, verifiers::VerifierKind};
//! use rl::{Answer, Problem};
//!
//! /// One's own beside those that are built in.
//! struct Polite;
//!
//! impl Verifier for Polite {
//!     fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
//!         Some(f32::from(u8::from(answer.text.contains("please"))))
//!     }
//! }
//!
//! let mut rewards = Rewards::new(&[Reward { verifier: VerifierKind::Numeric, weight: 1.0 }])?;
//! rewards.parts.push(Part { name: "polite".to_owned(), weight: 0.5, verifier: Box::new(Polite) });
//! let problem = Problem { answer: "7".to_owned(), ..Problem::default() };
//! assert_eq!(rewards.of(&problem, &"The answer is 7.".into())?.total, Some(1.0));
//! assert_eq!(rewards.of(&problem, &"Ask me again, please.".into())?.total, Some(0.5));
//! # Ok::<(), grpo::Error>(())
//! ```
//!
//! A [`Verifier`] judges one answer; [`Rewards`] are a weighted sum of them, which [`rl`]
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
pub use figures::{Asked, figures, is_right};
pub use guard::{Guards, Stopped, Watch};
pub use rewards::{Part, Reward, Rewards, Worth};
pub use rounds::{Plan, Round, Rounds, Truncated, answer};
pub use self_test::self_test;
pub use verifier::Verifier;
