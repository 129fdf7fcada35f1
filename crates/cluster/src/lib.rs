//! Beyond one machine: a stage's tasks on Apache Ballista, and SQL over what runs left.
//!
//! A stage is a list of idempotent leaf tasks (`pipeline`), so an engine has little to do: say which machine does which
//! task, notice that one is gone, and give its tasks to others. [`Ballista`] is a [`pipeline::Runner`] that hands a phase
//! to a scheduler as *one leaf-only job*, a partition a task; executors do the tasks against the common store, and what
//! they leave are files and records there. **No row passes through the engine**: no shuffle, and no result either. A job
//! that ends well is believed only as far as its records are there, one that is lost is submitted again with what is
//! missing.
//!
//! Why so: at Ballista 55, `kill -9` of an executor in a reduce stage hangs the job or gives wrong answers, while leaf
//! tasks survive it. `faults/` holds both tests, for whoever wants to judge a new release.
//!
//! What runs left is asked by [`sql`], without any cluster. It need not be of `runs/`; this asks shards of one's own:
//!
//! ```no_run
//! use std::path::PathBuf;
//! use std::sync::Arc;
//!
//! use cluster::sql::{Options, Output, Runs, Session};
//! use pipeline::Result;
//!
//! /// Files, and their lengths, as the only output there is.
//! struct Mine(Vec<(PathBuf, u64)>);
//!
//! impl Runs for Mine {
//!     fn names(&self) -> Result<Vec<String>> {
//!         Ok(vec!["mine".to_owned()])
//!     }
//!     fn stages(&self, _: &str) -> Result<Vec<String>> {
//!         Ok(vec!["filter".to_owned()])
//!     }
//!     fn outputs(&self, _: &str, _: &str) -> Result<Vec<Output>> {
//!         let (name, kind) = ("documents".to_owned(), "documents/1".to_owned());
//!         Ok(vec![Output { name, kind, files: self.0.clone() }])
//!     }
//! }
//!
//! let options = Options {
//!     memory: 2 << 30,
//!     threads: 4,
//!     lists: Arc::new(|_: &str| Ok(vec![])),
//!     user_agent: "me@example.org".to_owned(),
//!     connections: 4,
//!     mirror: None,
//! };
//! let session = Session::new(Arc::new(Mine(vec![("part-00000.parquet".into(), 4711)])), &options)?;
//! let answer = session.show("select url, length(text) from mine.filter.documents", 10, 80)?;
//! println!("{:?} and {} rows in all", answer.rows, answer.count);
//! # Ok::<(), pipeline::Error>(())
//! ```
//!
//! | module | idea |
//! |---|---|
//! | [`Leaves`] | what an executor can do: one task, from its ticket |
//! | [`scheduler`], [`executor`] | the two servers |
//! | [`Ballista`] | the runner that submits |
//! | [`sql`] | what runs left, asked; without the feature `ballista`, too |
#![forbid(unsafe_code)]

#[cfg(feature = "ballista")]
mod engine;
pub mod sql;

#[cfg(feature = "ballista")]
pub use engine::{Ballista, Executor, Failed, Leaves, Scheduler, executor, scheduler};
