//! The formulas, on slices and in f64: no tensors, no model.
//!
//! What a gradient passes through gives its value and its slope.

mod best_of_n;
mod calibration;
mod direct;
mod ranking;
mod target;
mod value;

pub use best_of_n::{best_of_n, divergence_of_best};
pub use calibration::{Bin, calibration, correlation};
pub use direct::{Direct, DirectLoss};
pub use ranking::{Ranking, log_sigmoid, ranking, sigmoid};
pub use target::KlTarget;
pub use value::value_loss;
