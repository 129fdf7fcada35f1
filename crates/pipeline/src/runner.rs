//! Who does a stage's tasks: this process, or this process's share of them.

use crate::error::Result;
use crate::stage::Task;

/// Runs the tasks of one phase.
///
/// A stage is a list of idempotent leaf tasks, so a runner needs no shuffle: threads, a slice of a job array
/// and a cluster run the same list.
pub trait Runner {
    /// Calls `work` for the tasks that are this runner's; tasks already done return at once.
    ///
    /// # Errors
    /// The first error of a task.
    fn run(&self, tasks: &[Task], work: &dyn Fn(Task) -> Result<()>) -> Result<()>;
}

/// All tasks, one after the other; each uses the thread pool inside.
#[derive(Debug, Clone, Copy)]
pub struct Whole;

impl Runner for Whole {
    fn run(&self, tasks: &[Task], work: &dyn Fn(Task) -> Result<()>) -> Result<()> {
        tasks.iter().try_for_each(|&task| work(task))
    }
}

/// `--task i/N`: every N-th task from the i-th, for Slurm arrays and indexed jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Which share, from 0.
    pub index: usize,
    /// How many shares.
    pub of: usize,
}

impl Runner for Slice {
    fn run(&self, tasks: &[Task], work: &dyn Fn(Task) -> Result<()>) -> Result<()> {
        tasks.iter().filter(|task| task.part % self.of == self.index).try_for_each(|&task| work(task))
    }
}

impl std::str::FromStr for Slice {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if index < of => Ok(Self { index, of }),
            _ => Err(format!("\"{text}\" is not i/N with 0 <= i < N, as in 0/4")),
        }
    }
}
