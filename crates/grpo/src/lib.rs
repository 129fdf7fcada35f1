//! Reinforcement learning with verifiable rewards.

#![forbid(unsafe_code)]

mod verifier;

pub use verifier::Verifier;
