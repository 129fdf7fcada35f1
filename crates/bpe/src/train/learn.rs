//! Which pairs to merge: always the most frequent one (Sennrich et al. 2016, algorithm 1), exactly.
//!
//! Symbols stand in one array at the position of their first byte and never move. A merge writes its symbol to the
//! first and the last cell of its span, so that both neighbours are found in one step, and a merge costs the
//! occurrences of its pair, not the length of the words around them. Counts only fall once a pair exists, except in
//! the step that creates it; so a heap with stale entries, checked when they surface, gives the exact maximum.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

/// Between words, and inside a symbol.
const WALL: u32 = u32::MAX;
const INSIDE: u32 = u32::MAX - 1;

/// Learns at most `most` merges from distinct words and their counts; merge `i` makes the symbol `256 + i`.
///
/// `byte_ids` number the bytes; ties go to the smaller (left, right). All words together must have fewer cells than
/// `u32` can number.
pub(crate) fn learn<'w>(
    words: impl Iterator<Item = (&'w [u8], u64)>,
    byte_ids: &[u32; 256],
    most: usize,
    min_frequency: u64,
) -> Vec<(u32, u32)> {
    let mut learner = Learner::new(words, byte_ids);
    let mut queue: BinaryHeap<_> = (0..learner.pairs.len()).map(|pair| learner.candidate(pair)).collect();
    let mut merges = Vec::new();
    while merges.len() < most {
        let Some((count, Reverse(key), pair)) = queue.pop() else { break };
        let current = learner.pairs[pair].count;
        if current < min_frequency.max(1) {
            continue;
        }
        if current < count {
            queue.push((current, Reverse(key), pair));
            continue;
        }
        let first_new = learner.pairs.len();
        learner.merge(pair, 256 + merges.len() as u32);
        merges.push(((key >> 32) as u32, key as u32));
        queue.extend((first_new..learner.pairs.len()).map(|pair| learner.candidate(pair)));
    }
    merges
}

struct Learner {
    /// A cell a byte, and a wall after each word.
    cells: Vec<u32>,
    /// Word of each cell.
    words: Vec<u32>,
    /// Count of each word.
    counts: Vec<u64>,
    /// Bytes of each symbol.
    lengths: Vec<u32>,
    pairs: Vec<Pair>,
    numbers: FxHashMap<u64, u32>,
}

struct Pair {
    key: u64,
    count: u64,
    /// Where the pair was when it was counted, ascending; some have gone since.
    places: Vec<u32>,
}

impl Learner {
    fn new<'w>(words: impl Iterator<Item = (&'w [u8], u64)>, byte_ids: &[u32; 256]) -> Self {
        let mut learner = Self {
            cells: vec![WALL],
            words: vec![0],
            counts: Vec::new(),
            lengths: vec![1; 256],
            pairs: Vec::new(),
            numbers: FxHashMap::default(),
        };
        for (word, count) in words {
            let number = learner.counts.len() as u32;
            let start = learner.cells.len();
            learner.cells.extend(word.iter().map(|&byte| byte_ids[byte as usize]));
            for at in start + 1..learner.cells.len() {
                learner.add(learner.cells[at - 1], learner.cells[at], at - 1, count);
            }
            learner.cells.push(WALL);
            learner.words.resize(learner.cells.len(), number);
            learner.counts.push(count);
        }
        learner
    }

    fn candidate(&self, pair: usize) -> (u64, Reverse<u64>, usize) {
        (self.pairs[pair].count, Reverse(self.pairs[pair].key), pair)
    }

    fn merge(&mut self, pair: usize, new: u32) {
        let Pair { key, ref mut places, .. } = self.pairs[pair];
        let places = std::mem::take(places);
        let (left, right) = ((key >> 32) as u32, key as u32);
        let (left_len, right_len) =
            (self.lengths[left as usize] as usize, self.lengths[right as usize] as usize);
        self.lengths.push((left_len + right_len) as u32);
        for place in places {
            let start = place as usize;
            let middle = start + left_len;
            if self.cells[start] != left || self.cells[middle] != right {
                continue;
            }
            let end = middle + right_len;
            let count = self.counts[self.words[start] as usize];
            let (before, after) = (self.cells[start - 1], self.cells[end]);
            self.cells[middle - 1] = INSIDE;
            self.cells[middle] = INSIDE;
            self.cells[start] = new;
            self.cells[end - 1] = new;
            if before != WALL {
                self.remove(before, left, key, count);
                self.add(before, new, start - self.lengths[before as usize] as usize, count);
            }
            if after != WALL {
                self.remove(right, after, key, count);
                self.add(new, after, start, count);
            }
        }
    }

    #[inline]
    fn add(&mut self, left: u32, right: u32, place: usize, count: u64) {
        let key = u64::from(left) << 32 | u64::from(right);
        let number = *self.numbers.entry(key).or_insert_with(|| {
            self.pairs.push(Pair { key, count: 0, places: Vec::new() });
            (self.pairs.len() - 1) as u32
        });
        let pair = &mut self.pairs[number as usize];
        pair.count += count;
        pair.places.push(place as u32);
    }

    /// The pair being merged is left alone: it is gone everywhere at the end of the step.
    #[inline]
    fn remove(&mut self, left: u32, right: u32, merging: u64, count: u64) {
        let key = u64::from(left) << 32 | u64::from(right);
        if key != merging {
            let number = self.numbers[&key];
            self.pairs[number as usize].count -= count;
        }
    }
}
