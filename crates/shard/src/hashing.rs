//! Hashes of bytes on their way to and from a disk.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The size and hash of some bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many bytes there are.
    pub bytes: u64,
    /// Their BLAKE3 hash, 64 hexadecimal digits.
    pub blake3: String,
}

/// Reads a whole file and hashes it.
pub fn digest(path: &Path) -> Result<Digest> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let mut hasher = Hasher::default();
    hasher.read(&mut file).map_err(Error::io(path))?;
    Ok(hasher.finish())
}

/// A hash in progress.
#[derive(Default)]
pub(crate) struct Hasher {
    blake3: blake3::Hasher,
    bytes: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Takes in the rest of `source`.
    pub(crate) fn read(&mut self, source: &mut impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[cfg(feature = "remote")]
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest { bytes: self.bytes, blake3: self.blake3.finalize().to_hex().to_string() }
    }
}

/// Hashes what passes through, so that a file need not be read again once it is written.
pub(crate) struct Hashing<W> {
    pub(crate) inner: W,
    hasher: Hasher,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::default() }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.hasher.finish()
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
