//! deepdive, the program: wires the crates into runs that read and write Parquet shards.
//!
//! One file a verb, one file a stage ([`stages`]), one line a stage in [`registry()`]. Everything else lives in
//! crates that one would use without this program.

mod bench;
mod cli;
mod environment;
mod explain;
pub mod fault;
mod fixtures;
mod gc;
mod house;
mod lines;
mod network;
mod registry;
#[cfg(feature = "data")]
mod report;
mod reproduce;
mod show;
mod sources;
pub mod stages;
mod verify;

pub use cli::{Cli, Verb, program, run};
pub use registry::registry;
