//! Reinforcement learning with verifiable rewards.

#![forbid(unsafe_code)]

mod algorithm;
mod curriculum;
mod figures;
mod guard;
mod rounds;
mod verifier;

pub use algorithm::{Algorithm, Method, Recipe};
pub use curriculum::{Curriculum, Order};
pub use figures::{Asked, corrects_itself, figures, is_right};
pub use guard::{Guards, Stopped, Watch};
pub use rounds::{Plan, Round, Rounds, Truncated, answer};
pub use verifier::Verifier;
