//! Learning a vocabulary from text.

mod learn;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::alphabet::BYTE_ORDER;
use crate::parts::{Parts, within_limit};
use crate::words::Words;
use crate::{Bpe, Error, PreTokenizer, Result, SPECIAL_TOKENS, Vocabulary};
use learn::learn;
pub use settings::{Settings, TieBreak};

/// Counts the words of texts, then learns merges from the counts.
///
/// Memory grows with the distinct words, not with the text. The result depends on the texts as a multiset: not on
/// their order, on how they are grouped into calls of [`feed`](Self::feed), or on threads.
pub struct Trainer {
    settings: Settings,
    splitter: Arc<dyn PreTokenizer>,
    own_splitter: bool,
    /// One a thread of the pool.
    counts: Vec<Counts>,
}

/// A tokenizer and how it came about.
#[derive(Debug)]
pub struct Trained {
    /// The tokenizer.
    pub tokenizer: Bpe,
    /// How it came about.
    pub report: Report,
}

/// What training saw and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Chunks in the texts.
    pub words: u64,
    /// Different chunks.
    pub distinct_words: u64,
    /// Bytes of the texts.
    pub bytes: u64,
    /// Merges that `vocab_size` asked for.
    pub asked_merges: u32,
    /// Merges learned: fewer where no pair is left that is frequent enough. The vocabulary is then smaller, and
    /// special tokens follow directly.
    pub merges: u32,
}

/// Trains on texts in memory: [`Trainer::new`], one [`feed`](Trainer::feed), [`train`](Trainer::train).
pub fn train(settings: Settings, texts: &[&str]) -> Result<Trained> {
    let mut trainer = Trainer::new(settings)?;
    trainer.feed(texts);
    trainer.train()
}

impl Trainer {
    /// Checks the settings.
    pub fn new(settings: Settings) -> Result<Self> {
        let least = 256 + SPECIAL_TOKENS.len() as u32;
        if settings.vocab_size < least {
            return Err(Error::VocabSize { got: settings.vocab_size, least });
        }
        within_limit(settings.vocab_size as usize)?;
        let splitter = settings.pattern.pre_tokenizer()?;
        Ok(Self { settings, splitter, own_splitter: false, counts: Vec::new() })
    }

    /// Cuts text by a pre-tokenizer of one's own instead of the pattern; the tokenizer keeps it.
    #[must_use]
    pub fn with_pre_tokenizer(mut self, splitter: Arc<dyn PreTokenizer>) -> Self {
        self.splitter = splitter;
        self.own_splitter = true;
        self
    }

    /// Counts the words of `texts`, in parallel on rayon's pool.
    ///
    /// Once counts have outgrown [`Settings::max_memory`] texts are passed over, and [`train`](Self::train) says so.
    pub fn feed(&mut self, texts: &[&str]) {
        let threads = rayon::current_num_threads().min(texts.len());
        if self.counts.len() < threads {
            self.counts.resize_with(threads, Counts::default);
        }
        // Who counts which text is chance; sums are not.
        let next = AtomicUsize::new(0);
        let splitter = &*self.splitter;
        let most = self.settings.max_memory / self.counts.len().max(1) as u64;
        let bounded = self.settings.max_memory > 0;
        self.counts.par_iter_mut().with_max_len(1).for_each(|counts| {
            while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                counts.outgrown |= bounded && counts.memory() > most;
                if counts.outgrown {
                    break;
                }
                let mut start = 0;
                splitter.split_batches(text, &mut |ends| {
                    for &end in ends {
                        counts.add(&text.as_bytes()[start..end], 1);
                        start = end;
                    }
                });
            }
        });
    }

    /// Learns the merges.
    pub fn train(self) -> Result<Trained> {
        if self.counts.iter().any(|counts| counts.outgrown) {
            let got = self.counts.iter().map(Counts::memory).sum();
            return Err(Error::Memory { got, most: self.settings.max_memory });
        }
        let counts = Counts::sum(self.counts);
        let (cells, limit) = (counts.words.total_bytes() + counts.words.len() + 1, u32::MAX as usize - 2);
        if cells > limit {
            return Err(Error::TooManyWords { bytes: cells, limit });
        }
        let mut sorted: Vec<u32> = (0..counts.words.len() as u32).collect();
        sorted.par_sort_unstable_by_key(|&word| counts.words.get(word as usize));
        let words = sorted.iter().map(|&word| (counts.words.get(word as usize), counts.times[word as usize]));

        let order = byte_order(self.settings.tie_break);
        let mut byte_ids = [0; 256];
        for (id, &byte) in order.iter().enumerate() {
            byte_ids[byte as usize] = id as u32;
        }
        let asked = self.settings.vocab_size - 256 - SPECIAL_TOKENS.len() as u32;
        let merges = learn(words, &byte_ids, asked as usize, self.settings.min_frequency);

        let report = Report {
            words: counts.times.iter().sum(),
            distinct_words: counts.words.len() as u64,
            bytes: sorted.iter().map(|&word| counts.bytes(word as usize)).sum(),
            asked_merges: asked,
            merges: merges.len() as u32,
        };
        let (tokens, specials) = number(&order, &merges);
        let pattern = self.settings.pattern;
        let vocabulary = Vocabulary::from_pairs(tokens, specials)?;
        let mut tokenizer = Bpe::new(Parts { vocabulary, merges, pattern, ignore_merges: true })?;
        if self.own_splitter {
            tokenizer = tokenizer.with_pre_tokenizer(self.splitter);
        }
        Ok(Trained { tokenizer, report })
    }
}

type Ids<T> = Vec<(u32, T)>;

/// Ids: bytes, merges in order, special tokens.
fn number(order: &[u8; 256], merges: &[(u32, u32)]) -> (Ids<Vec<u8>>, Ids<String>) {
    let mut tokens: Vec<Vec<u8>> = order.iter().map(|&byte| vec![byte]).collect();
    for &(left, right) in merges {
        tokens.push([tokens[left as usize].as_slice(), &tokens[right as usize]].concat());
    }
    let specials = (tokens.len() as u32..).zip(SPECIAL_TOKENS.map(str::to_owned)).collect();
    ((0..).zip(tokens).collect(), specials)
}

fn byte_order(tie_break: TieBreak) -> [u8; 256] {
    match tie_break {
        TieBreak::RawBytes => std::array::from_fn(|byte| byte as u8),
        TieBreak::HuggingFace => BYTE_ORDER,
    }
}

/// How often each distinct word occurs.
#[derive(Default)]
struct Counts {
    words: Words,
    /// By word.
    times: Vec<u64>,
    /// Whether a text was passed over because memory was full.
    outgrown: bool,
}

impl Counts {
    #[inline]
    fn add(&mut self, word: &[u8], count: u64) {
        match self.words.insert(word) {
            (_, true) => self.times.push(count),
            (known, false) => self.times[known] += count,
        }
    }

    /// Bytes, about.
    fn memory(&self) -> u64 {
        (self.words.memory() + self.times.capacity() * size_of::<u64>()) as u64
    }

    fn bytes(&self, word: usize) -> u64 {
        self.words.get(word).len() as u64 * self.times[word]
    }

    fn sum(all: Vec<Self>) -> Self {
        let mut all = all.into_iter();
        let mut sum = all.next().unwrap_or_default();
        for part in all {
            for word in 0..part.words.len() {
                sum.add(part.words.get(word), part.times[word]);
            }
        }
        sum
    }
}
