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
//! use pipeline::{How, Library, Memo, Planner, Session, Stop, Store, Whole};
//! use pipeline::{Io, Output, Registry, Signature, Stage, Task};
//! # use pipeline::{Observer, Outcome, Pin, Pins, Planned, Progress};
//!
//! #[derive(Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields, default)]
//! struct Greet { times: usize }
//!
//! impl Stage for Greet {
//!     fn signature(&self) -> Signature {
//!         Signature { writes: vec![Output::new("words", "words/1")], ..Signature::exact(1) }
//!     }
//!     fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
//!         std::fs::write(io.output("words")?.join("all.txt"), "hello\n".repeat(self.times))?;
//!         io.add_file("words", "all.txt")
//!     }
//! }
//!
//! # struct Quiet;
//! # impl Progress for Quiet {
//! #     fn length(&self, _: u64) {}
//! #     fn advance(&self, _: u64) {}
//! # }
//! # impl Observer for Quiet {
//! #     fn begins(&self, _: &Planned) -> Box<dyn Progress> { Box::new(Quiet) }
//! #     fn ends(&self, _: &Planned, _: &Outcome) {}
//! # }
//! # struct Offline;
//! # impl Pins for Offline {
//! #     fn pin(&self, url: &str) -> anyhow::Result<Pin> { anyhow::bail!("nobody asks for {url} here") }
//! # }
//! let text = "[[stage]]\nname = \"hello\"\nuse = \"greet\"\nwith = { times = 2 }\n";
//! let file = Library { directories: &[], builtin: &[("polite", text)] }.load("polite")?;
//! let registry = Registry::default().with::<Greet>("greet", "says hello");
//! let (mut memo, pins) = (Memo::default(), &Offline);
//! let planner = &mut Planner { registry: &registry, kernels: "scalar", memo: &mut memo, pinned: &[], pins };
//! let plan = planner.plan(file)?;
//!
//! let runs = tempfile::tempdir().unwrap();
//! let store = Store::open(runs.path())?;
//! let session = Session {
//!     store: &store, runner: &Whole, observer: &Quiet, stop: Stop::default(), mirror: None,
//!     sources: &|_| String::new(), about: serde_json::json!({}),
//! };
//! assert_eq!(session.run(&plan, None)?[0].how, How::Done);
//! assert_eq!(session.run(&plan, None)?[0].how, How::Cached);
//! # Ok::<(), pipeline::Error>(())
//! ```
//!
//! Others plug in at three traits, each of which shows how: [`Stage`], [`Runner`], [`Depot`].
//!
//! | module | idea |
//! |---|---|
//! | [`library`](Library) | where pipeline files are found, and what they extend |
//! | [`file`](PipelineFile) | stages as written, with the line of every key |
//! | [`signature`](Signature) | what a stage says of itself |
//! | [`stage`](Stage) | the trait, and tasks |
//! | [`io`](Io) | the only window that a stage has on the world |
//! | [`stop`](Stop) | a wish to stop, granted after saving |
//! | [`registry`](Registry) | which stages there are |
//! | [`plan`](Plan), `wire` | wiring and settings checked, keys computed |
//! | [`key`](Key), `canonical` | the hash of a recipe, and its one spelling |
//! | [`outside`](Memo) | files and URLs from elsewhere, named by what is in them |
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
