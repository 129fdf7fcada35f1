//! Reinforcement learning with verifiable rewards.

#![forbid(unsafe_code)]

mod error;
mod rewards;
mod self_test;
mod verifier;
pub mod verifiers;

pub use error::{Error, Result};
pub use rewards::{Part, Reward, Rewards, Worth};
pub use self_test::self_test;
pub use verifier::Verifier;
