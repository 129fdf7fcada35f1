//! The formulas, on slices and in f64: no tensors, no model.
//!
//! Each function that a gradient passes through gives its value and its slope with respect to log π, so that a graph of
//! tensors is not needed to check it.

mod advantage;
mod aggregation;
mod gae;
mod kl;
mod ratio;
mod surrogate;

pub use advantage::{Advantage, whiten};
pub use aggregation::Aggregation;
pub use gae::{Estimates, gae};
pub use kl::Kl;
pub use ratio::{Clip, Ratio};
pub use surrogate::{Row, Surrogate, Terms};
