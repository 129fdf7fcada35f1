//! The words just seen, and their ids: most of a text is a few thousand words over and over.

/// Longest word that is remembered.
pub(crate) const LONGEST: usize = 15;
/// Most ids a remembered word has.
const IDS: usize = 4;
/// Slots; 32 bytes each make 2 MiB, a hard bound.
const SLOTS: usize = 1 << 16;
const NO_ID: u32 = u32::MAX;

/// A direct-mapped table: a new word takes the place of the old. What it holds never changes a result.
#[derive(Debug)]
pub(crate) struct Cache(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The bytes of the word and its length: equal keys are equal words. 0 is empty.
    key: u128,
    /// Filled up with `NO_ID`.
    ids: [u32; IDS],
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self(vec![Slot { key: 0, ids: [0; IDS] }; SLOTS])
    }

    /// Appends the ids of the word with this key, if they are remembered.
    #[inline]
    pub(crate) fn append(&self, key: u128, ids: &mut Vec<u32>) -> bool {
        let slot = &self.0[slot(key)];
        if slot.key != key {
            return false;
        }
        ids.push(slot.ids[0]);
        for &id in &slot.ids[1..] {
            if id == NO_ID {
                break;
            }
            ids.push(id);
        }
        true
    }

    /// How many ids the word with this key has, if they are remembered.
    #[inline]
    pub(crate) fn count(&self, key: u128) -> Option<usize> {
        let slot = &self.0[slot(key)];
        (slot.key == key).then(|| 1 + slot.ids[1..].iter().filter(|&&id| id != NO_ID).count())
    }

    /// Remembers a word, unless it has too many ids.
    #[inline]
    pub(crate) fn insert(&mut self, key: u128, ids: &[u32]) {
        if ids.len() <= IDS {
            let mut filled = [NO_ID; IDS];
            filled[..ids.len()].copy_from_slice(ids);
            self.0[slot(key)] = Slot { key, ids: filled };
        }
    }
}

/// A word of 1 to [`LONGEST`] bytes as a number: its bytes, zeros, its length in the top byte.
#[inline]
pub(crate) fn key(word: &[u8]) -> u128 {
    let len = word.len();
    let (low, high) = if len >= 8 {
        let last = eight(&word[len - 8..]);
        // Of the last eight bytes, those that the first eight do not cover.
        (eight(word), if len == 8 { 0 } else { last >> (8 * (16 - len)) })
    } else if len >= 4 {
        let last = four(&word[len - 4..]);
        (four(word) | last << (8 * (len - 4)), 0)
    } else {
        let middle = u64::from(word[len / 2]) << (8 * (len / 2));
        (u64::from(word[0]) | middle | u64::from(word[len - 1]) << (8 * (len - 1)), 0)
    };
    u128::from(low) | u128::from(high | (len as u64) << 56) << 64
}

#[inline]
fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("at least eight bytes"))
}

#[inline]
fn four(bytes: &[u8]) -> u64 {
    u64::from(u32::from_le_bytes(*bytes.first_chunk().expect("at least four bytes")))
}

#[inline]
fn slot(key: u128) -> usize {
    let (low, high) = (key as u64, (key >> 64) as u64);
    let mixed = (low ^ high.wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn equal_keys_are_equal_words(
            a in proptest::collection::vec(0u8..3, 1..=LONGEST),
            b in proptest::collection::vec(0u8..3, 1..=LONGEST),
        ) {
            let mut expected = [0; 16];
            expected[..a.len()].copy_from_slice(&a);
            expected[15] = a.len() as u8;
            proptest::prop_assert_eq!(key(&a), u128::from_le_bytes(expected));
            proptest::prop_assert_eq!(a == b, key(&a) == key(&b));
        }
    }
}
