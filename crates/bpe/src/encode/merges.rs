use super::hash::multiply_shift;

/// A pair of tokens that may be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    /// Position in the list of merges: smaller goes first.
    pub(crate) rank: u32,
    /// The token that the pair becomes.
    pub(crate) id: u32,
}

/// No merge: its rank is behind all others.
pub(crate) const NONE: Merge = Merge { rank: u32::MAX, id: u32::MAX };

/// The list of merges, and an open-addressed index from pair to merge.
#[derive(Clone, Debug)]
pub(crate) struct Merges {
    pairs: Vec<(u32, u32)>,
    /// Power of two long, at most half full.
    slots: Vec<(u64, Merge)>,
    shift: u32,
    /// A bit for each pair, and for some others: most pairs that are asked for have no merge, and are turned away here
    /// without a look at `slots`, which fit no cache (a Bloom filter with one hash).
    maybe: Vec<u64>,
}

/// Bits of `maybe` a slot, as a power of two: 16 or more a merge, so that one foreign pair in 16 at most goes on.
const BITS: u32 = 3;

const EMPTY: u64 = u64::MAX;

impl Merges {
    /// For at most `capacity` merges.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let slots = (2 * capacity).next_power_of_two().max(64);
        let shift = 64 - slots.trailing_zeros();
        let maybe = vec![0; (slots << BITS) / 64];
        Self { pairs: Vec::with_capacity(capacity), slots: vec![(EMPTY, NONE); slots], shift, maybe }
    }

    /// Appends a merge; a pair that is already there is refused with its earlier rank.
    pub(crate) fn push(&mut self, left: u32, right: u32, id: u32) -> Result<(), u32> {
        assert!(2 * (self.pairs.len() + 1) <= self.slots.len(), "capacity is given once");
        let rank = self.pairs.len() as u32;
        let at = self.slot(left, right);
        if self.slots[at].0 != EMPTY {
            return Err(self.slots[at].1.rank);
        }
        self.slots[at] = (key(left, right), Merge { rank, id });
        let bit = self.bit(left, right);
        self.maybe[bit / 64] |= 1 << (bit % 64);
        self.pairs.push((left, right));
        Ok(())
    }

    /// The merge of this pair, or [`NONE`].
    #[inline]
    pub(crate) fn get(&self, left: u32, right: u32) -> Merge {
        let bit = self.bit(left, right);
        if self.maybe[bit / 64] >> (bit % 64) & 1 == 0 {
            return NONE;
        }
        self.slots[self.slot(left, right)].1
    }

    /// All pairs, first merge first.
    pub(crate) fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    #[inline]
    fn bit(&self, left: u32, right: u32) -> usize {
        multiply_shift(key(left, right), self.shift - BITS)
    }

    #[inline]
    fn slot(&self, left: u32, right: u32) -> usize {
        let key = key(left, right);
        let mask = self.slots.len() - 1;
        let mut at = multiply_shift(key, self.shift);
        while self.slots[at].0 != key && self.slots[at].0 != EMPTY {
            at = (at + 1) & mask;
        }
        at
    }
}

#[inline]
fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}
