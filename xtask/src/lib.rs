//! deepdive, the program: wires the crates into runs that read and write Parquet shards.
//!
//! A verb is a module here, a stage is a module in [`stages`] and a line in [`registry()`]. Everything else lives in
//! crates that one would use without this program.
//!
//! A stage of one's own is a settings struct. In a program of one's own it stands beside those of the house, and all
//! verbs know it; `examples/swap-tokenizer` is a whole one.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use pipeline::{Io, Output, Signature, Slot, Stage, Task};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// How much was kept, as a line of text.
//! #[derive(Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields, default)]
//! struct Tally {}
//!
//! impl Stage for Tally {
//!     fn signature(&self) -> Signature {
//!         Signature {
//!             reads: vec![Slot::new("documents", "documents/1")],
//!             writes: vec![Output::new("tally", "tally/1")],
//!             ..Signature::exact(1)
//!         }
//!     }
//!
//!     fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
//!         let rows = io.input("documents")?.rows();
//!         std::fs::write(io.output("tally")?.join("tally.txt"), format!("{rows} documents\n"))?;
//!         io.add_tree("tally")
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     deepdive::program(&deepdive::registry().with::<Tally>("tally", "counts documents"))
//! }
//! ```
//!
//! Of the features, `data` filters and tokenises, `train` (on by default, as `serve` is) brings models,
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
mod spread;
#[cfg(feature = "sql")]
mod sql;
pub mod stages;
mod stop;
mod verify;
mod what_if;

pub use cli::{Cli, Verb, program, run};
pub use registry::registry;
