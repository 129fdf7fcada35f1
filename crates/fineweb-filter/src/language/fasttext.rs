//! Models of fastText: text to label.
//!
//! A text is the mean of vectors: of its words, and of the n-grams of letters of each word between `<` and `>`, which
//! share rows of a matrix by their hash. The mean goes through a linear layer, whose outputs are the nodes of a binary
//! tree over the labels (hierarchical softmax) or the labels themselves. Quantised models drop most rows and keep the
//! others as codes (Joulin et al. 2016, <https://arxiv.org/abs/1612.03651>).
//!
//! Answers are those of the library, to rounding. Rows are unpacked when a model is read, and those of known words
//! summed up; so one addition of a vector is what a known word costs.

mod bytes;
mod matrix;
mod output;
mod read;
mod rows;

use std::path::Path;

use rustc_hash::FxHashMap;

use super::codes::short_code;
use super::{Detector, Language};
use crate::error::{Error, Result};
use matrix::Matrix;
use output::Output;
use rows::Rows;

/// The word that stands for the end of a line.
const END: &[u8] = b"</s>";
/// What begins a label; such words of a text are passed over.
const LABEL: &str = "__label__";

/// A model of fastText with labels of languages (`__label__en`), plain (`.bin`) or quantised (`.ftz`).
#[derive(Debug)]
pub struct FastText {
    /// A vector for each known word: its own and those of its n-grams, summed up.
    words: FxHashMap<Box<[u8]>, Known>,
    sums: Matrix,
    input: Matrix,
    rows: Rows,
    ngrams: Ngrams,
    output: Output,
    labels: Vec<&'static str>,
}

/// A word of the dictionary: which row of sums, and of how many vectors it is one.
#[derive(Clone, Copy, Debug)]
struct Known {
    row: u32,
    vectors: u32,
}

/// Lengths of n-grams.
#[derive(Clone, Copy, Debug)]
struct Ngrams {
    min_letters: usize,
    max_letters: usize,
    /// n-grams of words, up to this length.
    max_words: usize,
}

impl FastText {
    /// Reads a model.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).map_err(|source| Error::ReadModel { path: path.to_owned(), source })?;
        Self::parse(&bytes).map_err(|problem| Error::Model { path: path.to_owned(), problem })
    }

    /// Reads a model from its bytes; the error says what is wrong with them. Takes memory in proportion to the bytes,
    /// and at most a gigabyte for what they unpack to.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        read::model(bytes)
    }

    /// The likeliest label, without `__label__`, and its probability; none for a text without words. Line feeds count
    /// as spaces. The library adds 10⁻⁵ before it takes logarithms, so what is certain is a little more than 1.
    pub fn predict(&self, text: &str) -> Option<(&'static str, f32)> {
        let mut sum = Sum { vector: vec![0.0; self.input.width()], vectors: 0 };
        let (mut hashes, mut word) = (vec![], vec![]);
        let ended = text
            .as_bytes()
            .split(|byte| b" \n\r\t\x0b\x0c\0".contains(byte))
            .filter(|token| !token.is_empty())
            .chain([END])
            .any(|token| {
                self.add_word(token, &mut sum, &mut word, &mut hashes);
                token == END
            });
        debug_assert!(ended, "the end is always a token");
        self.add_word_ngrams(&hashes, &mut sum);
        if sum.vectors == 0 {
            return None;
        }
        let mean = 1.0 / sum.vectors as f32;
        sum.vector.iter_mut().for_each(|x| *x *= mean);
        let (label, probability) = self.output.best(&sum.vector);
        Some((self.labels[label], probability))
    }

    fn add_word(&self, token: &[u8], sum: &mut Sum, word: &mut Vec<u8>, hashes: &mut Vec<i32>) {
        if let Some(&Known { row, vectors }) = self.words.get(token) {
            sum.add(self.sums.row(row as usize), vectors);
        } else if token.starts_with(LABEL.as_bytes()) {
            return;
        } else if token != END {
            marked(token, word);
            self.ngrams.for_each(word, |hash| self.add_bucket(u64::from(hash), sum));
        }
        if self.ngrams.max_words > 1 {
            hashes.push(token.iter().fold(FNV_OFFSET, |hash, &byte| fnv(hash, byte)) as i32);
        }
    }

    /// n-grams of words: their hashes are mixed, sign and all.
    fn add_word_ngrams(&self, hashes: &[i32], sum: &mut Sum) {
        for (at, &first) in hashes.iter().enumerate() {
            let mut mixed = i64::from(first) as u64;
            for &next in hashes[at + 1..].iter().take(self.ngrams.max_words.saturating_sub(1)) {
                mixed = mixed.wrapping_mul(116_049_371).wrapping_add(i64::from(next) as u64);
                self.add_bucket(mixed, sum);
            }
        }
    }

    #[inline]
    fn add_bucket(&self, hash: u64, sum: &mut Sum) {
        if let Some(row) = self.rows.of(hash) {
            sum.add(self.input.row(row), 1);
        }
    }
}

impl Detector for FastText {
    fn detect(&self, text: &str) -> Option<Language> {
        let (code, probability) = self.predict(text)?;
        Some(Language { code, score: f64::from(probability) })
    }

    fn name(&self, code: &str) -> Option<&'static str> {
        self.labels.iter().copied().find(|label| *label == code || *label == short_code(code))
    }
}

struct Sum {
    vector: Vec<f32>,
    vectors: u32,
}

impl Sum {
    #[inline]
    fn add(&mut self, row: &[f32], vectors: u32) {
        for (x, y) in self.vector.iter_mut().zip(row) {
            *x += y;
        }
        self.vectors += vectors;
    }
}

/// A word between the marks of its beginning and end.
fn marked(token: &[u8], word: &mut Vec<u8>) {
    word.clear();
    word.push(b'<');
    word.extend_from_slice(token);
    word.push(b'>');
}

impl Ngrams {
    /// Shows the hash of each n-gram of letters of a marked word; the marks alone are none.
    #[inline]
    fn for_each(self, word: &[u8], mut take: impl FnMut(u32)) {
        let continues = |byte: u8| byte & 0xc0 == 0x80;
        for start in 0..word.len() {
            if continues(word[start]) {
                continue;
            }
            let (mut hash, mut end) = (FNV_OFFSET, start);
            for letters in 1..=self.max_letters {
                if end == word.len() {
                    break;
                }
                hash = fnv(hash, word[end]);
                end += 1;
                while end < word.len() && continues(word[end]) {
                    hash = fnv(hash, word[end]);
                    end += 1;
                }
                let mark = letters == 1 && (start == 0 || end == word.len());
                if letters >= self.min_letters && !mark {
                    take(hash);
                }
            }
        }
    }
}

const FNV_OFFSET: u32 = 2_166_136_261;

/// One step of FNV-1a, with bytes as signed numbers, as in the library.
#[inline]
fn fnv(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as i8 as u32).wrapping_mul(16_777_619)
}
