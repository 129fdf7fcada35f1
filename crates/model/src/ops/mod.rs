//! Operations of candle's graph that losses are made of, and the loops below all kernels.
//!
//! They run on slices, in f32 for work and in f64 for gradient checks, row by row: what is in a row never depends on
//! the rows beside it or on the thread count.

#![allow(clippy::inline_always, reason = "code is compiled per instruction set by being inlined into `simd`")]

mod lanes;
mod log_probs;
mod op;
mod real;

pub use log_probs::log_probs;

pub(crate) use lanes::{dot, log_sum_exp, max, simd, sum_by};
pub(crate) use real::Real;
