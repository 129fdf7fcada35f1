//! `bench`: our hot paths beside the peers', as ratios of CPU time.
//!
//! The peers' crates live in a workspace of their own (`bench/`), so that no build of the house compiles them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use pipeline::{Error, Fault, write_atomically};

use crate::cli::Bench;

const MANIFEST: &str = "bench/Cargo.toml";

/// Runs `bench`: builds and starts the bench workspace, prints its rows and keeps them.
pub(crate) fn run(arguments: &Bench, out: &mut dyn Write) -> anyhow::Result<()> {
    if !Path::new(MANIFEST).is_file() {
        let fault =
            Fault::new("benchmarks run in a checkout of the repository").at(Path::new(MANIFEST), None);
        return Err(Error::Input(fault.cure("clone the repository and run `cargo xtask bench` in it")).into());
    }
    let mut command = Command::new("cargo");
    command.args(["run", "--release", "--quiet", "--manifest-path", MANIFEST, "--"]).args(&arguments.what);
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the benchmark stopped with {}", output.status);
    }
    let rows = String::from_utf8(output.stdout).context("the benchmark printed something else than rows")?;
    for line in rows.lines() {
        let row: Row = serde_json::from_str(line).with_context(|| format!("not a row: {line}"))?;
        let ratio = row.ratio.map_or_else(|| "no peer".to_owned(), |ratio| format!("{ratio:.2} x"));
        let ours = format!("{:.1} {}", row.ours, row.unit);
        writeln!(
            out,
            "{:28} {ours:>16}  {ratio:>8} {} {}  ({} is better; {})",
            row.name, row.peer, row.peer_version, row.better, row.cpu
        )?;
    }
    let name = arguments.what.first().map_or("bench", String::as_str);
    let path = arguments.runs.runs.join("bench").join(format!("{name}.json"));
    write_atomically(&path, rows.as_bytes())?;
    writeln!(out, "rows: {}", path.display())?;
    Ok(())
}

/// What a benchmark prints, one JSON object a line.
#[derive(serde::Deserialize)]
struct Row {
    name: String,
    ours: f64,
    peer: String,
    peer_version: String,
    ratio: Option<f64>,
    better: String,
    unit: String,
    cpu: String,
}
