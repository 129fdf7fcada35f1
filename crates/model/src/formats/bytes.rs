//! Bytes of a stranger's file, taken from front to back.
//!
//! Counts in the file are believed only as far as there are bytes to back them.

use std::path::Path;

use crate::{Error, Result};

/// What is left of a file, and where it begins.
pub(super) struct Bytes<'a> {
    pub(super) path: &'a Path,
    pub(super) rest: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(path: &'a Path, bytes: &'a [u8]) -> Self {
        Self { path, rest: bytes, at: 0 }
    }

    /// The next `count` bytes, or an error that says they should have been `what`.
    pub(super) fn take(&mut self, count: u64, what: &str) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let Some((taken, rest)) = split else {
            let expected = format!("{count} bytes at byte {}", self.at);
            return Err(self.wrong(what, expected, format!("{}", self.rest.len())));
        };
        self.rest = rest;
        self.at += taken.len();
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64, what)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self, what: &str) -> Result<i32> {
        self.array(what).map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(super) fn wrong(&self, what: &str, expected: impl Into<String>, got: impl Into<String>) -> Error {
        wrong(self.path, what, expected, got)
    }
}

/// The error of these readers.
pub(super) fn wrong(path: &Path, what: &str, expected: impl Into<String>, got: impl Into<String>) -> Error {
    Error::format(path, format!("{what}: expected {}, got {}", expected.into(), got.into()))
}
