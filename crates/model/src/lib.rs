//! Token ids to logits: a decoder, its training loop, and generation.

mod cache;
pub mod checkpoint;
mod config;
mod data;
mod decoder;
mod error;
mod evaluate;
mod generate;
mod kernel;
mod lm;
pub mod ops;
mod params;
mod random;
mod sampler;
mod train;

pub use config::Config;
pub use data::{Batches, Cursor, Rows, TokenBatch, Tokens, Width};
pub use decoder::Decoder;
pub use error::{Error, Result};
pub use evaluate::{Evaluation, evaluate};
pub use generate::{Completion, Limits, Prompt, generate};
pub use kernel::kernel_class;
pub use lm::{Cache, CausalLm, Input, Trace};
pub use params::{Initial, Params};
pub use random::Random;
pub use sampler::{Draw, Greedy, Sampler};
pub use train::{
    AdamW, AdamWSettings, Checkpoints, Decay, Gradients, Loss, NextToken, Objective, Optimizer, Plan,
    Progress, Schedule, Summary, fit,
};
