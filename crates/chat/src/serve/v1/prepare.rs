//! How long an answer may be.

use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal};

/// Likely tokens that are told at each place, at most.
pub(super) const MOST_ALTERNATIVES: usize = 20;

/// Tokens that an answer behind `prompt` tokens may have: as many as it asks for, `default` where it does not say, and no
/// more than the context has room for.
pub(super) fn room(loaded: &Loaded, prompt: usize, asked: Option<usize>, default: usize) -> Answer<usize> {
    let context = loaded.card.config.context;
    if prompt >= context {
        let message =
            format!("the prompt has {prompt} tokens, and the model reads {context} with its answer");
        return Err(Refusal::too_long(message));
    }
    match asked {
        Some(0) => Err(Refusal::invalid("max_tokens", "an answer has at least one token")),
        asked => Ok(asked.unwrap_or(default).min(context - prompt)),
    }
}
