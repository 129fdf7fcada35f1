//! Numbers that nobody can foresee: names of answers and battles, and seeds where a request gives none.

use std::hash::{BuildHasher, RandomState};

/// Sixty-four bits, from the operating system's randomness by way of the hash's keys.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one("number")
}

/// A name that begins so, with 128 bits behind it.
pub(crate) fn name(prefix: &str) -> String {
    format!("{prefix}{:016x}{:016x}", number(), number())
}
