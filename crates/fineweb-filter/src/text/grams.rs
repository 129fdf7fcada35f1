//! Word n-grams as numbers.
//!
//! The key of an n-gram is a polynomial over the hashes of its words, taken from prefix sums, so that it costs
//! one product for any n. Two different n-grams share a key with a chance of about 2⁻⁶¹ per pair: no verdict
//! hangs on that.

use crate::hash::{mersenne61, mersenne61_product, xxh64};

const BASE: u64 = 0x1234_5678_9abc_def1;

/// Keys and lengths of all word n-grams of a text.
#[derive(Debug)]
pub struct Grams {
    prefix: Vec<u64>,
    chars: Vec<u32>,
}

impl Grams {
    /// Reads the words once.
    pub fn new(words: &[&str]) -> Self {
        let mut prefix = Vec::with_capacity(words.len() + 1);
        let mut chars = Vec::with_capacity(words.len() + 1);
        let (mut key, mut length) = (0, 0u32);
        prefix.push(0);
        chars.push(0);
        for word in words {
            key = mersenne61(mersenne61_product(key, BASE) + mersenne61(xxh64(word.as_bytes(), 0)));
            length = length.saturating_add(word.chars().count() as u32);
            prefix.push(key);
            chars.push(length);
        }
        Self { prefix, chars }
    }

    /// Number of words.
    pub fn words(&self) -> usize {
        self.prefix.len() - 1
    }

    /// Code points in the words `at .. at + n`, without what stands between them.
    pub fn chars(&self, at: usize, n: usize) -> usize {
        (self.chars[at + n] - self.chars[at]) as usize
    }

    /// Keys of all n-grams in order; none where the text has fewer than n words.
    pub fn keys(&self, n: usize) -> impl Iterator<Item = u64> {
        let power = (0..n).fold(1, |power, _| mersenne61_product(power, BASE));
        let last = self.words().checked_sub(n).filter(|_| n > 0);
        let count = last.map_or(0, |last| last + 1);
        (0..count).map(move |at| {
            let before = mersenne61_product(self.prefix[at], power);
            mersenne61(self.prefix[at + n] + crate::hash::MERSENNE_61 - before)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Grams;

    #[test]
    fn equal_words_have_equal_keys() {
        let grams = Grams::new(&["a", "bc", "d", "a", "bc", "d", "abc"]);
        let keys: Vec<_> = grams.keys(3).collect();
        assert_eq!(keys.len(), 5);
        assert_eq!(keys[0], keys[3]);
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(grams.chars(1, 3), 4);
        assert_eq!(grams.keys(8).count(), 0);
    }
}
