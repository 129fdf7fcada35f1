//! A set of hashes: sorted, eight bytes each, with an index of where the leading bits begin.

/// How many keys share an entry of the index on average: two lines of the cache.
const PER_BUCKET: usize = 16;

/// A set of 64-bit hashes.
///
/// Hashes spread evenly, so a table of where each leading bit pattern begins (a quarter of a byte a key) leads to
/// about 16 keys: three places of memory instead of the twenty-two that a binary search of millions visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    sorted: Vec<u64>,
    starts: Vec<u32>,
}

impl Keys {
    /// Sorts in place, so that building takes no more memory than the keys.
    pub(super) fn new(mut keys: Vec<u64>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        Self::from_sorted(keys).expect("they were just sorted")
    }

    /// Keys that were written by [`Self::sorted`]; none if they are not in strictly rising order.
    pub(super) fn from_sorted(sorted: Vec<u64>) -> Option<Self> {
        if !sorted.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let mut keys = Self { sorted, starts: vec![] };
        // beyond 2³² keys the index would not do; the search of all keys still does
        if u32::try_from(keys.sorted.len()).is_ok() {
            keys.index();
        }
        Some(keys)
    }

    fn index(&mut self) {
        let buckets = (self.sorted.len() / PER_BUCKET).next_power_of_two();
        if buckets < 2 {
            return;
        }
        let shift = u64::BITS - buckets.ilog2();
        self.starts.reserve_exact(buckets + 1);
        for (at, key) in self.sorted.iter().enumerate() {
            let bucket = (key >> shift) as usize;
            while self.starts.len() <= bucket {
                self.starts.push(at as u32);
            }
        }
        self.starts.resize(buckets + 1, self.sorted.len() as u32);
    }

    #[inline]
    pub(super) fn contains(&self, key: u64) -> bool {
        let buckets = self.starts.len().saturating_sub(1);
        let range = if buckets == 0 {
            &self.sorted[..]
        } else {
            let bucket = (key >> (u64::BITS - buckets.ilog2())) as usize;
            &self.sorted[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
        };
        range.binary_search(&key).is_ok()
    }

    pub(super) fn sorted(&self) -> &[u64] {
        &self.sorted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Keys;

    proptest! {
        #[test]
        fn it_is_a_set(
            mut keys in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..50, Just(u64::MAX)], 0..400),
            more in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..50, Just(u64::MAX)], 0..50),
        ) {
            let set: BTreeSet<u64> = keys.iter().copied().collect();
            keys.extend(keys.clone());
            let ours = Keys::new(keys.clone());
            prop_assert_eq!(ours.sorted().len(), set.len());
            for key in keys.into_iter().chain(more) {
                prop_assert_eq!(ours.contains(key), set.contains(&key));
            }
        }
    }

    #[test]
    fn unsorted_keys_are_refused() {
        assert!(Keys::from_sorted(vec![1, 1]).is_none() && Keys::from_sorted(vec![2, 1]).is_none());
        assert!(Keys::from_sorted(vec![]).is_some_and(|keys| keys.is_empty() && !keys.contains(0)));
    }
}
