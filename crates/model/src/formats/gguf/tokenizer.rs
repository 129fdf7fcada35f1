//! The tokenizer in a GGUF file, as it stands there.
//!
//! Nothing is interpreted: texts of byte-level vocabularies still have a letter for each byte, and which
//! pattern `pre` means is for a tokenizer to know.

use super::super::bytes::wrong;
use super::{Gguf, Metadata, Value};
use crate::Result;

/// The entries `tokenizer.*` of a file. Lists that the file does not have are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GgufTokenizer {
    /// The algorithm: `gpt2` is byte-level BPE, `llama` SentencePiece.
    pub model: String,
    /// llama.cpp's name for the way that text is cut before merging.
    pub pre: Option<String>,
    /// Texts by id.
    pub tokens: Vec<String>,
    /// By id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    pub kinds: Vec<i32>,
    /// By id, SentencePiece's log-probabilities.
    pub scores: Vec<f32>,
    /// Pairs of texts, the first to be merged first.
    pub merges: Vec<(String, String)>,
    /// Stands before a text.
    pub bos: Option<u32>,
    /// Ends one.
    pub eos: Option<u32>,
    /// Stands for what has no token.
    pub unknown: Option<u32>,
    /// How a conversation becomes text, in Jinja.
    pub chat_template: Option<String>,
}

/// Takes the tokenizer out of a file. Ids that it names have tokens, and lists by id are as long as these.
pub fn tokenizer(file: &Gguf) -> Result<GgufTokenizer> {
    let metadata = &file.metadata;
    let text = |key| metadata.find(key, "a text", |value| value.as_text().map(str::to_owned));
    let tokens = metadata.need("tokenizer.ggml.tokens", "an array of texts", texts)?;
    let count = tokens.len();
    Ok(GgufTokenizer {
        model: metadata.need("tokenizer.ggml.model", "a text", Value::as_text)?.to_owned(),
        pre: text("tokenizer.ggml.pre")?,
        kinds: list(metadata, "tokenizer.ggml.token_type", count, kind)?,
        scores: list(metadata, "tokenizer.ggml.scores", count, score)?,
        merges: metadata
            .find("tokenizer.ggml.merges", "an array of two texts with a space between them", merges)?
            .unwrap_or_default(),
        bos: id(metadata, "tokenizer.ggml.bos_token_id", count)?,
        eos: id(metadata, "tokenizer.ggml.eos_token_id", count)?,
        unknown: id(metadata, "tokenizer.ggml.unknown_token_id", count)?,
        chat_template: text("tokenizer.chat_template")?,
        tokens,
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_text().map(str::to_owned)).collect()
}

fn merges(value: &Value) -> Option<Vec<(String, String)>> {
    value.as_array()?.iter().map(|merge| pair(merge.as_text()?)).collect()
}

/// Cuts at the first space that has a text before it.
fn pair(merge: &str) -> Option<(String, String)> {
    let (at, _) = merge.char_indices().skip(1).find(|&(_, letter)| letter == ' ')?;
    let (left, right) = (&merge[..at], &merge[at + 1..]);
    (!right.is_empty()).then(|| (left.to_owned(), right.to_owned()))
}

fn kind(value: &Value) -> Option<i32> {
    i32::try_from(value.as_whole()?).ok()
}

fn score(value: &Value) -> Option<f32> {
    value.as_number().map(|number| number as f32)
}

/// A list with an element a token, or none.
fn list<T>(
    metadata: &Metadata,
    key: &str,
    count: usize,
    convert: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>> {
    let numbers = |value: &Value| value.as_array()?.iter().map(&convert).collect::<Option<Vec<T>>>();
    let Some(list) = metadata.find(key, "an array of numbers", numbers)? else { return Ok(Vec::new()) };
    if list.len() == count {
        return Ok(list);
    }
    Err(wrong(&metadata.path, key, format!("one for each of {count} tokens"), list.len().to_string()))
}

fn id(metadata: &Metadata, key: &str, count: usize) -> Result<Option<u32>> {
    let expected = format!("an id below {count}");
    let below = |value: &Value| value.as_whole().filter(|&id| id < count);
    Ok(metadata.find(key, &expected, below)?.map(|id| id as u32))
}
