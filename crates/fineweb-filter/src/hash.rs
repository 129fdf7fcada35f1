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
