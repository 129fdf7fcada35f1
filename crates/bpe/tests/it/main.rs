//! The tests of `bpe`, one binary.

mod common;
mod encode;
mod files;
mod parity;
mod split;
mod train;
