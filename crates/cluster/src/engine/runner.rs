//! The runner that submits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pipeline::{Class, Error, Fault, Found, Listening, Planned, Result, Runner, Store, Task, Ticket, Whole};
use tokio::runtime::Runtime;

use super::job::{Job, State, Trouble};
use super::leaf::{LeafExec, report};
use super::progress::Rest;

/// Between two looks at a job.
const LOOK: Duration = Duration::from_millis(200);
/// Looks between two questions how far it is.
const LOOKS_A_QUESTION: usize = 5;
/// Looks without an executor after which a person is told, and after which the job is given up.
const LONELY: usize = 25;
const ABANDONED: usize = 1500;
/// Tries to find a scheduler, each after a second: one that was never met, and one that was lost and may come back.
const FIRST_TRIES: usize = 5;
const TRIES: usize = 60;

/// Tasks of one job: its plan is one message, of some 500 bytes a task.
const MOST_TASKS: usize = 10_000;

/// Hands the tasks of a phase to a Ballista scheduler, and sees that they were done.
///
/// What a stage brings in from outside is brought in here, where its files are known to be, and what is numeric is made
/// here too: it is one long task, and its key names this machine's kernels. All else goes to the executors.
pub struct Ballista<'a> {
    scheduler: String,
    store: &'a Store,
    ticket: fn(&Planned) -> Ticket,
    runtime: Runtime,
    rest: Rest,
    met: AtomicBool,
}

impl fmt::Debug for Ballista<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ballista").field(&self.scheduler).finish()
    }
}

impl<'a> Ballista<'a> {
    /// Submits to the scheduler at `host:port`; `ticket` writes the ticket of a stage. Nothing is asked yet.
    ///
    /// # Errors
    /// When the system has no client to give.
    pub fn new(scheduler: &str, store: &'a Store, ticket: fn(&Planned) -> Ticket) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let scheduler = format!("http://{scheduler}");
        let rest = Rest::new(&scheduler).map_err(std::io::Error::other)?;
        Ok(Self { scheduler, store, ticket, runtime, rest, met: AtomicBool::new(false) })
    }

    /// One job with all that is missing.
    fn submit(&self, job: &pipeline::Job, ticket: &str, missing: &[Task], ear: &Listening) -> Result<Ended> {
        let stage = job.stage;
        let plan = LeafExec::plan(ticket.into(), missing);
        let plan = plan.map_err(|error| Error::Cluster(Fault::new(error.to_string())))?;
        let name = format!("{} {} phase {}", stage.name, stage.key, missing[0].phase);
        let ended = self.runtime.block_on(async {
            let mut submitted = Job::submit(&self.scheduler, &name, plan).await?;
            self.met.store(true, Ordering::Relaxed);
            tracing::info!(job = submitted.id, stage = stage.name, tasks = missing.len(), "submitted");
            let (mut told, mut lonely) = (0, 0);
            for look in 0_usize.. {
                tokio::time::sleep(LOOK).await;
                if ear.asked() {
                    submitted.cancel().await;
                    return Ok(Ended::Stopped);
                }
                if let State::Done = submitted.state().await? {
                    job.progress.advance((missing.len() as u64).saturating_sub(told));
                    break;
                }
                if !look.is_multiple_of(LOOKS_A_QUESTION) {
                    continue;
                }
                if let Some(done) = self.rest.done(&submitted.id).await {
                    job.progress.advance(done.saturating_sub(told));
                    told = told.max(done);
                }
                lonely = if self.rest.executors().await == Some(0) { lonely + LOOKS_A_QUESTION } else { 0 };
                if lonely == LONELY {
                    tracing::warn!("no executor is there yet: deepdive cluster executor --scheduler …");
                }
                if lonely > ABANDONED {
                    submitted.cancel().await;
                    return Err(Trouble::Failed("no executor has come".to_owned()));
                }
            }
            Ok(Ended::Done)
        });
        match ended {
            Ok(ended) => Ok(ended),
            Err(Trouble::Lost(why)) => Ok(Ended::Lost(why)),
            Err(Trouble::Failed(said)) => Err(Self::failed(stage, &said)),
        }
    }

    /// A job's failure, in the words of the task that failed.
    fn failed(stage: &Planned, said: &str) -> Error {
        let fault = Fault::new(format!("stage \"{}\" failed on the cluster", stage.name));
        let fault = fault.at(&stage.spot.file, Some(stage.spot.line));
        let said = report(said).unwrap_or_else(|| said.to_owned());
        let fault = fault.got(said.trim_end().replace('\n', "\n            "));
        Error::Cluster(fault.cure("correct it and submit again: only what is missing is done"))
    }

    fn unreachable(&self, why: &str) -> Error {
        let fault = Fault::new(format!("the scheduler at {} does not answer", self.scheduler)).got(why);
        let cure = "start it (deepdive cluster scheduler) and submit again: only what is missing is done";
        Error::Cluster(fault.cure(cure))
    }
}

/// How a job ended that did not fail.
enum Ended {
    Done,
    Stopped,
    Lost(String),
}

impl Runner for Ballista<'_> {
    fn run(&self, job: &pipeline::Job) -> Result<()> {
        if stays(job.stage) {
            return Whole.run(job);
        }
        let ear = job.stop.listen();
        let ticket = serde_json::to_string(&(self.ticket)(job.stage)).expect("plain data");
        job.progress.length(job.tasks.len() as u64);
        let mut missing = job.missing()?;
        job.progress.advance((job.tasks.len() - missing.len()) as u64);
        if !missing.is_empty() {
            self.store.lend(job.stage)?;
        }
        let mut tries = 0;
        while !missing.is_empty() {
            match self.submit(job, &ticket, &missing[..missing.len().min(MOST_TASKS)], &ear)? {
                Ended::Done => {
                    let left = job.missing()?;
                    if left.len() == missing.len() {
                        let fault = Fault::new(format!(
                            "stage \"{}\": tasks were done, and left no record here",
                            job.stage.name
                        ));
                        let cure = "give all processes the same --runs on a shared disk, or the same --depot";
                        return Err(Error::Cluster(fault.at(self.store.root(), None).cure(cure)));
                    }
                    missing = left;
                }
                Ended::Stopped => return Err(ear.stopped("what the executors had finished")),
                Ended::Lost(why) => {
                    // what it had given out goes on, so some of what is missing now will be there soon
                    if tries == 0 {
                        tracing::warn!("no answer from the scheduler at {}: {why}", self.scheduler);
                    }
                    tries += 1;
                    if tries > if self.met.load(Ordering::Relaxed) { TRIES } else { FIRST_TRIES } {
                        return Err(self.unreachable(&why));
                    }
                    std::thread::sleep(Duration::from_secs(1));
                    missing = job.missing()?;
                }
            }
        }
        Ok(())
    }
}

/// Whether the process that submits does the work itself.
fn stays(stage: &Planned) -> bool {
    let files = stage.outside.values().any(|found| matches!(found, Found::Files(_)));
    stage.signature.class == Class::Numeric || (stage.inputs.is_empty() && files)
}
