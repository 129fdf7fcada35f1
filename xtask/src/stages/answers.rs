//! Questions to a model, and what it says first: the likeliest token each time.

use anyhow::ensure;
use bpe::{Bpe, Tokenizer};
use model::{Decoder, Greedy, Limits, Prompt, generate};
use pipeline::{Input, Io};
use shard::Tokens;

use super::{shards, special, words};

/// Prompts continued together.
const BATCH: usize = 64;

/// At most `tokens` tokens after each prompt, as text, in the order of the prompts.
pub(super) fn to(
    prompts: &[&str],
    tokens: usize,
    bpe: &Bpe,
    decoder: &Decoder,
    io: &Io,
) -> anyhow::Result<Vec<String>> {
    let begin = special::id(bpe.vocabulary(), "<|bos|>")?;
    let context = decoder.config().context;
    let mut asked: Vec<(usize, Prompt)> = vec![];
    for (at, prompt) in prompts.iter().enumerate() {
        let mut ids = vec![begin];
        bpe.encode(prompt, &mut ids);
        ensure!(ids.len() + tokens <= context, "a context of {context} is too short for {prompt:?}");
        asked.push((at, Prompt { ids, seed: 0 }));
    }
    // prompts of one length in one batch: no padding is computed
    asked.sort_by_key(|(_, prompt)| prompt.ids.len());
    let limits = Limits { new_tokens: tokens, context, stop: vec![begin], ..Limits::default() };
    let model = decoder.detached();
    let mut answers = vec![String::new(); prompts.len()];
    io.progress().length(asked.len() as u64);
    for batch in asked.chunks(BATCH) {
        let prompts: Vec<Prompt> = batch.iter().map(|(_, prompt)| prompt.clone()).collect();
        let completions = generate(&model, &prompts, &Greedy, &limits)?;
        for ((at, _), completion) in batch.iter().zip(completions) {
            answers[*at] = words::of(bpe, &completion.ids);
        }
        io.progress().advance(batch.len() as u64);
    }
    Ok(answers)
}

/// Whether `said` begins with `object`, and with no longer word.
pub(super) fn are(said: &str, object: &str) -> bool {
    let after = said.trim_start().strip_prefix(object);
    after.is_some_and(|after| !after.starts_with(|letter: char| letter.is_alphanumeric()))
}

/// How often training read its text; 1 where the checkpoint does not say.
pub(super) fn epochs(read: Option<u64>, text: Option<u64>) -> f64 {
    match (read, text) {
        (Some(read), Some(text)) if text > 0 => read as f64 / text as f64,
        _ => 1.0,
    }
}

/// Shows `visit` every document that was trained on, read from its ids: what filter, deduplication and held-out documents
/// took is not there.
pub(super) fn each_training_text(
    tokens: &Input,
    bpe: &Bpe,
    mut visit: impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut bytes = vec![];
    for batch in shards::read_all::<Tokens>(tokens) {
        for row in batch?.rows().filter(|row| !row.validation) {
            bytes.clear();
            bpe.decode(row.ids, &mut bytes);
            visit(&String::from_utf8_lossy(&bytes));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{are, epochs};

    #[test]
    fn an_answer_is_a_whole_word() {
        assert!(are(" baker in the town", "baker") && are("old mill.", "old mill"));
        assert!(!are(" bakery", "baker") && !are(" a baker", "baker") && !are("", "baker"));
    }

    #[test]
    fn a_checkpoint_that_does_not_say_was_trained_once() {
        assert_eq!(
            (epochs(None, Some(5)), epochs(Some(5), Some(0)), epochs(Some(9), Some(6))),
            (1.0, 1.0, 1.5)
        );
    }
}
