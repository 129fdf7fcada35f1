//! Reinforcement learning on a language model: rollouts, advantages, ratio losses.

#![forbid(unsafe_code)]

mod problem;

pub use problem::{Answer, Problem};
