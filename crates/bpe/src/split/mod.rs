//! Cutting text into chunks that no merge crosses.

mod block;
mod cl100k;
mod class;
mod cursor;
mod gpt2;
mod o200k;
mod regex;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Result;
use cl100k::{CL100K, Cl100k, NANOCHAT, Trailing};
use gpt2::{GPT2, Gpt2};
use o200k::{O200K, O200k};

/// Cuts text into chunks; each is encoded on its own.
///
/// ```
/// /// One chunk a line.
/// struct Lines;
/// impl bpe::PreTokenizer for Lines {
///     fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
///         text.split_inclusive('\n').for_each(chunk);
///     }
/// }
/// let settings = bpe::Settings { vocab_size: 300, ..Default::default() };
/// let mut trainer = bpe::Trainer::new(settings)?.with_pre_tokenizer(std::sync::Arc::new(Lines));
/// trainer.feed(&["to be or not to be\n"; 2]);
/// assert_eq!(trainer.train()?.report.distinct_words, 1);
/// # Ok::<(), bpe::Error>(())
/// ```
pub trait PreTokenizer: Send + Sync {
    /// Calls `chunk` for each chunk in order; the chunks are not empty and concatenate to `text`.
    fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str));

    /// Calls `batch` with where the next chunks end, in bytes of `text`, some hundred at a time; the last end of all is
    /// the end of the text.
    fn split_batches(&self, text: &str, batch: &mut dyn FnMut(&[usize])) {
        let mut ends = Vec::with_capacity(BATCH);
        let mut end = 0;
        self.split(text, &mut |chunk| {
            if chunk.is_empty() {
                return;
            }
            end += chunk.len();
            ends.push(end);
            if ends.len() == BATCH {
                batch(&ends);
                ends.clear();
            }
        });
        batch(&ends);
    }
}

/// Ends that the default of [`PreTokenizer::split_batches`] gathers.
const BATCH: usize = 256;

/// The pattern by which text is cut into chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// GPT-2's: numbers of any length are one chunk.
    Gpt2,
    /// GPT-4's (`cl100k_base`): numbers in groups of three digits.
    Cl100k,
    /// GPT-4o's (`o200k_base`): words are also cut before capitals.
    O200k,
    /// GPT-4's with groups of two digits, as nanochat trains.
    ///
    /// The default: groups of three would spend over a thousand tokens of a small vocabulary on numbers.
    #[default]
    Nanochat,
    /// Any regular expression; known ones run as fast as the named patterns.
    Regex(String),
}

impl Pattern {
    /// The regular expression that defines the pattern.
    pub fn regex(&self) -> &str {
        match self {
            Self::Gpt2 => GPT2,
            Self::Cl100k => CL100K,
            Self::O200k => O200K,
            Self::Nanochat => NANOCHAT,
            Self::Regex(pattern) => pattern,
        }
    }

    /// The named pattern with this regular expression, or the expression itself.
    pub fn from_regex(regex: &str) -> Self {
        let named = [Self::Gpt2, Self::Cl100k, Self::O200k, Self::Nanochat];
        named
            .into_iter()
            .find(|known| known.regex() == regex)
            .unwrap_or_else(|| Self::Regex(regex.to_owned()))
    }

    /// What cuts by this pattern: a hand-written scanner where there is one.
    pub fn pre_tokenizer(&self) -> Result<Arc<dyn PreTokenizer>> {
        Ok(match self {
            Self::Gpt2 => Arc::new(Gpt2),
            Self::Cl100k => Arc::new(Cl100k { digits: 3, trailing: Trailing::Whole }),
            Self::O200k => Arc::new(O200k),
            Self::Nanochat => Arc::new(Cl100k { digits: 2, trailing: Trailing::Lines }),
            Self::Regex(pattern) => match published(pattern) {
                Some(digits) => Arc::new(Cl100k { digits, trailing: Trailing::Lines }),
                None => Arc::new(regex::Pieces::new(pattern)?),
            },
        })
    }
}

/// Digits in a group, for spellings of the GPT-4 pattern found in published `tokenizer.json` files.
fn published(pattern: &str) -> Option<usize> {
    let spellings = [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ];
    let at = spellings.iter().position(|known| *known == pattern)?;
    Some([3, 3, 1][at])
}
