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
    /// Where each token begins, in characters of prompt and completion; of a token within a character, where that begins.
    text_offset: Vec<usize>,
    /// Ours.
    token_ids: Vec<u32>,
    /// Ours: the likeliest first.
    top_token_ids: Vec<Vec<u32>>,
}

impl CompletionLogProbs {
    /// Adds a token; `begun` counts the characters that have begun, and goes on behind it.
    pub(super) fn push(&mut self, step: &Step, begun: &mut usize, tokenizer: &dyn Tokenizer) {
        let TokenLogProb { token, top_logprobs } = TokenLogProb::new(step, tokenizer);
        let within = token.bytes.first().is_some_and(|byte| !begins_character(*byte));
        self.text_offset.push(begun.saturating_sub(usize::from(within)));
        *begun += token.bytes.iter().filter(|byte| begins_character(**byte)).count();
        self.tokens.push(token.token);
        self.token_logprobs.push(token.logprob);
        self.token_ids.push(step.id);
        self.top_token_ids.push(top_logprobs.iter().map(|scored| scored.token_id).collect());
        // parts of characters share a name: the likelier stays
        let mut top = std::collections::BTreeMap::new();
        for scored in top_logprobs {
            top.entry(scored.token).or_insert(scored.logprob);
        }
        self.top_logprobs.push(top);
    }
}

/// Whether a byte of UTF-8 is the first of a character (RFC 3629, section 3).
fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

/// JSON has no infinity.
fn finite(log_prob: f32) -> f32 {
    if log_prob.is_finite() { log_prob } else { NEVER }
}

#[cfg(test)]
mod tests {
    use bpe::Tokenizer;
    use model::Step;

    use super::CompletionLogProbs;
    use crate::serve::house::House;

    #[test]
    fn parts_of_a_character_begin_where_it_begins() {
        let house = House::new();
        let (mut told, mut begun, mut text) = (CompletionLogProbs::default(), 3, vec![]);
        for id in house.ids("é \u{1f332}x") {
            let step = Step { row: 0, id, log_prob: -1.0, alternatives: vec![], end: None };
            told.push(&step, &mut begun, &house.bpe);
            house.bpe.decode(&[id], &mut text);
        }
        assert_eq!((String::from_utf8(text).unwrap(), begun), ("é \u{1f332}x".to_owned(), 7));
        assert_eq!(told.text_offset, [3, 3, 4, 5, 5, 5, 5, 6]);
    }
}
