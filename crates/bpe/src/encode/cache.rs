//! The words just seen, and their ids: most of a text is a few thousand words over and over.

use super::hash::multiply_shift;

/// Sets of two words each.
const NEAR: usize = 1 << 14;
const FAR: usize = 1 << 16;
const LONG: usize = 1 << 13;

/// What a thread remembers; no more than these bounds.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Words of up to 15 bytes, nearly all there are: 32,768 of them in 1 MiB, of which a level-two cache holds those that
    /// come often.
    pub(crate) near: Cache<2, 4, NEAR>,
    /// The same, looked at where `near` has forgotten: 131,072 of them in 4 MiB.
    pub(crate) far: Cache<2, 4, FAR>,
    /// Words of 16 to 31 bytes: 16,384 of them in 1 MiB.
    pub(crate) long: Cache<4, 8, LONG>,
    pub(crate) pairs: Pairs,
}

impl Memory {
    /// What one takes.
    pub(crate) const BYTES: usize = size_of::<[[Slot<2, 4>; 2]; NEAR + FAR]>()
        + size_of::<[[Slot<4, 8>; 2]; LONG]>()
        + size_of::<[u64; PAIRS]>();

    pub(crate) fn new() -> Self {
        Self { near: Cache::new(), far: Cache::new(), long: Cache::new(), pairs: Pairs::new() }
    }
}

/// Pairs of tokens, and whether merging leaves them apart: 2,048 of them in 16 KiB, which the nearest cache holds.
#[derive(Debug)]
pub(crate) struct Pairs(Box<[u64; PAIRS]>);

const PAIRS: usize = 1 << 11;

impl Pairs {
    pub(super) fn new() -> Self {
        Self(vec![u64::MAX; PAIRS].try_into().expect("as many as there are"))
    }

    /// What is remembered of a pair, or else what `find` says, which is remembered.
    #[inline]
    pub(super) fn or(&mut self, left: u32, right: u32, find: impl FnOnce() -> bool) -> bool {
        // ids have 21 bits
        let pair = u64::from(left) << 32 | u64::from(right) << 1;
        let slot = &mut self.0[multiply_shift(pair, 64 - PAIRS.trailing_zeros())];
        if *slot & !1 != pair {
            *slot = pair | u64::from(find());
        }
        *slot & 1 == 1
    }
}

/// Words of less than `8 * EIGHTS` bytes with at most `IDS` ids. A new word takes the place of the older of two. What it
/// holds never changes a result.
#[derive(Debug)]
pub(crate) struct Cache<const EIGHTS: usize, const IDS: usize, const SETS: usize>(
    Box<[[Slot<EIGHTS, IDS>; 2]; SETS]>,
);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<const EIGHTS: usize, const IDS: usize> {
    /// The word; in the topmost three bits, which keys leave free, how many ids follow the first.
    word: Key<EIGHTS>,
    ids: [u32; IDS],
}

/// A word as a number: its bytes, zeros, in the last byte its length. Equal keys are equal words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key<const EIGHTS: usize>([u64; EIGHTS]);

/// Where in the last eight bytes the number of ids is.
const COUNT: u32 = 61;

impl<const EIGHTS: usize, const IDS: usize, const SETS: usize> Cache<EIGHTS, IDS, SETS> {
    /// `SETS` is a power of two.
    const SHIFT: u32 = 64 - SETS.trailing_zeros();

    fn new() -> Self {
        let empty = Slot { word: Key::EMPTY, ids: [0; IDS] };
        Self(vec![[empty; 2]; SETS].try_into().expect("as many as there are"))
    }

    /// What is remembered of a word.
    #[inline]
    pub(crate) fn find(&self, key: Key<EIGHTS>) -> Option<&Slot<EIGHTS, IDS>> {
        let set = &self.0[key.hash(Self::SHIFT)];
        // a number, not a branch that would often be guessed wrong
        let slot = &set[usize::from(set[1].is(key))];
        slot.is(key).then_some(slot)
    }

    /// Remembers a word, unless it has too many ids.
    #[inline]
    pub(crate) fn insert(&mut self, Key(mut word): Key<EIGHTS>, ids: &[u32]) {
        if (1..=IDS).contains(&ids.len()) {
            let set = &mut self.0[Key(word).hash(Self::SHIFT)];
            word[EIGHTS - 1] |= (ids.len() as u64 - 1) << COUNT;
            let mut filled = [0; IDS];
            filled[..ids.len()].copy_from_slice(ids);
            set[1] = set[0];
            set[0] = Slot { word: Key(word), ids: filled };
        }
    }
}

impl<const EIGHTS: usize, const IDS: usize> Slot<EIGHTS, IDS> {
    #[inline]
    fn is(&self, key: Key<EIGHTS>) -> bool {
        let (Key(here), Key(asked)) = (self.word, key);
        let last = (here[EIGHTS - 1] ^ asked[EIGHTS - 1]) << (64 - COUNT);
        (0..EIGHTS - 1).fold(last, |unlike, at| unlike | here[at] ^ asked[at]) == 0
    }

    /// How many ids the word has.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        (self.word.0[EIGHTS - 1] >> COUNT) as usize + 1
    }

    #[inline]
    pub(crate) fn append_to(&self, ids: &mut Vec<u32>) {
        // always all, of which some are taken back: a copy of fixed length is one move
        ids.extend_from_slice(&self.ids);
        ids.truncate(ids.len() - IDS + self.count());
    }
}

impl<const EIGHTS: usize> Key<EIGHTS> {
    /// No word's, not even the empty one's: no length, but a byte.
    pub(super) const EMPTY: Self = {
        let mut key = [0; EIGHTS];
        key[0] = 1;
        Self(key)
    };

    /// The key of `text[start..end]`, if that has less than `8 * EIGHTS` bytes; or else of no use.
    #[inline]
    pub(crate) fn of(text: &[u8], start: usize, end: usize) -> Self {
        let len = end - start;
        let mut key = match text.get(start..start + 8 * EIGHTS) {
            Some(bytes) => {
                let (eights, _) = bytes.as_chunks();
                // the bytes behind the word are cut off
                std::array::from_fn(|at| u64::from_le_bytes(eights[at]) & BYTES[len & 31][at])
            }
            None => near_the_end(&text[start..end]),
        };
        key[EIGHTS - 1] |= (len as u64 & 31) << 56;
        Self(key)
    }

    /// The upper bits of products: Fibonacci hashing (Knuth, volume 3, section 6.4).
    #[inline]
    pub(super) fn hash(self, shift: u32) -> usize {
        let mix = |hash: u64, eight: u64| (hash ^ hash >> 32 ^ eight).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (self.0.into_iter().fold(0, mix) >> shift) as usize
    }
}

fn near_the_end<const EIGHTS: usize>(word: &[u8]) -> [u64; EIGHTS] {
    let mut key = [0; EIGHTS];
    for (eight, bytes) in key.iter_mut().zip(word.chunks(8)) {
        let mut filled = [0; 8];
        filled[..bytes.len()].copy_from_slice(bytes);
        *eight = u64::from_le_bytes(filled);
    }
    key
}

/// By length, the bytes of a word. A table, because what could be a branch would often be guessed wrong.
const BYTES: [[u64; 4]; 32] = {
    let mut bytes = [[0; 4]; 32];
    let mut len = 1;
    while len < 32 {
        bytes[len] = bytes[len - 1];
        bytes[len][(len - 1) / 8] |= 0xff << (8 * ((len - 1) % 8));
        len += 1;
    }
    bytes
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check<const EIGHTS: usize>(a: &[u8], b: &[u8]) -> Result<(), TestCaseError> {
        let (padded, key) = ([a, &[7; 32]].concat(), Key::<EIGHTS>::of);
        prop_assert_eq!(key(&padded, 0, a.len()), key(a, 0, a.len()));
        prop_assert_eq!(a == b, key(&padded, 0, a.len()) == key(b, 0, b.len()));
        Ok(())
    }

    proptest! {
        #[test]
        fn equal_keys_are_equal_words(
            a in prop::collection::vec(0u8..2, 1..=15),
            b in prop::collection::vec(0u8..2, 1..=15),
        ) {
            check::<2>(&a, &b)?;
            check::<4>(&[[0; 16].as_slice(), &a].concat(), &[[0; 16].as_slice(), &b].concat())?;
        }
    }
}
