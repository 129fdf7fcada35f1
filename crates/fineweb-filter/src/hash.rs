//! The three hashes of FineWeb's deduplication: SHA-1, xxHash64, and arithmetic modulo the prime 2⁶¹ − 1.

mod sha1;
mod xxh64;

pub(crate) use sha1::{LANES, ONE_BLOCK, sha1_prefix, sha1_prefixes};
pub use xxh64::xxh64;

/// The Mersenne prime 2⁶¹ − 1.
pub(crate) const MERSENNE_61: u64 = (1 << 61) - 1;

/// `x mod 2⁶¹ − 1`.
#[inline]
pub(crate) fn mersenne61(x: u64) -> u64 {
    let folded = (x & MERSENNE_61) + (x >> 61);
    if folded >= MERSENNE_61 { folded - MERSENNE_61 } else { folded }
}

/// `a b mod 2⁶¹ − 1` for factors below the prime.
#[inline]
pub(crate) fn mersenne61_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    mersenne61((product as u64 & MERSENNE_61) + (product >> 61) as u64)
}
