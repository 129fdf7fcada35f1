//! Peers that are no crates: programs and Python packages, run as children and charged by the system.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use nix::sys::resource::{Usage, UsageWho, getrusage};

/// What a child cost, and what it printed last.
pub struct Cost {
    pub seconds: f64,
    pub printed: String,
}

/// Runs `bench/SCRIPT` in the peers' virtual environment; none where that is not installed or the script fails, which
/// is told on standard error.
pub fn python(script: &str, arguments: &[&Path]) -> anyhow::Result<Option<Cost>> {
    let Some(python) = installed() else { return Ok(None) };
    let before = children_seconds()?;
    let output =
        Command::new(&python).arg(self::script(script)).args(arguments).stdin(Stdio::null()).output()?;
    let seconds = children_seconds()? - before;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        eprintln!("{script} stopped with {}: {}", output.status, told.lines().last().unwrap_or_default());
        return Ok(None);
    }
    Ok(Some(Cost { seconds, printed: String::from_utf8_lossy(&output.stdout).into_owned() }))
}

/// The interpreter that finds the peers, where they are installed; says so where they are not.
pub fn installed() -> Option<PathBuf> {
    let python = environment().join("bin/python");
    if python.exists() {
        return Some(python);
    }
    eprintln!("no peers: {} is missing; bench/install-peers makes it", python.display());
    None
}

/// A script of `bench`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The interpreter that finds the peers; any other where they are not installed.
pub fn interpreter() -> PathBuf {
    let python = environment().join("bin/python");
    if python.exists() { python } else { PathBuf::from("python3") }
}

/// Where `bench/install-peers` puts them.
fn environment() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    std::env::var_os("DEEPDIVE_PEERS")
        .map_or_else(|| cache.unwrap_or_default().join("deepdive-peers"), PathBuf::from)
}

/// User and system seconds of all children so far.
pub fn children_seconds() -> anyhow::Result<f64> {
    let usage = children()?;
    let seconds = [usage.user_time(), usage.system_time()];
    Ok(seconds.iter().map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6).sum())
}

fn children() -> anyhow::Result<Usage> {
    getrusage(UsageWho::RUSAGE_CHILDREN).context("the system does not tell what children cost")
}

/// A directory for one benchmark, removed with this value.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("deepdive-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("no room at {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
