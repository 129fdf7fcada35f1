use super::cache::Key;
use crate::words::Words;

/// Tokens that a whole chunk may be, without looking at merges.
///
/// Most tokens are short: those lie with their ids in one open-addressed table, so that a chunk costs one look at memory.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// Power of two long, at most three quarters full; an empty entry is no word's.
    short: Vec<(Key<2>, u32)>,
    shift: u32,
    long: Words,
    long_ids: Vec<u32>,
}

/// Bytes from which a token is long.
const LONG: usize = 16;

impl Whole {
    /// A table of tokens; or the ids of the first two that have the same bytes.
    pub(crate) fn new(tokens: &[(u32, &[u8])]) -> Result<Self, (u32, u32)> {
        let short = tokens.iter().filter(|(_, token)| token.len() < LONG).count();
        let slots = (short * 4 / 3 + 64).next_power_of_two();
        let mut whole = Self {
            short: vec![(Key::EMPTY, 0); slots],
            shift: 64 - slots.trailing_zeros(),
            ..Self::default()
        };
        for &(id, token) in tokens {
            if token.len() < LONG {
                let key = Key::of(token, 0, token.len());
                let slot = whole.slot(key);
                let (there, first) = whole.short[slot];
                if there == key {
                    return Err((first, id));
                }
                whole.short[slot] = (key, id);
            } else {
                match whole.long.insert(token) {
                    (_, true) => whole.long_ids.push(id),
                    (known, false) => return Err((whole.long_ids[known], id)),
                }
            }
        }
        Ok(whole)
    }

    /// The token of these bytes.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() < LONG { self.short(Key::of(bytes, 0, bytes.len())) } else { self.long(bytes) }
    }

    /// The token of less than 16 bytes with this key.
    #[inline]
    pub(crate) fn short(&self, key: Key<2>) -> Option<u32> {
        let (found, id) = self.short[self.slot(key)];
        (found == key).then_some(id)
    }

    /// The token of these bytes, 16 or more.
    fn long(&self, chunk: &[u8]) -> Option<u32> {
        self.long.find(chunk).map(|word| self.long_ids[word])
    }

    pub(crate) fn memory(&self) -> usize {
        size_of_val(self.short.as_slice()) + self.long.memory() + size_of_val(self.long_ids.as_slice())
    }

    /// Where this key is, or belongs.
    #[inline]
    fn slot(&self, key: Key<2>) -> usize {
        let mask = self.short.len() - 1;
        let mut at = key.hash(self.shift);
        while self.short[at].0 != key && self.short[at].0 != Key::EMPTY {
            at = (at + 1) & mask;
        }
        at
    }
}
