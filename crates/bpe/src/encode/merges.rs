use super::hash::multiply_shift;

/// Position of a merge in the list of merges: smaller goes first.
pub(crate) type Rank = u32;
/// No merge: behind all others.
pub(crate) const NONE: Rank = Rank::MAX;
/// Ids are less than this, so that a pair and its rank fit into eight bytes.
pub(crate) const MOST_IDS: usize = 1 << ID_BITS;

const ID_BITS: u32 = 21;
const RANK_BITS: u32 = 64 - 2 * ID_BITS;
const EMPTY: u64 = u64::MAX;
/// Bits of `maybe` a slot, as a power of two: 16 or more a merge, so that one foreign pair in 16 at most goes on.
const BITS: u32 = 3;

/// The list of merges, and an open-addressed index from pair to rank.
///
/// Both are as small as can be: pairs that come together lie apart, and each that no cache holds costs a wait for memory.
#[derive(Clone, Debug)]
pub(crate) struct Merges {
    pairs: Vec<(u32, u32)>,
    /// By rank, the token that a pair becomes.
    ids: Vec<u32>,
    /// A pair, and its rank in the lowest bits. Power of two long, at most half full.
    slots: Vec<u64>,
    shift: u32,
    /// A bit for each pair, and for some others: most pairs that are asked for have no merge, and are turned away here
    /// without a look at `slots` (a Bloom filter with one hash).
    maybe: Vec<u64>,
}

impl Merges {
    /// For at most `capacity` merges.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let slots = (2 * capacity).next_power_of_two().max(64);
        let shift = 64 - slots.trailing_zeros();
        let maybe = vec![0; (slots << BITS) / 64];
        let (pairs, ids) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        Self { pairs, ids, slots: vec![EMPTY; slots], shift, maybe }
    }

    /// Appends a merge; a pair that is already there is refused with its earlier rank.
    pub(crate) fn push(&mut self, left: u32, right: u32, id: u32) -> Result<(), Rank> {
        let rank = self.pairs.len();
        assert!(2 * (rank + 1) <= self.slots.len(), "capacity is given once");
        assert!(left.max(right) < MOST_IDS as u32 && rank < MOST_IDS, "vocabularies are bounded");
        let at = self.slot(left, right);
        if self.slots[at] != EMPTY {
            return Err(rank_in(self.slots[at]));
        }
        self.slots[at] = key(left, right) << RANK_BITS | rank as u64;
        let bit = self.bit(left, right);
        self.maybe[bit / 64] |= 1 << (bit % 64);
        self.pairs.push((left, right));
        self.ids.push(id);
        Ok(())
    }

    /// Rank of the merge of this pair, or [`NONE`].
    #[inline]
    pub(crate) fn rank(&self, left: u32, right: u32) -> Rank {
        let bit = self.bit(left, right);
        if self.maybe[bit / 64] >> (bit % 64) & 1 == 0 {
            return NONE;
        }
        match self.slots[self.slot(left, right)] {
            EMPTY => NONE,
            slot => rank_in(slot),
        }
    }

    /// The token that the pair of this rank becomes.
    #[inline]
    pub(crate) fn id(&self, rank: Rank) -> u32 {
        self.ids[rank as usize]
    }

    /// All pairs, first merge first.
    pub(crate) fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    pub(crate) fn memory(&self) -> usize {
        let lists = size_of_val(self.pairs.as_slice()) + size_of_val(self.ids.as_slice());
        lists + size_of_val(self.slots.as_slice()) + size_of_val(self.maybe.as_slice())
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
        while self.slots[at] >> RANK_BITS != key && self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        at
    }
}

#[inline]
fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << ID_BITS | u64::from(right)
}

#[inline]
fn rank_in(slot: u64) -> Rank {
    (slot & ((1 << RANK_BITS) - 1)) as Rank
}
