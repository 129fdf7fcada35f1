//! Which row of the input matrix belongs to a hash.

/// Rows of n-grams, by hash modulo the number of buckets.
#[derive(Debug)]
pub(super) struct Rows {
    buckets: u64,
    /// Rows of words stand first.
    words: usize,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    /// Every bucket has its row.
    All,
    /// Some have: a bit for each bucket, the number of set bits before each word of bits, and the rows in that order.
    ///
    /// Most n-grams of a text have none. A quarter of a megabyte of bits stays in the cache, a hash map does not.
    Some { bits: Vec<u64>, before: Vec<u32>, rows: Vec<u32> },
}

impl Rows {
    pub(super) fn all(buckets: u64, words: usize) -> Self {
        Self { buckets, words, kept: Kept::All }
    }

    /// Of `pairs` of bucket and row behind those of words.
    pub(super) fn some(buckets: u64, words: usize, mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup_by_key(|(bucket, _)| *bucket);
        let mut bits = vec![0u64; buckets.div_ceil(64) as usize];
        for (bucket, _) in &pairs {
            bits[*bucket as usize / 64] |= 1 << (bucket % 64);
        }
        let mut count = 0;
        let mut before = Vec::with_capacity(bits.len());
        for word in &bits {
            before.push(count);
            count += word.count_ones();
        }
        let rows = pairs.into_iter().map(|(_, row)| row).collect();
        Self { buckets, words, kept: Kept::Some { bits, before, rows } }
    }

    #[inline]
    pub(super) fn of(&self, hash: u64) -> Option<usize> {
        if self.buckets == 0 {
            return None;
        }
        // most hashes have 32 bits, and their remainder is found in half the time
        let bucket = match (u32::try_from(hash), u32::try_from(self.buckets)) {
            (Ok(hash), Ok(buckets)) => (hash % buckets) as usize,
            _ => (hash % self.buckets) as usize,
        };
        match &self.kept {
            Kept::All => Some(self.words + bucket),
            Kept::Some { bits, before, rows } => {
                let word = bits[bucket / 64];
                let bit = 1 << (bucket % 64);
                (word & bit != 0).then(|| {
                    let at = before[bucket / 64] + (word & (bit - 1)).count_ones();
                    self.words + rows[at as usize] as usize
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn buckets_find_their_rows() {
        let rows = Rows::some(200, 10, vec![(199, 0), (0, 5), (64, 1), (63, 2), (0, 9)]);
        let found: Vec<_> = [0, 63, 64, 199, 1, 200, 463, (1 << 40) + 24].map(|hash| rows.of(hash)).into();
        // 2⁴⁰ + 24 is 0 modulo 200
        assert_eq!((1u64 << 40) % 200, 176);
        assert_eq!(found, [Some(15), Some(12), Some(11), Some(10), None, Some(15), Some(12), Some(15)]);
        assert_eq!(Rows::all(100, 3).of(205), Some(8));
        assert_eq!(Rows::some(0, 3, vec![]).of(205), None);
    }
}
