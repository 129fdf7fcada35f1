//! `cluster`: one pipeline, many machines.
//!
//! The same program is scheduler, executor and submitter. They share a store: a directory that all mount, or a depot.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use anyhow::Context;
use clap::{Args, Subcommand};
use cluster::{Ballista, Executor, Failed, Leaves, Scheduler};
use pipeline::{
    Error, Fault, Memo, Observer, Outcome, Planned, Program, Progress, Registry, Session, Stop, Store, Task,
    Ticket, Whole,
};

use crate::cli::{Reproduce, Runs};
use crate::reproduce::{self, Home};
use crate::{depot, fault, sources};

/// Who this process is.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// Say which executor does which task
    Scheduler(SchedulerArguments),
    /// Do tasks
    Executor(ExecutorArguments),
    /// Run a pipeline, and have its tasks done by executors
    Submit(SubmitArguments),
}

/// Arguments of `cluster scheduler`.
#[derive(Debug, Clone, Args)]
pub struct SchedulerArguments {
    /// Address and port; nobody is asked who he is, so only a private network may reach it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50050")]
    pub listen: SocketAddr,
    /// Name under which executors reach it [default: the address it listens at]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
}

/// Arguments of `cluster executor`. None of them changes a result.
#[derive(Debug, Clone, Args)]
pub struct ExecutorArguments {
    /// Host and port of the scheduler
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub scheduler: String,
    /// Address and port; the next port is taken too
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
    pub listen: SocketAddr,
    /// Name under which the scheduler reaches it [default: the address it listens at]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Tasks at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub slots: usize,
    /// Threads that tasks share [default: cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// MB that this process may take; what threads do not need bounds the setting `memory_mb` of stages
    #[arg(long, value_name = "MB")]
    pub memory: Option<u64>,
    /// GB of the local disk for what came from the depot
    #[arg(long, value_name = "GB", default_value_t = 100)]
    pub disk: u64,
    /// Look for URLs under DIR/host/path before the network
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// Object storage that all machines reach: s3://bucket/prefix
    #[arg(long, value_name = "URL")]
    pub depot: Option<String>,
    /// Where runs are kept: the directory that all share, or with a depot one of this machine's own
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `cluster submit`.
#[derive(Debug, Clone, Args)]
pub struct SubmitArguments {
    /// Host and port of the scheduler
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub scheduler: String,
    /// What to run
    #[command(flatten)]
    pub reproduce: Reproduce,
}

/// Runs `cluster`.
pub(crate) fn run(role: &Role, registry: &Registry, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    match role {
        Role::Scheduler(arguments) => schedule(arguments, out),
        Role::Executor(arguments) => execute(arguments, registry, out),
        Role::Submit(arguments) => submit(arguments, registry, out),
    }
}

fn schedule(arguments: &SchedulerArguments, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "scheduler at {}; progress at http://{0}/api/jobs", arguments.listen)?;
    out.flush()?;
    let settings = Scheduler { listen: arguments.listen, host: arguments.host.clone() };
    server("scheduler", arguments.listen, cluster::scheduler::serve(&settings))
}

fn execute(arguments: &ExecutorArguments, registry: &Registry, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = depot::store(&arguments.runs.runs, arguments.depot.as_deref())?;
    reproduce::start_pool(arguments.threads)?;
    let leaf = Leaf {
        memo: Mutex::new(Memo::open(arguments.runs.runs.join("outside.json"))),
        store,
        registry: registry.clone(),
        at_work: RwLock::new(()),
        memory: sorting(arguments)?,
        disk: arguments.depot.as_ref().map(|_| arguments.disk.saturating_mul(1_000_000_000)),
        mirror: arguments.mirror.clone(),
    };
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let settings = Executor {
        scheduler: host_and_port(&arguments.scheduler)?,
        listen: arguments.listen,
        host: arguments.host.clone(),
        slots: arguments.slots.max(1),
        directory: directory.path().to_owned(),
    };
    writeln!(out, "executor at {}, for the scheduler at {}", arguments.listen, arguments.scheduler)?;
    out.flush()?;
    server("executor", arguments.listen, cluster::executor::serve(&settings, Arc::new(leaf)))
}

/// A process with its tables, and what each thread holds of large pages, as measured on real ones.
const PROCESS_MB: u64 = 192;
const THREAD_MB: u64 = 32;
/// Sorting in less is slow.
const LEAST_MB: u64 = 32;

/// MB that each task may sort in, so that the process keeps to its `--memory`.
fn sorting(arguments: &ExecutorArguments) -> anyhow::Result<Option<u64>> {
    let Some(memory) = arguments.memory else { return Ok(None) };
    let (threads, slots) = (rayon::current_num_threads() as u64, arguments.slots.max(1) as u64);
    let needed = PROCESS_MB + THREAD_MB * threads;
    let left = memory.saturating_sub(needed) / slots;
    if left < LEAST_MB {
        let fault = Fault::new(format!("--memory is too little for {threads} threads and {slots} slots"));
        let fault =
            fault.got(format!("{memory} MB")).expected(format!("{} MB or more", needed + LEAST_MB * slots));
        return Err(Error::Wiring(fault.cure("give more, or fewer --threads")).into());
    }
    Ok(Some(left))
}

fn submit(
    arguments: &SubmitArguments,
    registry: &Registry,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    if arguments.reproduce.task.is_some() {
        let fault =
            Fault::new("`--task` shares work without a scheduler").got("--task with `cluster submit`");
        return Err(Error::Wiring(fault.cure("leave it out, or use `reproduce --task`")).into());
    }
    host_and_port(&arguments.scheduler)?;
    reproduce::led(&arguments.reproduce, registry, out, Home::Away, &|store| {
        let runner = Ballista::new(&arguments.scheduler, store, ticket);
        Ok(Box::new(runner.context("no network client can be made")?))
    })
}

fn ticket(stage: &Planned) -> Ticket {
    Ticket::of(stage, sources::digest(stage.signature.sources), sources::version())
}

/// Serves until the process ends.
fn server(
    what: &str,
    listen: SocketAddr,
    serve: impl Future<Output = std::io::Result<()>>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve).map_err(|error| {
        let fault = Fault::new(format!("the {what} at {listen} has ended")).got(error.to_string());
        Error::Cluster(fault.cure("see that its ports are free, and that the scheduler is there")).into()
    })
}

fn host_and_port(text: &str) -> anyhow::Result<(String, u16)> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    parts.filter(|(host, _)| !host.is_empty()).ok_or_else(|| {
        let fault = Fault::new("this is no address of a scheduler").got(text).expected("HOST:PORT");
        Error::Wiring(fault.cure("--scheduler 127.0.0.1:50050")).into()
    })
}

/// Does tasks from tickets.
struct Leaf {
    store: Store,
    registry: Registry,
    memo: Mutex<Memo>,
    /// Held by tasks; who has it alone may remove what no task reads.
    at_work: RwLock<()>,
    memory: Option<u64>,
    disk: Option<u64>,
    mirror: Option<PathBuf>,
}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Leaf").field(&self.store.root()).finish()
    }
}

impl Leaves for Leaf {
    fn work(&self, ticket: &str, task: Task) -> Result<(), Failed> {
        let done = {
            let _at_work = self.at_work.read();
            self.task(ticket, task)
        };
        if let (Some(most), Ok(_alone)) = (self.disk, self.at_work.try_write())
            && let Err(problem) = self.store.trim(most)
        {
            tracing::warn!(%problem, "the local disk is not tidied");
        }
        done.map_err(|error| {
            let report = fault::report(&error);
            tracing::warn!(%task, "{report}");
            Failed { again: fault::is_of_the_system(&error), report }
        })
    }
}

impl Leaf {
    fn task(&self, ticket: &str, task: Task) -> anyhow::Result<()> {
        let ticket: Ticket = serde_json::from_str(ticket).context("this ticket is of another version")?;
        let program =
            Program { version: sources::version(), sources: &sources::digest, memory_mb: self.memory };
        let here = |path: &Path, hash: &str| {
            let mut memo = self.memo.lock().expect("nothing panics while it looks");
            self.store.borrow(path, hash, &mut memo)
        };
        let stage = ticket.build(&self.registry, &program, &here)?;
        let session = Session {
            store: &self.store,
            runner: &Whole,
            observer: &Silent,
            stop: Stop::default(),
            mirror: self.mirror.as_deref(),
            sources: &sources::digest,
            about: sources::about(),
        };
        tracing::info!(stage = stage.name, key = %stage.key, %task, "begun");
        session.task(&stage, task)?;
        tracing::info!(stage = stage.name, key = %stage.key, %task, "done");
        Ok(())
    }
}

/// Nobody watches an executor; its log says what it does.
struct Silent;

impl Progress for Silent {
    fn length(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

impl Observer for Silent {
    fn begins(&self, _: &Planned) -> Box<dyn Progress> {
        Box::new(Self)
    }
    fn ends(&self, _: &Planned, _: &Outcome) {}
}
