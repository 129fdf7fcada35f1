use std::hash::Hasher;

use rustc_hash::FxHasher;

/// Distinct byte strings, numbered in the order they came; an open-addressed index over one flat buffer.
///
/// A string costs its bytes and about 32 more. The hash has no random seed, so nothing depends on a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Power of two long, at most half full.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// High half of the hash: most foreign words are passed over without looking at their bytes.
    tag: u32,
    /// Number of the word plus one; 0 is empty.
    word: u32,
}

impl Words {
    /// The number of `word`, if it is known.
    #[inline]
    pub(crate) fn find(&self, word: &[u8]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        self.probe(word, hash(word)).ok()
    }

    /// The number of `word`, and whether it is new.
    pub(crate) fn insert(&mut self, word: &[u8]) -> (usize, bool) {
        if 2 * self.ends.len() >= self.slots.len() {
            self.grow();
        }
        let hash = hash(word);
        match self.probe(word, hash) {
            Ok(known) => (known, false),
            Err(slot) => {
                self.bytes.extend_from_slice(word);
                self.ends.push(self.bytes.len());
                self.slots[slot] = Slot { tag: (hash >> 32) as u32, word: self.ends.len() as u32 };
                (self.ends.len() - 1, true)
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, word: usize) -> &[u8] {
        let start = if word == 0 { 0 } else { self.ends[word - 1] };
        &self.bytes[start..self.ends[word]]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// What all this takes, about.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.slots.len() * size_of::<Slot>()
    }

    pub(crate) fn total_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The word's number, or the empty slot where it belongs.
    #[inline]
    fn probe(&self, word: &[u8], hash: u64) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let tag = (hash >> 32) as u32;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.word == 0 {
                return Err(at);
            }
            if slot.tag == tag && self.get(slot.word as usize - 1) == word {
                return Ok(slot.word as usize - 1);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mask = (self.slots.len() * 2).max(1024) - 1;
        let mut slots = vec![Slot::default(); mask + 1];
        for word in 0..self.len() {
            let hash = hash(self.get(word));
            let mut at = hash as usize & mask;
            while slots[at].word != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = Slot { tag: (hash >> 32) as u32, word: word as u32 + 1 };
        }
        self.slots = slots;
    }
}

#[inline]
fn hash(word: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(word);
    hasher.finish()
}
