//! Settings to keys, a plan, a store of immutable outputs, manifests, locks.
//!
//! A **stage** is a settings struct that reads files and writes files. A **pipeline file** is a list of stages,
//! read from top to bottom. A **run** is a plan whose every stage stands in the **store** under the hash of its
//! recipe. Cache, resume and reproducibility are this one mechanism: what stands under a name is right, and what
//! is not finished has no name. There is no engine here, no graph and no plug-in loader: a stage may name only
//! stages above it, so a cycle cannot be written.
//!
//! This crate knows directories and hashes and no tables: whether a shard holds documents is for others to know.
//!
//! ```
//! use pipeline::Key;
//! use serde_json::json;
//!
//! // the order of settings is no part of a recipe, a version is
//! let key = Key::of(&json!({ "stage": "dedup", "version": 1 }));
//! assert_eq!(key, Key::of(&json!({ "version": 1, "stage": "dedup" })));
//! assert_ne!(key, Key::of(&json!({ "stage": "dedup", "version": 2 })));
//! ```
//!
//! [`Stage`], [`Runner`] and [`Depot`] are the seams; the docs of each have one of one's own.
//!
//! | module | idea |
//! |---|---|
//! | [`library`](Library) | where pipeline files are found, and what they extend |
//! | [`file`](PipelineFile) | stages as written, with the line of every key |
//! | [`signature`](Signature) | what a stage says of itself |
//! | [`stage`](Stage) | the trait, and tasks |
//! | [`stop`](Stop) | a wish to stop, granted after saving |
//! | [`io`](Io) | all that a stage sees of the world |
//! | [`registry`](Registry) | which stages there are |
//! | [`outside`](Memo) | files and URLs from outside, named by what is in them |
//! | [`key`](Key), `canonical` | recipes to names |
//! | [`plan`](Plan) | wiring and settings checked, keys computed |
//! | [`run`](Session) | cached, resumed or made; committed by rename |
//! | [`runner`](Runner) | who does the tasks of a stage: one process, many, a cluster |
//! | `work` | the tasks of one stage, each under its lock |
//! | [`ticket`](Ticket) | a stage on its way to another machine |
//! | `lend` | outside files on their way to other machines |
//! | [`depot`](Depot) | object storage behind the store, where machines share no disk |
//! | `trim` | what of it stays on this machine |
//! | [`store`](Store) | one directory per recipe, locks, gc |
//! | [`manifest`](Manifest) | `stage.json` |
//! | [`lockfile`](LockFile) | `NAME.lock` |
//! | [`error`](Error), `explain`, `toml_lines` | what is wrong, on which line, and what cures it |
//! | [`clock`] | what work cost; nothing else reads a clock |
#![forbid(unsafe_code)]

mod canonical;
pub mod clock;
mod depot;
mod error;
mod explain;
mod file;
mod files;
mod io;
mod key;
mod lend;
mod library;
mod lockfile;
mod manifest;
mod outside;
mod plan;
mod registry;
mod run;
mod runner;
mod signature;
mod stage;
mod stop;
mod store;
mod ticket;
mod toml_lines;
mod trim;
mod wire;
mod work;

pub use canonical::canonical;
pub use depot::Depot;
pub use error::{Error, Fault, On, Result, nearest};
pub use file::{Entry, PipelineFile, Spot};
pub use files::{hash_file, write_atomically};
pub use io::{Input, InputFile, Io};
pub use key::{Key, derive_seed};
pub use library::Library;
pub use lockfile::{Difference, LockFile, Locked, Made};
pub use manifest::{Contents, FileRecord, Manifest};
pub use outside::{Memo, Pin, Pins};
pub use plan::{Found, Plan, Planned, Planner, Source};
pub use registry::{Built, Kind, Registry};
pub use run::{How, Observer, Outcome, Progress, Session};
pub use runner::{Job, Runner, Slice, Whole};
pub use signature::{Class, Output, Outside, Signature, Slot};
pub use stage::{Stage, Task};
pub use stop::{Listening, Stop};
pub use store::{Held, Store};
pub use ticket::{Program, Ticket};
