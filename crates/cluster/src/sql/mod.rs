//! SQL over what runs left, by embedded DataFusion: read only, within a set memory.
//!
//! A table is `run.stage.output`, a Parquet file in quotes, or `cc_index('…')`, the index of a crawl. Nothing is
//! registered beforehand: a name is looked up when a query says it, and of an output only the files are read that its
//! manifest lists. An answer is no part of a run, and without `order by` its rows have no order.
//!
//! | module | holds |
//! |---|---|
//! | `catalog` | names: runs, stages, outputs, paths |
//! | `shards` | a list of Parquet files as a table |
//! | `index` | `cc_index`: which files the index of a crawl has, and where |
//! | `reader` | ranges of remote files, few at a time |
//! | `answer` | rows for people, and files |
//! | `fault` | what DataFusion refuses, in our words |

mod answer;
mod catalog;
mod fault;
mod index;
mod reader;
mod shards;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{DataFrame, SQLOptions, SessionConfig, SessionContext};
use pipeline::{Error, Fault, Result};
use tokio::runtime::Runtime;

pub use self::answer::{Answer, Format};
use self::catalog::Catalogs;
use self::index::CcIndex;

/// The runs there are, as far as a query needs to know them.
pub trait Runs: Send + Sync + 'static {
    /// Their names.
    fn names(&self) -> Result<Vec<String>>;
    /// The stages of a run, from top to bottom.
    fn stages(&self, run: &str) -> Result<Vec<String>>;
    /// What a stage left.
    fn outputs(&self, run: &str, stage: &str) -> Result<Vec<Output>>;
}

/// One output of a stage.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name: `dropped`.
    pub name: String,
    /// What lies there, with a version: `dropped/1`.
    pub kind: String,
    /// The files that the manifest lists, with their lengths.
    pub files: Vec<(PathBuf, u64)>,
}

impl Output {
    /// Whether it can be asked: a tokenizer or a checkpoint cannot.
    fn is_table(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|(path, _)| is_parquet(path))
    }
}

/// Reads a list of paths, a line each, from a URL or a file of this machine.
pub type Lists = dyn Fn(&str) -> Result<Vec<String>> + Send + Sync;

/// How to ask. None of it changes an answer.
#[derive(Clone)]
pub struct Options {
    /// Bytes that sorts, joins and groups may hold before they go to temporary files.
    pub memory: usize,
    /// Threads.
    pub threads: usize,
    /// How lists of paths are fetched.
    pub lists: Arc<Lists>,
    /// Name and contact of whoever asks a crawl's server.
    pub user_agent: String,
    /// Requests at once to such a server.
    pub connections: usize,
    /// A directory with `host/path` of its files, looked into first.
    pub mirror: Option<PathBuf>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("memory", &self.memory)
            .field("threads", &self.threads)
            .field("mirror", &self.mirror)
            .finish_non_exhaustive()
    }
}

/// What is asked with SQL. Calls block; behind them is one runtime, so do not call from inside another.
pub struct Session {
    context: SessionContext,
    runtime: Runtime,
}

impl Session {
    /// A session over `runs`; nothing is read yet.
    pub fn new(runs: Arc<dyn Runs>, options: &Options) -> Result<Self> {
        let threads = options.threads.max(1);
        let unmade = |what: String| Error::Input(Fault::new("a SQL session cannot be made").got(what));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("sql")
            .enable_all()
            .build()
            .map_err(|error| unmade(error.to_string()))?;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(options.memory)))
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::OsTmpDirectory),
            )
            .build_arc()
            .map_err(|error| unmade(error.to_string()))?;
        let mut config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(catalog::FILES, catalog::PATHS);
        let settings = config.options_mut();
        // a function whose fields are used twice would be computed twice
        settings.optimizer.enable_leaf_expression_pushdown = false;
        settings.sql_parser.collect_spans = true;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(environment)
            .with_default_features()
            .with_catalog_list(Arc::new(Catalogs { runs }))
            .build();
        let context = SessionContext::new_with_state(state);
        context.register_udtf("cc_index", Arc::new(CcIndex::new(options)));
        Ok(Self { context, runtime })
    }

    /// The answer to `query`: its first `most` rows as text, each value cut behind `characters`, and how many there are.
    ///
    /// # Errors
    /// [`Error::Wiring`] for what the query says, [`Error::Input`] and [`Error::Moved`] for what it reads.
    pub fn show(&self, query: &str, most: usize, characters: usize) -> Result<Answer> {
        self.ask(query, async |frame| answer::show(frame, most, characters).await)
    }

    /// Writes the answer to `query` to `file`, which appears, or is replaced, when it is whole. Returns its rows.
    ///
    /// # Errors
    /// The same, and [`Error::Io`].
    pub fn write(&self, query: &str, file: &Path, format: Format) -> Result<u64> {
        self.ask(query, async |frame| answer::write(frame, file, format).await)
    }

    fn ask<T>(
        &self,
        query: &str,
        work: impl AsyncFnOnce(DataFrame) -> std::result::Result<T, answer::Stopped>,
    ) -> Result<T> {
        let asking = async {
            let reading =
                SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
            let frame = self.context.sql_with_options(tables_of_runs(query), reading).await?;
            work(frame).await
        };
        // parquet answers some damage with a panic
        let asked = catch_unwind(AssertUnwindSafe(|| self.runtime.block_on(asking)));
        match asked {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(answer::Stopped::Refused(error))) => Err(fault::refused(&error, query)),
            Ok(Err(answer::Stopped::Unwritten(error))) => Err(error),
            Err(_) => {
                let fault = Fault::new("a file that the query reads is damaged: its decoder gave up");
                Err(Error::Input(fault.cure("`deepdive verify RUN` says which")))
            }
        }
    }
}

/// `show tables` of DataFusion lists seven tables about tables for every run; this lists what runs have.
fn tables_of_runs(query: &str) -> &str {
    let plain: Vec<String> =
        query.trim_end_matches([';', ' ', '\n']).split_whitespace().map(str::to_lowercase).collect();
    if plain == ["show", "tables"] {
        return "select table_catalog as run, table_schema as stage, table_name as output \
                from information_schema.tables where table_schema <> 'information_schema' order by 1, 2, 3";
    }
    query
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}
