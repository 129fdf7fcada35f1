//! Clusters of more documents than memory holds, in four steps that other processes may share.
//!
//! 1. **Sign**: for each part of a corpus, a folder that [`PartWriter`] fills: of each document a row of facts, its
//!    id, and its keys, sorted by key in runs.
//! 2. **Group**, once a [`Channel`]: [`group`] merges all runs of one channel and writes pairs of documents that share
//!    a key.
//! 3. **Cluster**, once: [`resolve`] joins the pairs and writes a place for each document that has a like.
//! 4. **Keep**: [`Places`] says of any range of documents who stays, and for whom the others go.
//!
//! Keys are merged as a tape sorter does (Knuth, The Art of Computer Programming 3, 5.4), so memory is what one allows,
//! and only `resolve` needs more with every document: [`RESOLVE_BYTES`] each. What is written depends neither on the
//! memory nor on who does which step; and it is the same as [`cluster`](super::cluster) finds in memory.
//!
//! # Verification
//!
//! Documents that share a band are near with some probability only. With `min_jaccard` above 0 a pair is joined
//! only if the Jaccard similarity of their shingles is at least that. Among documents that share a band the best (longest,
//! then smallest id) is compared with all others; those that are alike are joined with it; of the rest the best is
//! compared with the rest, and so on, at most [`ROUNDS`] times. So every link of a cluster is verified, work is linear
//! in the number of documents, and the order of documents does not matter. A chain of verified links may still have
//! unlike ends, and a pair may be missed whose better half is alike to a third.

mod group;
mod part;
mod places;
mod resolve;
mod runs;

pub use group::{Grouping, ROUNDS, group};
pub use part::{Fact, PartWriter, Parts, Signed};
pub use places::{Placed, Places};
pub use resolve::{RESOLVE_BYTES, resolve};

/// Keys of one sort: documents are alike that share a key in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// [`text_key`](super::text_key): equal texts.
    Text,
    /// [`address_key`](super::address_key): equal addresses.
    Address,
    /// A band of the signature: texts that are nearly the same.
    Band(usize),
}

impl Channel {
    /// Its place among the sections of a file of keys.
    fn section(self) -> usize {
        match self {
            Self::Text => 0,
            Self::Address => 1,
            Self::Band(band) => 2 + band,
        }
    }

    /// Bytes of its keys.
    fn width(self) -> usize {
        match self {
            Self::Text | Self::Address => 16,
            Self::Band(_) => 8,
        }
    }

    /// Text and the bands: all by which near documents are found.
    pub fn of_texts(bands: usize) -> Vec<Self> {
        std::iter::once(Self::Text).chain((0..bands).map(Self::Band)).collect()
    }
}
