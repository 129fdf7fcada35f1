//! Which runs of words a text repeats.
//!
//! Runs of n + 1 words can only repeat where runs of n do. So the search starts with all words, keeps at each length
//! the places whose run occurs more than once, and looks at no others for the next. Prose has few such places, which
//! makes ten lengths hardly dearer than two. A run is told from another by the numbers of its two parts: exactly, not
//! by a hash alone.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// Lengths for which the most frequent run is measured.
const TOP: std::ops::RangeInclusive<usize> = 2..=4;
/// Lengths for which all repeats are measured.
const DUP: std::ops::RangeInclusive<usize> = 5..=10;

/// Repeated runs of a text, found length by length as they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Grams {
    /// Length of the runs below; 0 before the words are read.
    n: usize,
    /// Code points before each word, without what stands between words.
    chars: Vec<u32>,
    /// Places whose run of n words occurs more than once, in order.
    places: Vec<u32>,
    /// At each of those places, the number of its run.
    runs: Vec<u32>,
    table: Table,
    seen: Vec<bool>,
    top: [usize; 3],
    dup: [usize; 6],
}

/// Numbers keys in the order in which they come.
#[derive(Debug, Default)]
struct Table {
    /// Numbers plus one, open addressing.
    slots: Vec<u32>,
    keys: Vec<u64>,
    first: Vec<u32>,
    count: Vec<u32>,
}

impl Table {
    fn reset(&mut self, most: usize) {
        self.slots.clear();
        self.slots.resize((most * 2).next_power_of_two().max(16), 0);
        self.keys.clear();
        self.first.clear();
        self.count.clear();
    }

    /// The number of `key`; `same` decides whether the place where it was first seen holds the same.
    fn number(&mut self, key: u64, place: u32, same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    self.keys.push(key);
                    self.first.push(place);
                    self.count.push(1);
                    self.slots[slot] = self.keys.len() as u32;
                    return self.keys.len() as u32 - 1;
                }
                found => {
                    let number = found as usize - 1;
                    if self.keys[number] == key && same(self.first[number]) {
                        self.count[number] += 1;
                        return found - 1;
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl Grams {
    /// Begins anew with the words of another text.
    pub(crate) fn read<'t>(
        &mut self,
        words: impl ExactSizeIterator<Item = &'t str>,
        word: impl Fn(u32) -> &'t str,
    ) {
        self.n = 1;
        self.chars.clear();
        self.places.clear();
        self.runs.clear();
        self.table.reset(words.len());
        let mut length = 0u32;
        self.chars.push(0);
        for (place, text) in (0..).zip(words) {
            let mut hasher = FxHasher::default();
            hasher.write(text.as_bytes());
            self.runs.push(self.table.number(hasher.finish(), place, |first| word(first) == text));
            self.places.push(place);
            length = length.saturating_add(text.chars().count() as u32);
            self.chars.push(length);
        }
        self.keep_repeated();
    }

    /// Length times count, spaces between words counted, of the most frequent run of `n` words, 2 to 4.
    ///
    /// The first seen wins ties, and one occurrence counts too: a text of few words can fail on a run that does not
    /// repeat.
    pub(crate) fn top_chars(&mut self, n: usize) -> usize {
        self.grow(n);
        self.top[n - TOP.start()]
    }

    /// Length, spaces not counted, of runs of `n` words, 5 to 10, that were met before; a repeat is counted once and
    /// jumped over.
    pub(crate) fn dup_chars(&mut self, n: usize) -> usize {
        self.grow(n);
        self.dup[n - DUP.start()]
    }

    fn grow(&mut self, n: usize) {
        while self.n < n {
            self.lengthen();
            if TOP.contains(&self.n) {
                self.top[self.n - TOP.start()] = self.measure_top();
            }
            self.keep_repeated();
            if DUP.contains(&self.n) {
                self.dup[self.n - DUP.start()] = self.measure_dup();
            }
        }
    }

    /// From runs of n words to those of n + 1: at neighbouring places that both repeat.
    fn lengthen(&mut self) {
        self.n += 1;
        self.table.reset(self.places.len());
        let mut kept = 0;
        for at in 1..self.places.len() {
            let place = self.places[at - 1];
            if self.places[at] == place + 1 {
                let key = u64::from(self.runs[at - 1]) << 32 | u64::from(self.runs[at]);
                self.places[kept] = place;
                self.runs[kept] = self.table.number(key, place, |_| true);
                kept += 1;
            }
        }
        self.places.truncate(kept);
        self.runs.truncate(kept);
    }

    fn keep_repeated(&mut self) {
        let mut kept = 0;
        for at in 0..self.places.len() {
            if self.table.count[self.runs[at] as usize] > 1 {
                (self.places[kept], self.runs[kept]) = (self.places[at], self.runs[at]);
                kept += 1;
            }
        }
        self.places.truncate(kept);
        self.runs.truncate(kept);
    }

    fn measure_top(&self) -> usize {
        let Some(last) = (self.chars.len() - 1).checked_sub(self.n) else { return 0 };
        let (mut most, mut first) = (1, 0);
        for (&count, &place) in self.table.count.iter().zip(&self.table.first) {
            if count > most {
                (most, first) = (count, place);
            }
        }
        debug_assert!(first as usize <= last);
        most as usize * (self.length(first) + self.n - 1)
    }

    fn measure_dup(&mut self) -> usize {
        self.seen.clear();
        self.seen.resize(self.table.count.len(), false);
        let (mut copied, mut next) = (0, 0);
        for (&place, &run) in self.places.iter().zip(&self.runs) {
            if place < next {
                continue;
            }
            if std::mem::replace(&mut self.seen[run as usize], true) {
                copied += self.length(place);
                next = place + self.n as u32;
            }
        }
        copied
    }

    /// Code points in the n words from `place`, without what stands between them.
    fn length(&self, place: u32) -> usize {
        let place = place as usize;
        (self.chars[place + self.n] - self.chars[place]) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::Grams;

    fn grams(words: &[&str]) -> Grams {
        let mut grams = Grams::default();
        grams.read(words.iter().copied(), |place| words[place as usize]);
        grams
    }

    /// As datatrove's code reads.
    fn top(words: &[&str], n: usize) -> usize {
        let mut seen = HashMap::new();
        for (place, run) in words.windows(n).enumerate() {
            seen.entry(run.join(" ")).or_insert((0, std::cmp::Reverse(place))).0 += 1;
        }
        let top = seen.iter().max_by_key(|(_, rank)| **rank);
        top.map_or(0, |(run, (count, _))| run.chars().count() * count)
    }

    fn dup(words: &[&str], n: usize) -> usize {
        let (mut seen, mut copied, mut place) = (HashSet::new(), 0, 0);
        while place + n <= words.len() {
            let run = &words[place..place + n];
            if seen.insert(run) {
                place += 1;
            } else {
                copied += run.concat().chars().count();
                place += n;
            }
        }
        copied
    }

    #[test]
    fn a_repeat_is_jumped_over_whole() {
        let mut run = grams(&["x"; 20]);
        assert_eq!(run.dup_chars(5), 15);
        assert_eq!(grams(&["a", "bb", "a", "bb", "c"]).top_chars(2), 2 * 4);
        assert_eq!(grams(&["a", "bb", "c"]).top_chars(2), 4, "one occurrence counts");
        assert_eq!(grams(&["a"]).top_chars(2), 0);
        assert_eq!(grams(&[]).dup_chars(10), 0);
    }

    proptest! {
        #[test]
        fn repeats_are_those_of_a_search_by_hand(words in prop::collection::vec("[ab]{1,2}|é", 0..80)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut grams = grams(&words);
            for n in 2..=4 {
                prop_assert_eq!(grams.top_chars(n), top(&words, n), "{}", n);
            }
            for n in 5..=10 {
                prop_assert_eq!(grams.dup_chars(n), dup(&words, n), "{}", n);
            }
        }
    }
}
