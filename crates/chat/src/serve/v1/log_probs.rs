//! Log-probabilities of tokens, in both of OpenAI's shapes. They are the model's own, before a sampler changed anything.

use bpe::Tokenizer;
use model::Step;
use schemars::JsonSchema;
use serde::Serialize;

/// What OpenAI's API says for minus infinity.
const NEVER: f32 = -9999.0;

/// A token that was drawn, among others that were likely.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TokenLogProb {
    #[serde(flatten)]
    token: Scored,
    top_logprobs: Vec<Scored>,
}

/// A token and its log-probability.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Scored {
    /// Its text; U+FFFD where it is part of a character.
    token: String,
    logprob: f32,
    bytes: Vec<u8>,
    /// Ours.
    token_id: u32,
}

impl Scored {
    fn new(id: u32, log_prob: f32, tokenizer: &dyn Tokenizer) -> Self {
        let mut bytes = vec![];
        tokenizer.decode(&[id], &mut bytes);
        let token = String::from_utf8_lossy(&bytes).into_owned();
        Self { token, logprob: finite(log_prob), bytes, token_id: id }
    }
}

impl TokenLogProb {
    pub(super) fn new(step: &Step, tokenizer: &dyn Tokenizer) -> Self {
        let scored = |&(id, log_prob): &(u32, f32)| Scored::new(id, log_prob, tokenizer);
        Self {
            token: Scored::new(step.id, step.log_prob, tokenizer),
            top_logprobs: step.alternatives.iter().map(scored).collect(),
        }
    }
}

/// The log-probabilities of a chat's answer.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ChatLogProbs {
    pub(super) content: Vec<TokenLogProb>,
}

/// The log-probabilities of a completion.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct CompletionLogProbs {
    tokens: Vec<String>,
    token_logprobs: Vec<f32>,
    top_logprobs: Vec<std::collections::BTreeMap<String, f32>>,
    /// Where each token begins, in characters of prompt and completion.
    text_offset: Vec<usize>,
    /// Ours.
    token_ids: Vec<u32>,
    /// Ours: the likeliest first.
    top_token_ids: Vec<Vec<u32>>,
}

impl CompletionLogProbs {
    pub(super) fn push(&mut self, step: &Step, offset: usize, tokenizer: &dyn Tokenizer) {
        let TokenLogProb { token, top_logprobs } = TokenLogProb::new(step, tokenizer);
        self.tokens.push(token.token);
        self.token_logprobs.push(token.logprob);
        self.token_ids.push(step.id);
        self.text_offset.push(offset);
        self.top_token_ids.push(top_logprobs.iter().map(|scored| scored.token_id).collect());
        // parts of characters share a name: the likelier stays
        let mut top = std::collections::BTreeMap::new();
        for scored in top_logprobs {
            top.entry(scored.token).or_insert(scored.logprob);
        }
        self.top_logprobs.push(top);
    }

    /// Characters of the last token.
    pub(super) fn last_length(&self) -> usize {
        self.tokens.last().map_or(0, |token| token.chars().count())
    }
}

/// JSON has no infinity.
fn finite(log_prob: f32) -> f32 {
    if log_prob.is_finite() { log_prob } else { NEVER }
}
