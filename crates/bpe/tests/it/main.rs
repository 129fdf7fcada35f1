//! The tests of `bpe`, one binary.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // helpers of tests are tests

mod common;
mod encode;
mod files;
mod parity;
mod split;
mod train;
