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
