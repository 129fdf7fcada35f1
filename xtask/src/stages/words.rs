//! What a model wrote, as people read it.

use bpe::{Bpe, Tokenizer};

/// The words of some ids; bytes that are no text become marks.
pub(super) fn of(bpe: &Bpe, ids: &[u32]) -> String {
    let mut bytes = vec![];
    bpe.decode(ids, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
