//! Token ids to logits: a decoder, its training loop, and generation.
//!
//! ```
//! use std::ops::ControlFlow;
//! use model::*;
//!
//! # fn main() -> Result<()> {
//! let config = Config { vocabulary: 10, context: 8, width: 16, layers: 1, hidden: 32, ..Config::default() };
//! let params = Params::new(1);
//! let decoder = Decoder::new(&config, &params, "")?;
//! let counting = Tokens::from((0..500).map(|i| i % 10).collect::<Vec<u32>>());
//! let mut batches = Rows::shuffled(counting, 8, 8, 0, 1)?;
//! let plan = Plan { steps: 100, schedule: Schedule { peak: 1e-2, ..Schedule::default() }, ..Plan::default() };
//! let mut optimizer = AdamW::default();
//! fit(&params, &mut batches, &NextToken(&decoder), &mut optimizer, &plan, None, &mut |_| ControlFlow::Continue(()))?;
//!
//! let prompt = Prompt { ids: vec![0, 1, 2], seed: 1 };
//! let limits = Limits { new_tokens: 4, context: 8, ..Limits::default() };
//! assert_eq!(generate(&decoder, &[prompt], &Greedy, &limits)?[0].ids, [3, 4, 5, 6]);
//! # Ok(())
//! # }
//! ```
//!
//! One loop, [`fit`], trains everything: pretraining, fine-tuning and reinforcement learning differ in
//! their [`Objective`] and their [`Batches`]. Parameters are a map from names to values, initialised from
//! `(seed, name)`, so that adding one changes no other. Every sum has a fixed order, hence the same run gives
//! the same bits, on one thread or on many, killed and resumed or not. Tensors are candle's; the halves of a
//! decoder's blocks are operations of our own with a backward pass, and [`Params::backward`] finds their gradients.
//!
//! Set `CANDLE_NUM_THREADS=1` where cores are shared: candle's own pool for elementwise work waits by
//! spinning, and burns several times the time that it saves. Results are the same.
//!
//! | module | what is in it |
//! |---|---|
//! | `lm`, `decoder`, `config` | the [`CausalLm`] seam, the [`Decoder`] and its [`Config`] |
//! | `budget`, `blocks` | what training takes: [`Budget`]; what a decoder is made of: [`Block`] |
//! | `architecture`, `layers` | GPT-2, Llama and nanochat, composed of the same few parts; the parts, fused |
//! | `composite` | the same from candle's own operations: the oracle |
//! | `matmul` | matrix products that have the same bits everywhere |
//! | `lora` | [`Lora`]: adapters of low rank |
//! | `inference` | prepared weights, the cache |
//! | [`ops`] | operations for losses |
//! | `params`, `random` | [`Params`] and [`Random`] |
//! | `data` | [`Tokens`], [`Rows`], [`Packed`], [`Mixture`] and the [`Batches`] seam |
//! | `train` | [`fit`], [`Objective`], [`AdamW`], [`Muon`], [`Schedule`], [`Checkpoints`] |
//! | [`checkpoint`] | Hugging Face folders |
//! | [`formats`] | GGUF and llama2.c, read |
//! | `generation` | [`generate()`], [`Decoding`] with rows that join and leave, [`Sampler`], [`Draw`] |
//! | `evaluate` | [`evaluate()`] |
//! | `ngram` | [`KneserNey`], what counting alone predicts |

mod architecture;
mod blocks;
mod budget;
mod buffer;
pub mod checkpoint;
mod composite;
mod config;
mod data;
mod decoder;
mod error;
mod evaluate;
pub mod formats;
mod generation;
mod inference;
mod kernel;
mod layers;
mod lm;
mod lora;
mod matmul;
mod ngram;
pub mod ops;
mod params;
mod random;
mod train;
mod weight;

pub use blocks::Block;
pub use budget::Budget;
pub use config::{Config, Family};
pub use data::{Batches, Cursor, Mixture, Packed, Rows, TokenBatch, Tokens, Width, best_fit};
pub use decoder::{Composite, Decoder};
pub use error::{Error, Result};
pub use evaluate::{Evaluation, evaluate};
pub use generation::{Completion, Decoding, Draw, End, Greedy, Limits, Prompt, Sampler, Step, generate};
pub use kernel::kernel_class;
pub use layers::Recompute;
pub use lm::{Cache, CausalLm, Input, Trace};
pub use lora::Lora;
pub use ngram::KneserNey;
pub use params::{Initial, Params};
pub use random::Random;
pub use train::{
    AdamW, AdamWSettings, Checkpoints, Decay, Gradients, Group, Guard, Loss, Muon, NextToken, Objective,
    Optimizer, Plan, Progress, Schedule, Summary, fit,
};
