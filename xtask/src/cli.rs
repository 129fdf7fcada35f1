//! The command line. No flag changes a result: what a run does is in its pipeline file.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pipeline::{Registry, Slice};

use crate::fault;

/// From raw web crawl to a language model, as one reproducible run.
#[derive(Debug, Parser)]
#[command(name = "deepdive", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// How to print logs.
    #[arg(long, global = true, value_enum, default_value_t = Log::Text)]
    pub log: Log,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 anything not named here, 2 the pipeline file or the command line is wrong, 3 an input is missing or \
unreadable, 4 a stage stopped, 5 another process is at work on the same part, 6 not reproducible, 7 parts belong to other \
tasks, 8 the file system or the depot refused, 9 other machines did not do what was asked, 130 ended by a signal.";

/// A log's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a pipeline; what is already there is not made again
    Reproduce(Reproduce),
    /// Rehash every file of a run against its manifests
    Verify(Verify),
    /// Print funnel, samples, rows
    Show(Show),
    /// Talk with the model of a run
    #[cfg(feature = "train")]
    Chat(Chat),
    /// Serve the models of a run: OpenAI's API, and a playground in the browser
    #[cfg(feature = "serve")]
    Serve(Serve),
    /// Run a pipeline on many machines: Apache Ballista
    #[cfg(feature = "cluster")]
    #[command(subcommand)]
    Cluster(crate::cluster::Role),
    /// List stages and their settings
    Explain(Explain),
    /// Remove store entries that no run names
    Gc(Gc),
    /// Ask with SQL what runs left: tables run.stage.output, a 'FILE.parquet', cc_index('CC-MAIN-2024-10')
    #[cfg(feature = "sql")]
    Sql(Sql),
    /// Measure hot paths beside the best peers
    Bench(Bench),
    /// Print the README's figures, and whether it has them
    Figures(Figures),
    /// Print hashes of the generated web
    Fixtures(Fixtures),
}

/// Where runs are kept.
#[derive(Debug, Clone, Args)]
pub struct Runs {
    /// Directory of runs and their store
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// Arguments of `reproduce`.
#[derive(Debug, Clone, Args)]
pub struct Reproduce {
    /// Name of a pipeline, or path of a .toml file
    #[arg(default_value = "demo")]
    pub pipeline: String,
    /// Print what would run, and run nothing
    #[arg(long)]
    pub plan: bool,
    /// Stop after this stage
    #[arg(long, value_name = "STAGE")]
    pub until: Option<String>,
    /// Fail if a stage gives other bytes or metrics than the lock file says
    #[arg(long)]
    pub locked: bool,
    /// Do every N-th task from the i-th, for job arrays
    #[arg(long, value_name = "i/N")]
    pub task: Option<Slice>,
    /// Threads of the one pool [default: cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Look for URLs under DIR/host/path before the network
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// Object storage behind the store, for machines that share no disk: s3://bucket/prefix
    #[arg(long, value_name = "URL")]
    pub depot: Option<String>,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// Name of a run
    #[arg(default_value = "demo")]
    pub run: String,
    /// Make everything again in an empty store, and compare
    #[arg(long)]
    pub deep: bool,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `show`.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// Name of a run
    #[arg(default_value = "demo")]
    pub run: String,
    /// A stage, or STAGE/OUTPUT; without it, the funnel of the run
    pub stage: Option<String>,
    /// How many rows of each output
    #[arg(long, default_value_t = 5)]
    pub rows: usize,
    /// Count again as if a bound of the stage's rules were another, as gopher_quality.min_words=80
    #[arg(long, value_name = "RULE=VALUE")]
    pub what_if: Vec<String>,
    /// A text for the stage's tokenizer to cut
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// The stage's conversations, token by token, with what is learned of them
    #[arg(long)]
    pub tokens: bool,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `chat`. None of them changes a run.
#[cfg(feature = "train")]
#[derive(Debug, Clone, Args)]
pub struct Chat {
    /// Name of a run
    #[arg(default_value = "demo")]
    pub run: String,
    /// The stage whose model answers [default: the last that learned from conversations]
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// What the model is told before the talk begins
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Tools that an answer may call
    #[arg(long = "tool", value_enum, value_name = "TOOL")]
    pub tools: Vec<crate::chat::ToolName>,
    /// Scores are divided by it; 0 takes the likeliest token
    #[arg(long, default_value_t = 0.7)]
    pub temperature: f64,
    /// Only so many of the likeliest tokens; 0 for all
    #[arg(long, default_value_t = 0)]
    pub top_k: usize,
    /// Only the likeliest tokens that together have this probability
    #[arg(long, default_value_t = 0.95)]
    pub top_p: f64,
    /// Only tokens at least this many times as likely as the likeliest
    #[arg(long, default_value_t = 0.0)]
    pub min_p: f64,
    /// Scores of tokens that were said are divided by it
    #[arg(long, default_value_t = 1.0)]
    pub repetition_penalty: f64,
    /// Most tokens of an answer
    #[arg(long, default_value_t = 256)]
    pub most: usize,
    /// The same seed and the same words give the same answers
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `serve`. None of them changes a run.
#[cfg(feature = "serve")]
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Name of a run
    #[arg(default_value = "demo")]
    pub run: String,
    /// Address and port; one that others can reach asks for a key
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8128")]
    pub listen: std::net::SocketAddr,
    /// A file with the key that requests must give as `Authorization: Bearer KEY`
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Another tokenizer to compare with, as cl100k=cl100k_base.tiktoken; may be given several times
    #[arg(long = "tokenizer", value_name = "NAME=FILE", value_parser = crate::serve::named)]
    pub tokenizers: Vec<(String, PathBuf)>,
    /// Answers that a model writes at once
    #[arg(long, default_value_t = 64)]
    pub answers: usize,
    /// Requests that may wait for a model; more are refused with status 429
    #[arg(long, default_value_t = 256)]
    pub waiting: usize,
    /// Most tokens of an answer where a request does not say
    #[arg(long, default_value_t = 512)]
    pub most: usize,
    /// MiB that a model may fill with what it has read
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub memory: u64,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// A stage's `use` name; without it, all stages
    pub stage: Option<String>,
    /// Print the JSON Schema of pipeline files
    #[arg(long)]
    pub schema: bool,
}

/// Arguments of `gc`.
#[derive(Debug, Clone, Args)]
pub struct Gc {
    /// Keep only these runs, and remove the others [default: keep all]
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub keep: Vec<String>,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `sql`. None of them changes a run.
#[cfg(feature = "sql")]
#[derive(Debug, Clone, Args)]
pub struct Sql {
    /// A query; a name with other signs than a-z, 0-9 and _ stands in double quotes
    pub query: String,
    /// Write the answer to a .parquet, .csv or .jsonl file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Look for a crawl's files under DIR/host/path before the network
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
pub struct Bench {
    /// What to measure, and what on, as `bpe [TEXTS]`; a word that it does not know lists all
    #[arg(required = true)]
    pub what: Vec<String>,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `figures`.
#[derive(Debug, Clone, Args)]
pub struct Figures {
    /// Keep what `bench SUBJECT` printed last
    #[arg(long, value_name = "SUBJECT")]
    pub keep: Vec<String>,
    /// Write the figures into the README
    #[arg(long)]
    pub bless: bool,
    /// Where runs are kept.
    #[command(flatten)]
    pub runs: Runs,
}

/// Arguments of `fixtures`.
#[derive(Debug, Clone, Args)]
pub struct Fixtures {
    /// Write the hashes as the ones to check against
    #[arg(long)]
    pub bless: bool,
}

/// Does what the command line says with the stages of `registry`, printing to `out`.
///
/// # Errors
/// Everything that ends a verb; [`crate::fault`] turns it into words and an exit code.
pub fn run(cli: &Cli, registry: &Registry, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    match &cli.verb {
        Verb::Reproduce(arguments) => crate::reproduce::run(arguments, registry, out),
        Verb::Verify(arguments) => crate::verify::run(arguments, registry, out),
        Verb::Show(arguments) => crate::show::run(arguments, out),
        #[cfg(feature = "train")]
        Verb::Chat(arguments) => crate::chat::run(arguments, out),
        #[cfg(feature = "serve")]
        Verb::Serve(arguments) => crate::serve::run(arguments, out),
        #[cfg(feature = "cluster")]
        Verb::Cluster(role) => crate::cluster::run(role, registry, out),
        Verb::Explain(arguments) => crate::explain::run(arguments, registry, out),
        Verb::Gc(arguments) => crate::gc::run(arguments, out),
        #[cfg(feature = "sql")]
        Verb::Sql(arguments) => crate::sql::run(arguments, out),
        Verb::Bench(arguments) => crate::bench::run(arguments, out),
        Verb::Figures(arguments) => crate::figures::run(arguments, out),
        Verb::Fixtures(arguments) => crate::fixtures::run(arguments, out),
    }
}

/// The whole program with the stages of `registry`: what `main` calls, first thing.
///
/// A program with a stage of one's own is `deepdive::program(&deepdive::registry().with::<Mine>("mine", "…"))`.
pub fn program(registry: &Registry) -> ExitCode {
    let cli = Cli::parse();
    crate::environment::settle(&cli);
    start_logging(cli.log);
    match run(&cli, registry, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // the reader of a pipe went away: `deepdive show … | head`
        Err(error) if fault::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = write!(std::io::stderr().lock(), "{}", fault::report(&error));
            ExitCode::from(fault::exit_code(&error))
        }
    }
}

/// Logs go to standard error: warnings by default, more with `RUST_LOG`.
fn start_logging(log: Log) {
    use tracing_subscriber::EnvFilter;
    // who reads structured logs wants each task; who reads lines has a bar
    let default = match log {
        Log::Text => "warn,shard=info,deepdive=info",
        Log::Json => "warn,shard=info,deepdive=info,pipeline=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let coloured = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    // a second call, as in tests, keeps the first logger
    let _ = match log {
        Log::Text => builder.without_time().with_target(false).try_init(),
        Log::Json => builder.json().try_init(),
    };
}
