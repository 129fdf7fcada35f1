//! The hashes that name a text's shingles: n words in a row, joined by spaces.
//!
//! All words are laid into one buffer with a space between, so that a shingle is a range of it.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the features of its caller"
)]

use super::minhash::HashFunction;
use super::normalise::{Normalisation, normalise};
use crate::hash::{LANES, ONE_BLOCK, sha1_prefix, sha1_prefixes, xxh64};
use crate::text::split_words;

/// Hashes of the shingles of `size` words of `text`, in order, repeats included.
pub(super) fn shingles(text: &str, order: Normalisation, size: usize, hash: HashFunction) -> Vec<u64> {
    let text = normalise(text, order);
    let mut joined: Vec<u8> = Vec::with_capacity(text.len() + text.len() / 8);
    let mut words: Vec<(usize, usize)> = Vec::with_capacity(text.len() / 4);
    split_words(&text, |word| {
        let start = joined.len();
        joined.extend_from_slice(word.as_bytes());
        words.push((start, joined.len()));
        joined.push(b' ');
    });
    match hash {
        HashFunction::Xxh64 => {
            words.windows(size).map(|window| xxh64(&joined[window[0].0..window[size - 1].1], 0)).collect()
        }
        HashFunction::Sha1 => pulp::Arch::new().dispatch(SideBySide { joined: &joined, words: &words, size }),
    }
}

/// SHA-1 of several shingles at a time.
struct SideBySide<'a> {
    joined: &'a [u8],
    words: &'a [(usize, usize)],
    size: usize,
}

impl pulp::NullaryFnOnce for SideBySide<'_> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn call(self) -> Vec<u64> {
        let count = (self.words.len() + 1).saturating_sub(self.size);
        let shingle = |at: usize| &self.joined[self.words[at].0..self.words[at + self.size - 1].1];
        let mut hashes = vec![0; count];
        for (group, hashes) in hashes.chunks_mut(LANES).enumerate() {
            let first = group * LANES;
            let shingles =
                std::array::from_fn(|lane| if first + lane < count { shingle(first + lane) } else { &[] });
            if shingles.iter().all(|shingle| shingle.len() <= ONE_BLOCK) {
                hashes.copy_from_slice(&sha1_prefixes(shingles)[..hashes.len()]);
            } else {
                for (hash, shingle) in hashes.iter_mut().zip(shingles) {
                    *hash = sha1_prefix(shingle);
                }
            }
        }
        hashes
    }
}
