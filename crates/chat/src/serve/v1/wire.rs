//! What all answers carry: a name, a time, a count of tokens.

use schemars::JsonSchema;
use serde::Serialize;

/// How many tokens it took.
#[allow(clippy::struct_field_names, reason = "the names are those of the API")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl Usage {
    pub(super) fn new(prompt_tokens: usize, completion_tokens: usize) -> Self {
        Self { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
    }
}

/// Seconds since 1970, which clients expect beside an answer. No answer depends on it.
#[allow(clippy::disallowed_methods, reason = "the one place where the API tells the time")]
pub(super) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
