//! Text to ids.

mod cache;
mod merges;
mod piece;

pub(crate) use cache::{Cache, LONGEST, key};
pub(crate) use merges::Merges;
pub(crate) use piece::encode_piece;
