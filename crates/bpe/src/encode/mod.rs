//! Text to ids.

mod cache;
mod hash;
mod linear;
mod merges;
mod piece;
mod trie;

pub(crate) use cache::{Cache, Key, Memory};
pub(crate) use linear::Linear;
pub(crate) use merges::Merges;
pub(crate) use piece::{SHORT, by_merging};
