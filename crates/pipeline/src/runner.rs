//! Who does a stage's tasks: this process, this process's share of them, or a cluster.

use crate::error::Result;
use crate::plan::Planned;
use crate::run::Progress;
use crate::stage::Task;
use crate::stop::Stop;
use crate::work::Work;

/// Runs the tasks of one phase.
///
/// A stage is a list of idempotent leaf tasks, so a runner needs no shuffle: threads, a slice of a job array
/// and a cluster run the same list.
///
/// ```
/// use pipeline::{Job, Result, Runner};
///
/// /// From the last task to the first.
/// struct Backwards;
///
/// impl Runner for Backwards {
///     fn run(&self, job: &Job) -> Result<()> {
///         job.tasks.iter().rev().try_for_each(|&task| job.work(task))
///     }
/// }
/// ```
pub trait Runner {
    /// Sees to it that those tasks of `job` are done that are this runner's.
    ///
    /// # Errors
    /// The first error of a task.
    fn run(&self, job: &Job) -> Result<()>;
}

/// The tasks of one phase of one stage.
pub struct Job<'a> {
    /// The stage.
    pub stage: &'a Planned,
    /// All tasks of the phase, in order.
    pub tasks: &'a [Task],
    /// Tells a watching person how far it is.
    pub progress: &'a dyn Progress,
    /// How it is asked to stop.
    pub stop: &'a Stop,
    pub(crate) work: &'a Work<'a>,
}

impl Job<'_> {
    /// Does a task here; one that is done already returns at once.
    ///
    /// # Errors
    /// The task's.
    pub fn work(&self, task: Task) -> Result<()> {
        self.work.task(task)
    }

    /// The tasks that nobody has done yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn missing(&self) -> Result<Vec<Task>> {
        self.work.missing(self.tasks)
    }
}

/// All tasks, one after the other; each uses the thread pool inside.
#[derive(Debug, Clone, Copy)]
pub struct Whole;

impl Runner for Whole {
    fn run(&self, job: &Job) -> Result<()> {
        job.tasks.iter().try_for_each(|&task| job.work(task))
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
    fn run(&self, job: &Job) -> Result<()> {
        job.tasks.iter().filter(|task| task.part % self.of == self.index).try_for_each(|&task| job.work(task))
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
