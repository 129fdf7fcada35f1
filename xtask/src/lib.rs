//! deepdive, the program: wires the crates into runs that read and write Parquet shards.
//!
//! A verb is a module here, a stage is a module in [`stages`] and a line in [`registry()`]. Everything else lives in
//! crates that one would use without this program.
//!
//! A program with stages of one's own calls [`program`] with a registry that has them too; `examples/swap-tokenizer` in the
//! repository is one. Of the features, `data` filters and tokenises, `train` (on by default, as `serve` is) brings models,
//! `sql` and `cluster` bring DataFusion and Ballista.

#[cfg(not(feature = "data"))]
compile_error!("deepdive is built with the feature `data` at least: --no-default-features --features data");

mod bench;
#[cfg(feature = "train")]
mod chat;
mod cli;
#[cfg(feature = "cluster")]
mod cluster;
mod depot;
mod environment;
mod explain;
pub mod fault;
mod figures;
mod fixtures;
mod gc;
mod house;
mod lines;
mod machine;
mod network;
mod registry;
mod report;
mod reproduce;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod sources;
#[cfg(feature = "sql")]
mod sql;
pub mod stages;
mod stop;
mod verify;
mod what_if;

pub use cli::{Cli, Verb, program, run};
pub use registry::registry;
