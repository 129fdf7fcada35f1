//! Where documents ended up.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Parts;
use crate::Result;
use crate::error::On;

/// Bytes of a place: document, keeper, size.
const PLACE: usize = 12;

pub(super) fn place_bytes(document: u32, keeper: u32, size: u32) -> [u8; PLACE] {
    let mut bytes = [0; PLACE];
    bytes.as_chunks_mut::<4>().0.copy_from_slice(&[document, keeper, size].map(u32::to_le_bytes));
    bytes
}

/// Whether the first of two documents, each with its length, is the better one: longer, or of a smaller id.
pub(super) fn better(parts: &Parts, one: (u32, u64), other: (u32, u64)) -> Result<bool> {
    if one.1 != other.1 {
        return Ok(one.1 > other.1);
    }
    Ok(parts.id(one.0)? < parts.id(other.0)?)
}

/// The place of a document in a cluster of more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its number.
    pub document: u32,
    /// Number of the document that is kept for it: its own, if it is the one.
    pub keeper: u32,
    /// Documents in its cluster, itself included.
    pub size: u32,
}

impl Placed {
    fn from_bytes(bytes: &[u8; PLACE]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        Self { document: word(0), keeper: word(4), size: word(8) }
    }
}

/// What [`resolve`](super::resolve) wrote.
pub struct Places {
    file: File,
    path: PathBuf,
    count: u64,
}

impl Places {
    /// Opens `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).on("open", path)?;
        let count = file.metadata().on("read", path)?.len() / PLACE as u64;
        Ok(Self { file, path: path.to_owned(), count })
    }

    /// The places of those of `documents` that have a like, in order.
    pub fn of(&self, documents: Range<u32>) -> Result<Vec<Placed>> {
        let (start, end) = (self.find(documents.start)?, self.find(documents.end)?);
        (start..end).map(|at| self.get(at)).collect()
    }

    /// The place of `document`, if it has a like.
    pub fn get_of(&self, document: u32) -> Result<Option<Placed>> {
        let at = self.find(document)?;
        Ok(if at < self.count {
            Some(self.get(at)?).filter(|place| place.document == document)
        } else {
            None
        })
    }

    /// Index of the first place of `document` or one behind it.
    fn find(&self, document: u32) -> Result<u64> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle)?.document < document { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    fn get(&self, at: u64) -> Result<Placed> {
        let mut bytes = [0; PLACE];
        self.file.read_exact_at(&mut bytes, at * PLACE as u64).on("read", &self.path)?;
        Ok(Placed::from_bytes(&bytes))
    }
}

/// The documents that went in an earlier clustering, a bit each.
pub(super) struct Gone(Vec<u64>);

impl Gone {
    pub(super) fn read(path: &Path, documents: u32) -> Result<Self> {
        let places = Places::open(path)?;
        let mut bits = vec![0; documents as usize / 64 + 1];
        let mut reader = BufReader::with_capacity(1 << 18, places.file);
        for _ in 0..places.count {
            let mut bytes = [0; PLACE];
            reader.read_exact(&mut bytes).on("read", path)?;
            let Placed { document, keeper, .. } = Placed::from_bytes(&bytes);
            bits[document as usize / 64] |= u64::from(document != keeper) << (document % 64);
        }
        Ok(Self(bits))
    }

    pub(super) fn has(&self, document: u32) -> bool {
        self.0[document as usize / 64] >> (document % 64) & 1 == 1
    }
}
