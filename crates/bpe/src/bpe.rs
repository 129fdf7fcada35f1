use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::encode::{Key, Linear, Memory, Merges, Pairs, Rank, SHORT, Whole, by_merging};
use crate::parts::{Checked, Missing, Parts};
use crate::{Error, Pattern, PreTokenizer, Result, Tokenizer, Vocabulary};

/// A byte-level BPE tokenizer: exact, and as fast on the first text as a word table allows.
///
/// It comes from training ([`Trainer`](crate::Trainer)), from [`load`](Self::load) or from
/// [`from_tiktoken`](Self::from_tiktoken), and never changes. Threads share it; each borrows a word cache of 6 MiB.
///
/// A vocabulary has a token for each byte, with one exception: some that others publish were made of the bytes that their
/// texts had. Bytes that they lack leave no id, as in Hugging Face's reading.
pub struct Bpe {
    vocabulary: Vocabulary,
    pub(crate) merges: Merges,
    byte_ids: [u32; 256],
    missing: Option<Missing>,
    whole: Whole,
    pub(crate) ignore_merges: bool,
    /// Made when the first long chunk comes; most texts have none.
    linear: OnceLock<Option<Linear>>,
    pub(crate) pattern: Option<Pattern>,
    splitter: Arc<dyn PreTokenizer>,
    memories: Mutex<Vec<Memory>>,
}

/// Chunks of so many bytes are merged sooner than they are found.
const TINY: usize = 4;

impl Bpe {
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        let splitter = parts.pattern.pre_tokenizer()?;
        let Checked { byte_ids, missing, merges, whole } = parts.check()?;
        let Parts { vocabulary, pattern, ignore_merges, .. } = parts;
        Ok(Self {
            vocabulary,
            merges,
            byte_ids,
            missing,
            whole,
            ignore_merges,
            linear: OnceLock::new(),
            pattern: Some(pattern),
            splitter,
            memories: Mutex::default(),
        })
    }

    /// Replaces the pre-tokenizer by one that no pattern describes; the result cannot be saved.
    #[must_use]
    pub fn with_pre_tokenizer(mut self, splitter: Arc<dyn PreTokenizer>) -> Self {
        self.splitter = splitter;
        self.pattern = None;
        self
    }

    /// The same tokenizer with more special tokens after its last id: room for what is not text, such as codes of pictures.
    /// Text is encoded as before.
    ///
    /// ```
    /// # use bpe::{Settings, Tokenizer, train};
    /// let bpe = train(Settings { vocab_size: 290, ..Settings::default() }, &["aaab aaab"])?.tokenizer;
    /// let wider = bpe.widened(["<|image_0|>", "<|image_1|>"])?;
    /// assert_eq!(wider.vocabulary().special("<|image_1|>"), Some(bpe.vocabulary().size() as u32 + 1));
    /// assert!(wider.widened(["<|image_1|>"]).is_err());
    /// # Ok::<(), bpe::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DuplicateToken`] where a name is taken, [`Error::TooManyIds`], and [`Error::NoPattern`] after
    /// [`with_pre_tokenizer`](Self::with_pre_tokenizer).
    pub fn widened<T: AsRef<str>>(&self, names: impl IntoIterator<Item = T>) -> Result<Self> {
        let pattern = self.pattern.clone().ok_or(Error::NoPattern)?;
        let mut vocabulary = self.vocabulary.clone();
        for name in names {
            let name = name.as_ref();
            if let Some(first) = vocabulary.special(name) {
                let second = vocabulary.size() as u32;
                return Err(Error::DuplicateToken { token: name.to_owned(), first, second });
            }
            vocabulary = vocabulary.with_specials([name]);
        }
        let (merges, ignore_merges) = (self.merges().to_vec(), self.ignore_merges);
        Self::new(Parts { vocabulary, merges, pattern, ignore_merges })
    }

    /// The pattern that cuts text, unless a pre-tokenizer of one's own does.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// The merges as pairs of ids, first merge first.
    pub fn merges(&self) -> &[(u32, u32)] {
        self.merges.pairs()
    }

    /// Bytes of all tables, and of the caches of as many threads as ever encoded at once.
    pub fn memory(&self) -> usize {
        let memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner).len();
        let linear = self.linear.get().and_then(Option::as_ref).map_or(0, Linear::memory);
        let tables = self.vocabulary.memory() + self.merges.memory() + self.whole.memory() + linear;
        tables + memories * Memory::BYTES
    }

    /// A text on its way from bytes to tokens: first an id a byte, then the row after each merge, last the row that
    /// [`encode`](Tokenizer::encode) gives.
    ///
    /// Slow: it is there to be looked at.
    ///
    /// ```
    /// # use bpe::{Settings, train};
    /// let bpe = train(Settings { vocab_size: 290, ..Settings::default() }, &["aaab aaab"])?.tokenizer;
    /// assert_eq!(bpe.steps("aab"), [[97, 97, 98].as_slice(), &[256, 98]]);
    /// # Ok::<(), bpe::Error>(())
    /// ```
    pub fn steps(&self, text: &str) -> Vec<Vec<u32>> {
        let mut chunks: Vec<Vec<u32>> = Vec::new();
        self.splitter.split(text, &mut |chunk| {
            chunks.push(self.known(chunk).map(|byte| self.byte_ids[byte as usize]).collect());
        });
        let mut rows = vec![chunks.concat()];
        loop {
            let pairs = chunks.iter().enumerate().flat_map(|(chunk, ids)| {
                let ranks = ids.array_windows().map(|&[left, right]| self.merges.rank(left, right));
                ranks.enumerate().map(move |(at, rank)| (rank, chunk, at))
            });
            let Some((rank, chunk, at)) = pairs.min().filter(|&(rank, ..)| rank < Rank::MAX) else { break };
            chunks[chunk].splice(at..at + 2, [self.merges.id(rank)]);
            rows.push(chunks.concat());
        }
        let mut encoded = Vec::new();
        self.encode(text, &mut encoded);
        // a chunk that is a token stays whole, even if merges would not lead there
        if rows.last() != Some(&encoded) {
            rows.push(encoded);
        }
        rows
    }

    /// Appends the ids of the chunks of `text` that begin at `start` and end at `ends`.
    fn encode_chunks(
        &self,
        text: &[u8],
        mut start: usize,
        ends: &[usize],
        memory: &mut Memory,
        ids: &mut Vec<u32>,
    ) {
        for &end in ends {
            let key = Key::of(text, start, end);
            match memory.near.find(key) {
                Some(slot) if end - start <= SHORT => slot.append_to(ids),
                _ => self.encode_chunk(text, start, end, key, memory, ids),
            }
            start = end;
        }
    }

    /// Appends the ids of `text[start..end]`, a chunk that is not near.
    #[inline(never)]
    fn encode_chunk(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        key: Key<2>,
        memory: &mut Memory,
        ids: &mut Vec<u32>,
    ) {
        let chunk = &text[start..end];
        if chunk.len() > SHORT {
            return self.encode_long(text, start, end, memory, ids);
        }
        let first = ids.len();
        if let Some(id) = self.whole.short(key) {
            ids.push(id);
        } else if chunk.len() <= TINY {
            by_merging(&self.merges, &self.byte_ids, chunk, ids);
        } else if let Some(slot) = memory.far.find(key) {
            slot.append_to(ids);
        } else {
            self.encode_unseen(chunk, &mut memory.pairs, ids);
            memory.far.insert(key, &ids[first..]);
        }
        memory.near.insert(key, &ids[first..]);
    }

    /// Appends the ids of a chunk of more than [`SHORT`] bytes.
    fn encode_long(&self, text: &[u8], start: usize, end: usize, memory: &mut Memory, ids: &mut Vec<u32>) {
        let chunk = &text[start..end];
        let key = (chunk.len() < 32).then(|| Key::of(text, start, end));
        if let Some(slot) = key.and_then(|key| memory.long.find(key)) {
            return slot.append_to(ids);
        }
        let first = ids.len();
        match self.whole.find(chunk) {
            Some(id) => ids.push(id),
            None => self.encode_unseen(chunk, &mut memory.pairs, ids),
        }
        if let Some(key) = key {
            memory.long.insert(key, &ids[first..]);
        }
    }

    /// Appends the ids of a chunk that is no token, and of which nothing is remembered.
    fn encode_unseen(&self, chunk: &[u8], pairs: &mut Pairs, ids: &mut Vec<u32>) {
        // letters of several bytes take many merges: even a short word of them is sooner laid down
        let few_merges = chunk.len() <= SHORT && chunk.first().is_none_or(u8::is_ascii);
        if few_merges {
            return by_merging(&self.merges, &self.byte_ids, chunk, ids);
        }
        match self.linear.get_or_init(|| Linear::new(&self.vocabulary, &self.merges, &self.byte_ids)) {
            Some(linear) => linear.encode(&self.merges, chunk, pairs, ids),
            None => by_merging(&self.merges, &self.byte_ids, chunk, ids),
        }
    }

    #[inline]
    fn count_chunk(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        memory: &mut Memory,
        spare: &mut Vec<u32>,
    ) -> usize {
        let key = Key::of(text, start, end);
        if let Some(slot) = memory.near.find(key).filter(|_| end - start <= SHORT) {
            return slot.count();
        }
        spare.clear();
        self.encode_chunk(text, start, end, key, memory, spare);
        spare.len()
    }

    /// Runs `work` with a memory that no other thread uses meanwhile; there are as many as were ever needed at once.
    fn with_memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        // A memory is valid at all times, so a panic elsewhere cannot have spoiled the pool.
        let pool = || self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = pool().pop().unwrap_or_else(Memory::new);
        let result = work(&mut memory);
        pool().push(memory);
        result
    }

    fn encode_with(&self, text: &str, memory: &mut Memory, ids: &mut Vec<u32>) {
        if self.lacks_bytes_of(text) {
            return self.encode_known(text, ids);
        }
        let mut start = 0;
        self.splitter.split_batches(text, &mut |ends| {
            self.encode_chunks(text.as_bytes(), start, ends, memory, ids);
            start = ends.last().copied().unwrap_or(start);
        });
    }
}

/// Vocabularies that lack bytes.
impl Bpe {
    #[inline]
    fn lacks_bytes_of(&self, text: &str) -> bool {
        let missing = self.missing.as_ref();
        missing.is_some_and(|missing| text.bytes().any(|byte| missing[byte as usize]))
    }

    /// The bytes of a chunk that have tokens.
    fn known(&self, chunk: &str) -> impl Iterator<Item = u8> {
        let missing = self.missing.as_ref();
        chunk.bytes().filter(move |&byte| missing.is_none_or(|missing| !missing[byte as usize]))
    }

    /// Appends the ids of a text without the bytes that have none: they are gone before merging, but not before cutting.
    #[cold]
    fn encode_known(&self, text: &str, ids: &mut Vec<u32>) {
        self.splitter.split(text, &mut |chunk| {
            let known: Vec<u8> = self.known(chunk).collect();
            match self.whole.find(&known) {
                Some(id) => ids.push(id),
                None => by_merging(&self.merges, &self.byte_ids, &known, ids),
            }
        });
    }
}

impl fmt::Debug for Bpe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut summary = formatter.debug_struct("Bpe");
        summary.field("size", &self.vocabulary.size()).field("merges", &self.merges().len());
        summary.field("pattern", &self.pattern).finish_non_exhaustive()
    }
}

impl Tokenizer for Bpe {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        self.with_memory(|memory| self.encode_with(text, memory, ids));
    }

    fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>) {
        self.vocabulary.decode(ids, bytes);
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Ids are looked at, not written.
    fn count(&self, text: &str) -> usize {
        let (mut count, mut spare) = (0, Vec::new());
        if self.lacks_bytes_of(text) {
            self.encode_known(text, &mut spare);
            return spare.len();
        }
        self.with_memory(|memory| {
            let mut start = 0;
            self.splitter.split_batches(text, &mut |ends| {
                for &end in ends {
                    count += self.count_chunk(text.as_bytes(), start, end, memory, &mut spare);
                    start = end;
                }
            });
        });
        count
    }

    /// In parallel, on rayon's pool; the ids do not depend on the number of threads.
    fn encode_all(&self, texts: &[&str], ids: &mut Vec<u32>, ends: &mut Vec<usize>) {
        let share = texts.len().div_ceil(4 * rayon::current_num_threads()).max(1);
        let parts: Vec<_> = texts
            .par_chunks(share)
            .map(|texts| {
                let (mut ids, mut ends) = (Vec::new(), Vec::with_capacity(texts.len()));
                self.with_memory(|memory| {
                    for text in texts {
                        self.encode_with(text, memory, &mut ids);
                        ends.push(ids.len());
                    }
                });
                (ids, ends)
            })
            .collect();
        for (part, part_ends) in parts {
            let base = ids.len();
            ids.extend_from_slice(&part);
            ends.extend(part_ends.iter().map(|end| base + end));
        }
    }
}
