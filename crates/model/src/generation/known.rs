//! What was read and may begin another text: its keys and values are kept, the longest unused go first.

use crate::{Cache, Result};

/// Positions below which sharing costs more than reading: the pages of a row that begins like another are its own from
/// there on, and pages have a size.
const WORTH: usize = 16;
/// Positions that a text takes at least, and in steps of which it grows.
const PAGE: usize = 128;

/// Texts that were read, of one row each, the longest unused first.
pub(super) struct Known {
    texts: Vec<(Vec<u32>, Box<dyn Cache>)>,
    /// Positions that may be kept.
    room: usize,
}

impl Known {
    /// Keeps at most so many positions.
    pub(super) fn new(room: usize) -> Self {
        Self { texts: vec![], room }
    }

    /// Whether anything is ever kept.
    pub(super) fn keeps(&self) -> bool {
        self.room > 0
    }

    /// Keeps what was read of a text: the positions of `cache`, which are the first of `ids`.
    pub(super) fn keep(&mut self, mut ids: Vec<u32>, cache: Box<dyn Cache>) {
        ids.truncate(cache.lengths().first().copied().unwrap_or(0));
        if ids.len() < WORTH || size(&ids) > self.room {
            return;
        }
        // whoever begins like an earlier turn of a talk begins like the whole talk
        self.texts.retain(|(known, _)| !ids.starts_with(known));
        self.texts.push((ids, cache));
        let mut taken: usize = self.texts.iter().map(|(ids, _)| size(ids)).sum();
        while taken > self.room {
            taken -= size(&self.texts.remove(0).0);
        }
    }

    /// A cache of one row with the longest known beginning of `ids` that leaves at least one position to read.
    pub(super) fn beginning(&mut self, ids: &[u32]) -> Result<Option<Box<dyn Cache>>> {
        let shared = |(at, (known, _)): (usize, &(Vec<u32>, _))| (common(known, ids), at);
        let longest = self.texts.iter().enumerate().map(shared).max();
        let Some((length, at)) = longest.filter(|&(length, _)| is_worth(length)) else { return Ok(None) };
        let used = self.texts.remove(at);
        let mut cache = used.1.fork(&[0])?;
        self.texts.push(used);
        cache.shorten(&[length])?;
        Ok(Some(cache))
    }
}

/// How many positions two texts have in common that need not be read for the second: its last one always must.
pub(super) fn common(known: &[u32], ids: &[u32]) -> usize {
    let same = known.iter().zip(ids).take_while(|(one, other)| one == other).count();
    same.min(ids.len().saturating_sub(1))
}

/// Whether so many positions are worth sharing.
pub(super) fn is_worth(positions: usize) -> bool {
    positions >= WORTH
}

fn size(ids: &[u32]) -> usize {
    ids.len().next_multiple_of(PAGE)
}
