//! Continuing prompts, a token at a time.

use candle_core::{DType, Device, Tensor};

use crate::{CausalLm, Error, Input, Random, Result, Sampler};

/// A text to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its tokens, at least one.
    pub ids: Vec<u32>,
    /// Names the random numbers of this row; another row's do not depend on it.
    pub seed: u64,
}

/// When a continuation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most tokens to add.
    pub new_tokens: usize,
    /// Most positions in all: the model's context.
    pub context: usize,
    /// Ids that end a text.
    pub stop: Vec<u32>,
}

/// What was added to a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The new tokens, without the one that ended them.
    pub ids: Vec<u32>,
    /// The stop token, or `None` where a limit came first.
    pub stopped_by: Option<u32>,
}

/// Continues all prompts together; row `i` of the result belongs to prompt `i`.
///
/// Prompts may differ in length. They share one pass over their tokens and then one pass per new token; a
/// row that has ended leaves the batch.
pub fn generate(
    model: &dyn CausalLm,
    prompts: &[Prompt],
    sampler: &dyn Sampler,
    limits: &Limits,
) -> Result<Vec<Completion>> {
    let mut completions = vec![Completion::default(); prompts.len()];
    let mut randoms: Vec<Random> =
        prompts.iter().map(|prompt| Random::new(prompt.seed, "generate")).collect();
    if prompts.is_empty() || limits.new_tokens == 0 {
        return Ok(completions);
    }
    if prompts.iter().any(|prompt| prompt.ids.is_empty()) {
        let (expected, got) = ("at least one token".into(), "none".into());
        return Err(Error::Input { what: "prompt", expected, got });
    }
    let mut cache = model.cache(prompts.len())?;
    let mut rows: Vec<usize> = (0..prompts.len()).collect();
    let mut next: Vec<&[u32]> = prompts.iter().map(|prompt| &prompt.ids[..]).collect();
    let mut picked: Vec<u32>;
    loop {
        let (ids, lengths) = pad(&next)?;
        let hidden =
            model.hidden(&Input { lengths: Some(&lengths), ..Input::new(&ids) }, Some(&mut *cache))?;
        let last: Vec<Tensor> = lengths
            .iter()
            .enumerate()
            .map(|(row, length)| hidden.get(row)?.get(length - 1))
            .collect::<candle_core::Result<_>>()?;
        let logits = model.logits(&Tensor::stack(&last, 0)?)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        let mut alive = Vec::new();
        picked = Vec::new();
        for (at, (&row, logits)) in rows.iter().zip(&logits).enumerate() {
            let id = sampler.pick(logits, &mut randoms[row]);
            let completion = &mut completions[row];
            if limits.stop.contains(&id) {
                completion.stopped_by = Some(id);
                continue;
            }
            completion.ids.push(id);
            let positions = prompts[row].ids.len() + completion.ids.len();
            if completion.ids.len() < limits.new_tokens && positions <= limits.context {
                alive.push(at);
                picked.push(id);
            }
        }
        if alive.is_empty() {
            return Ok(completions);
        }
        if alive.len() < rows.len() {
            cache = cache.fork(&alive)?;
            rows = alive.iter().map(|&at| rows[at]).collect();
        }
        next = picked.chunks(1).collect();
    }
}

/// Rows of ids as one tensor `[B, T]`, short rows filled with zeros behind, and their lengths.
fn pad(rows: &[&[u32]]) -> Result<(Tensor, Vec<usize>)> {
    let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
    let t = lengths.iter().copied().max().unwrap_or(0);
    let ids = rows.iter().flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0, t - row.len())));
    Ok((Tensor::from_vec(ids.collect::<Vec<u32>>(), (rows.len(), t), &Device::Cpu)?, lengths))
}
