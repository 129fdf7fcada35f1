use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Pattern;

/// How to train a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Size of the vocabulary: 256 bytes, the learned merges and the 32 special tokens.
    #[schemars(extend("unit" = "tokens", "source" = "nanochat trains 32,768 to 65,536"))]
    pub vocab_size: u32,
    /// Where text is cut before pairs are counted; no token crosses a cut.
    #[schemars(extend("unit" = "", "source" = "nanochat, tokenizer.py: GPT-4's pattern with \\p{N}{1,2}"))]
    pub pattern: Pattern,
    /// Which of equally frequent pairs is merged first, and how bytes are numbered.
    #[schemars(extend("unit" = "", "source" = "rustbpe and Hugging Face tokenizers 0.23"))]
    pub tie_break: TieBreak,
    /// A pair seen fewer times is not merged, even if the vocabulary stays smaller than asked.
    #[schemars(extend("unit" = "occurrences", "source" = "Hugging Face ByteLevelBPETokenizer.train: 2"))]
    pub min_frequency: u64,
    /// What counting may take, about; more distinct words than fit are an error, not an exhausted machine. 0 is no bound.
    #[schemars(extend("unit" = "bytes"))]
    pub max_memory: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            vocab_size: 32_768,
            pattern: Pattern::default(),
            tie_break: TieBreak::default(),
            min_frequency: 2,
            max_memory: 0,
        }
    }
}

/// Of equally frequent pairs the one with the smaller (left id, right id) is merged first; this says how bytes are
/// numbered, and so which pair that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TieBreak {
    /// A byte's id is its value, as in rustbpe.
    #[default]
    RawBytes,
    /// Printable bytes first, in the order of GPT-2's byte-level alphabet, as in Hugging Face's trainer.
    HuggingFace,
}
