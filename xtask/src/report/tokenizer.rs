//! A tokenizer: how large, how tight, what it learned first and last, and a sentence as it sees it.

use bpe::{Bpe, Tokenizer as _, Vocabulary};
use serde::Serialize;

use super::run::{Run, Stage};
use crate::lines::visible;

/// Tokens of each kind that are shown.
const SHOWN: usize = 24;

/// One tokenizer.
#[derive(Serialize)]
pub(super) struct Tokenizer {
    stage: String,
    /// All ids, special tokens included.
    pub(super) size: usize,
    learned: usize,
    special: usize,
    /// Of the documents that were encoded with it.
    bytes_per_token: Option<f64>,
    tokens_per_byte: Option<f64>,
    first: Vec<String>,
    last: Vec<String>,
    longest: Vec<String>,
    /// The beginning of a kept document, token by token.
    cut: Vec<String>,
}

pub(super) fn of(run: &Run, stage: &Stage, beginning: Option<&str>) -> anyhow::Result<Option<Tokenizer>> {
    let Some((directory, _)) = stage.outputs("tokenizer/1").next() else { return Ok(None) };
    let bpe = Bpe::load(&directory)?;
    let vocabulary = bpe.vocabulary();
    // the alphabet has one byte a token and is given, not learned
    let learned: Vec<u32> =
        vocabulary.tokens().filter(|(_, token)| token.len() > 1).map(|(id, _)| id).collect();
    let mut longest = learned.clone();
    longest.sort_by_key(|&id| std::cmp::Reverse(vocabulary.token(id).map_or(0, <[u8]>::len)));
    let shown = |ids: &[u32]| ids.iter().take(SHOWN).map(|&id| token(vocabulary, id)).collect();
    let mut ids = vec![];
    let sentence: String = beginning.unwrap_or_default().chars().take(280).collect();
    bpe.encode(&sentence, &mut ids);
    let bytes_per_token = bytes_per_token(run, stage);
    Ok(Some(Tokenizer {
        stage: stage.name().to_owned(),
        size: vocabulary.size(),
        learned: learned.len(),
        special: vocabulary.specials().count(),
        bytes_per_token,
        tokens_per_byte: bytes_per_token.map(f64::recip),
        first: shown(&learned),
        last: shown(&learned[learned.len().saturating_sub(SHOWN)..]),
        longest: shown(&longest),
        cut: ids.iter().map(|&id| token(vocabulary, id)).collect(),
    }))
}

/// A token as people can read it: parts of characters are `�`.
fn token(vocabulary: &Vocabulary, id: u32) -> String {
    visible(&String::from_utf8_lossy(vocabulary.token(id).unwrap_or_default()))
}

/// From the stages that encoded text with this tokenizer, where they counted both sides.
fn bytes_per_token(run: &Run, tokenizer: &Stage) -> Option<f64> {
    let reads = |stage: &Stage| {
        let mut sources = stage.from().values().filter_map(|from| run.source(from));
        sources.any(|source| source.name() == tokenizer.name())
    };
    let encoded = run.stages.iter().filter(|stage| reads(stage));
    let counts = encoded.filter_map(|stage| stage.counter("text_bytes").zip(stage.counter("tokens")));
    let (bytes, tokens) = counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    (bytes > 0 && tokens > 0).then(|| bytes as f64 / tokens as f64)
}
