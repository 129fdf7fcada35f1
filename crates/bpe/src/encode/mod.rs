//! Text to ids.

mod cache;
mod hash;
mod linear;
mod merges;
mod piece;
mod trie;
mod whole;

pub(crate) use cache::{Key, Memory, Pairs};
pub(crate) use linear::Linear;
pub(crate) use merges::{MOST_IDS, Merges, Rank};
pub(crate) use piece::{SHORT, by_merging};
pub(crate) use whole::Whole;
