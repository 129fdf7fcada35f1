//! Special tokens that a stage cannot do without.

use anyhow::Context;
use bpe::Vocabulary;

/// The id of the special token of this name.
pub(super) fn id(vocabulary: &Vocabulary, name: &str) -> anyhow::Result<u32> {
    vocabulary.special(name).with_context(|| format!("the tokenizer has no token {name}"))
}
