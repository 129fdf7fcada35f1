//! The trait that everything in a pipeline implements.

use serde_json::Value;

use crate::{Fault, Io, Signature};

/// One step of a pipeline: a settings struct that knows how to run.
///
/// The implementing type is its own settings: it derives `Serialize`, `Deserialize`
/// (`deny_unknown_fields, default`), `Default` and `JsonSchema`, so TOML and Rust build the same object.
///
/// ```
/// use pipeline::{Io, Output, Signature, Slot, Stage, Task};
///
/// /// Keeps documents that are at least so long.
/// #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct AtLeast { bytes: usize }
///
/// impl Default for AtLeast {
///     fn default() -> Self { Self { bytes: 200 } }
/// }
///
/// impl Stage for AtLeast {
///     fn signature(&self) -> Signature {
///         Signature {
///             reads: vec![Slot::new("notes", "notes/1")],
///             writes: vec![Output::new("notes", "notes/1")],
///             ..Signature::exact(1)
///         }
///     }
///     fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
///         let path = io.output("notes")?.join("part-00000.txt");
///         let mut long = String::new();
///         for file in io.input("notes")?.files() {
///             let text = std::fs::read_to_string(file.path()?)?;
///             long.extend(text.lines().filter(|line| line.len() >= self.bytes));
///         }
///         std::fs::write(&path, long)?;
///         io.add_file("notes", "part-00000.txt")
///     }
/// }
/// let registry = pipeline::Registry::default().with::<AtLeast>("at-least", "keeps long notes");
/// assert!(registry.get("at-least").is_some());
/// ```
pub trait Stage: Send + Sync {
    /// Version, exact or numeric, random or not, what it reads and writes.
    fn signature(&self) -> Signature;

    /// Does part `task` of the work. Called again after a crash, it starts that part anew.
    ///
    /// # Errors
    /// Only for the world: disk, network, a corrupt shard. Bad *data* is counted and written down, never an error.
    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()>;

    /// Refuses settings that have the right types and still make no sense, before anything runs.
    ///
    /// # Errors
    /// A [`Fault`] that names the setting: `Fault::new("…").on("/files")`.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// What it will take, a line each, before anything runs: from these settings, and those of the stage behind a slot,
    /// which `above` gives.
    fn forecast(&self, above: &dyn Fn(&str) -> Option<Value>) -> Vec<String> {
        let _ = above;
        vec![]
    }

    /// How many independent tasks each phase has; a phase starts when the one before is whole.
    ///
    /// The default is one task. A stage that works file by file returns `[files]`.
    ///
    /// # Errors
    /// When an input cannot be read.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        let _ = io;
        Ok(vec![1])
    }
}

/// One leaf of a stage's work: idempotent, with outputs of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// Which phase, from 0.
    pub phase: usize,
    /// Which part of that phase, from 0.
    pub part: usize,
}

impl Task {
    /// The file name of this task's shard: `part-00003.parquet`.
    pub fn shard(self) -> String {
        format!("part-{:05}.parquet", self.part)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:05}", self.phase, self.part)
    }
}
