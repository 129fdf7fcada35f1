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

/// A key that equal texts share: 128 bits of BLAKE3 over the normalised text, so that case, marks, numbers and
/// spacing make no difference. A text of marks only has the key of an empty one.
pub fn text_key(text: &str) -> u128 {
    let hash = blake3::hash(normalise(text, Normalisation::Fineweb2025).as_bytes());
    let half = |range: std::ops::Range<usize>| {
        hash.as_bytes()[range].iter().fold(0, |key, &b| key << 8 | u128::from(b))
    };
    half(0..16)
}
