//! Continuing prompts, a token at a time.

mod decoding;
mod draw;
mod known;
mod reading;
mod sampler;

pub use decoding::{Decoding, End, Step};
pub use draw::Draw;
pub use sampler::{Greedy, Sampler};

use crate::{CausalLm, Result};

/// A text to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its tokens, at least one.
    pub ids: Vec<u32>,
    /// Names the random numbers of this row; another row's do not depend on it.
    pub seed: u64,
}

/// When a continuation ends, and what is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most tokens to add.
    pub new_tokens: usize,
    /// Most positions in all: the model's context.
    pub context: usize,
    /// Ids that end a text.
    pub stop: Vec<u32>,
    /// How many of the likeliest tokens are told at each place.
    pub alternatives: usize,
}

/// What was added to a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// The new tokens, without the one that ended them.
    pub ids: Vec<u32>,
    /// The stop token, or `None` where a limit came first.
    pub stopped_by: Option<u32>,
    /// Log-probability of each new token by the model, before a sampler changed anything; that of the stop token last.
    pub log_probs: Vec<f32>,
    /// At each place the likeliest tokens and their log-probabilities, where the limits ask for them.
    pub alternatives: Vec<Vec<(u32, f32)>>,
}

/// Continues all prompts together; row `i` of the result belongs to prompt `i`.
///
/// Prompts may differ in length, and equal ones are read once. Whoever wants tokens as they come, or rows that join
/// later, uses a [`Decoding`].
pub fn generate(
    model: &dyn CausalLm,
    prompts: &[Prompt],
    sampler: &dyn Sampler,
    limits: &Limits,
) -> Result<Vec<Completion>> {
    let mut completions = vec![Completion::default(); prompts.len()];
    if limits.new_tokens == 0 {
        return Ok(completions);
    }
    let mut decoding = Decoding::new(model);
    for prompt in prompts {
        decoding.join(prompt.clone(), sampler, limits.clone())?;
    }
    while !decoding.is_empty() {
        for step in decoding.step()? {
            completions[step.row as usize].add(step);
        }
    }
    Ok(completions)
}
