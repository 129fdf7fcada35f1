//! A long sequence of token ids, in memory or in a flat file.

use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::{Error, Result};

/// How many bytes an id has in a token file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// u16: vocabularies up to 65,536.
    Two,
    /// u32.
    Four,
}

impl Width {
    /// The narrowest width for ids of a vocabulary.
    pub fn of(vocabulary: usize) -> Self {
        if vocabulary <= 1 << 16 { Self::Two } else { Self::Four }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// Token ids of many documents, one after the other. Cloning it copies no ids.
#[derive(Clone)]
pub struct Tokens(Source);

#[derive(Clone)]
enum Source {
    Memory(Arc<[u32]>),
    File(Arc<Mmap>, Width),
}

impl Tokens {
    /// Maps a file that holds nothing but ids, little-endian. It must not change while it is open.
    pub fn open(path: &Path, width: Width) -> Result<Self> {
        let bytes = super::map::map(path)?;
        if !bytes.len().is_multiple_of(width.bytes()) {
            let reason = format!("{} bytes are no whole number of {}-byte ids", bytes.len(), width.bytes());
            return Err(Error::format(path, reason));
        }
        Ok(Self(Source::File(Arc::new(bytes), width)))
    }

    /// Appends ids to a buffer in the layout that [`Tokens::open`] reads. An id too large for the width is
    /// an error.
    pub fn write(ids: &[u32], width: Width, bytes: &mut Vec<u8>) -> Result<()> {
        for &id in ids {
            match width {
                Width::Two => {
                    let narrow = u16::try_from(id).map_err(|_| Error::Id { id, vocabulary: 1 << 16 })?;
                    bytes.extend_from_slice(&narrow.to_le_bytes());
                }
                Width::Four => bytes.extend_from_slice(&id.to_le_bytes()),
            }
        }
        Ok(())
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        match &self.0 {
            Source::Memory(ids) => ids.len(),
            Source::File(bytes, width) => bytes.len() / width.bytes(),
        }
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends `count` ids from place `start` on; both must be inside.
    pub(crate) fn read(&self, start: usize, count: usize, ids: &mut Vec<u32>) {
        match &self.0 {
            Source::Memory(all) => ids.extend_from_slice(&all[start..start + count]),
            Source::File(bytes, Width::Two) => {
                let (pairs, _) = bytes[2 * start..2 * (start + count)].as_chunks();
                ids.extend(pairs.iter().map(|&pair| u32::from(u16::from_le_bytes(pair))));
            }
            Source::File(bytes, Width::Four) => {
                let (words, _) = bytes[4 * start..4 * (start + count)].as_chunks();
                ids.extend(words.iter().map(|&word| u32::from_le_bytes(word)));
            }
        }
    }
}

impl From<Vec<u32>> for Tokens {
    fn from(ids: Vec<u32>) -> Self {
        Self(Source::Memory(ids.into()))
    }
}
