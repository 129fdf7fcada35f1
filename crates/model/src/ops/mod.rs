//! Operations with a backward pass that candle lacks or loses.
//!
//! candle 0.11 has fused `softmax_last_dim`, `rms_norm` and `rope` without a gradient, and says nothing when
//! one is asked for: the loss still falls. These have one. They run on slices, in f32 for work and in f64 for
//! gradient checks, row by row: what is in a row never depends on the rows beside it or on the thread count.

#![allow(clippy::inline_always, reason = "code is compiled per instruction set by being inlined into `simd`")]

mod head;
mod lanes;
mod log_probs;
mod norm;
mod op;
mod real;
mod rope;
mod softmax;
mod swiglu;

pub use head::head_log_probs;
pub use log_probs::log_probs;
pub use norm::rms_norm;
pub use rope::{Angles, rope};
pub use softmax::{Spans, softmax};
pub use swiglu::swiglu;

pub(crate) use lanes::{simd, sum_by};
