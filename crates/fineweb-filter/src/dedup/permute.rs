//! The inner loop of MinHash: least values of many hash functions over many shingles.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the features of its caller"
)]

use crate::hash::{MERSENNE_61, mersenne61};

/// Functions worked on at once: two registers of AVX2, one of AVX-512.
const LANES: usize = 8;

/// Hash functions x ↦ (a x + b mod 2⁶⁴) mod 2⁶¹ − 1, in groups of [`LANES`]; the last is filled up with zeros.
#[derive(Clone, Debug)]
pub(super) struct Functions {
    groups: Vec<([u64; LANES], [u64; LANES])>,
    count: usize,
}

impl Functions {
    pub(super) fn new(functions: &[(u64, u64)]) -> Self {
        let group = |group: &[(u64, u64)]| {
            let at = |lane: usize| group.get(lane).copied().unwrap_or_default();
            (std::array::from_fn(|lane| at(lane).0), std::array::from_fn(|lane| at(lane).1))
        };
        Self { groups: functions.chunks(LANES).map(group).collect(), count: functions.len() }
    }
}

/// The minimum of each function over `shingles`.
pub(super) fn minima(functions: &Functions, shingles: &[u64]) -> Vec<u64> {
    pulp::Arch::new().dispatch(Minima { functions, shingles })
}

/// A closure would do, but is not sure to be compiled with the features that it is called under.
struct Minima<'a> {
    functions: &'a Functions,
    shingles: &'a [u64],
}

impl pulp::NullaryFnOnce for Minima<'_> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn call(self) -> Vec<u64> {
        let mut minima = Vec::with_capacity(self.functions.count + LANES);
        for (a, b) in &self.functions.groups {
            minima.extend_from_slice(&least(a, b, self.shingles));
        }
        minima.truncate(self.functions.count);
        minima
    }
}

/// The remainder is taken by adding what exceeds 61 bits to the rest, which leaves at most 2⁶¹ + 6: right but for the
/// eight values from 2⁶¹ − 1 on. One of them turns up once in 2⁵⁸ times; then the group is done again with care.
#[inline(always)]
fn least(a: &[u64; LANES], b: &[u64; LANES], shingles: &[u64]) -> [u64; LANES] {
    let (mut least, mut beyond) = ([i64::MAX; LANES], [0u64; LANES]);
    for &x in shingles {
        for lane in 0..LANES {
            let image = x.wrapping_mul(a[lane]).wrapping_add(b[lane]);
            let folded = (image & MERSENNE_61) + (image >> 61);
            beyond[lane] |= folded + 1;
            // below 2⁶², so the signed comparison is the same, and vector units have only that one
            least[lane] = least[lane].min(folded as i64);
        }
    }
    if beyond.iter().any(|bits| bits >> 61 != 0) {
        return exact(a, b, shingles);
    }
    least.map(|value| value as u64)
}

#[cold]
fn exact(a: &[u64; LANES], b: &[u64; LANES], shingles: &[u64]) -> [u64; LANES] {
    std::array::from_fn(|lane| {
        let images = shingles.iter().map(|x| mersenne61(x.wrapping_mul(a[lane]).wrapping_add(b[lane])));
        images.min().unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn groups_are_functions_one_by_one(
            functions in prop::collection::vec((any::<u64>(), any::<u64>()), 1..20),
            shingles in prop::collection::vec(any::<u64>(), 1..30),
        ) {
            let single = |&(a, b): &(u64, u64)| {
                shingles.iter().map(|x| x.wrapping_mul(a).wrapping_add(b) % MERSENNE_61).min().unwrap()
            };
            let expected: Vec<u64> = functions.iter().map(single).collect();
            prop_assert_eq!(minima(&Functions::new(&functions), &shingles), expected);
        }
    }

    #[test]
    fn values_at_the_prime_wrap_to_nought() {
        for top in 0..8u64 {
            for near in [MERSENNE_61 - 1, MERSENNE_61, MERSENNE_61 - 7, 0, 7] {
                let value = near | top << 61;
                let functions = Functions::new(&[(1, 0), (1, 1)]);
                let expected = [value % MERSENNE_61, value.wrapping_add(1) % MERSENNE_61];
                assert_eq!(minima(&functions, &[value]), expected, "{value:x}");
            }
        }
    }
}
