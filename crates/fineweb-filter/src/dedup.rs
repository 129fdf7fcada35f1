//! Finding documents that say the same: exactly, or nearly (MinHash).
//!
//! Signing looks at one document, clustering at all signatures; so signing spreads over any number of workers and
//! clustering needs 8 bytes per band and document, never a text.

mod cluster;
mod minhash;
mod normalise;
mod numpy;

pub use cluster::{Member, Place, cluster};
pub use minhash::{HashFunction, MinHash, MinHashSettings, Signature, Signer};
pub use normalise::{Normalisation, normalise};

/// A key that equal texts share: 128 bits of BLAKE3 over the words as written, so that only spacing makes no
/// difference. Texts that differ in case, marks or numbers are for the signatures to find.
pub fn text_key(text: &str) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for word in text.split_whitespace() {
        hasher.update(word.as_bytes()).update(b" ");
    }
    let hash = hasher.finalize();
    u128::from_be_bytes(hash.as_bytes()[..16].try_into().expect("sixteen bytes"))
}
