//! `bench`: ours beside the peers', on the same work in the same call: CPU time, memory, scores.
//!
//! The peers' crates live in a workspace of their own (`bench/`), so that no build of the house compiles them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use pipeline::{Error, Fault, write_atomically};
use serde::{Deserialize, Serialize};

use crate::cli::Bench;
use crate::lines::figure;

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
    // some rows are about the program itself
    command.env("DEEPDIVE", std::env::current_exe().context("this program has no path")?);
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the benchmark stopped with {}", output.status);
    }
    let rows = String::from_utf8(output.stdout).context("the benchmark printed something else than rows")?;
    for line in rows.lines() {
        let row: Row = serde_json::from_str(line).with_context(|| format!("not a row: {line}"))?;
        writeln!(out, "{}", row.line())?;
    }
    let name = arguments.what.first().map_or("bench", String::as_str);
    let path = arguments.runs.runs.join("bench").join(format!("{name}.json"));
    write_atomically(&path, rows.as_bytes())?;
    writeln!(out, "rows: {}", path.display())?;
    Ok(())
}

/// What a benchmark prints, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Our figure, in `unit`.
    pub(crate) ours: f64,
    /// The peer's, on the same work in the same call; none where the peer is missing.
    pub(crate) peer: Option<f64>,
    pub(crate) peer_version: Option<String>,
    /// Turned so that more than 1 is in our favour.
    pub(crate) ratio: Option<f64>,
    better: String,
    pub(crate) unit: String,
    pub(crate) cpu: String,
    /// The day, once the row is kept.
    #[serde(default)]
    pub(crate) date: String,
}

impl Row {
    fn line(&self) -> String {
        let Self { name, ours, peer_version, better, unit, cpu, .. } = self;
        let beside = match (self.peer, peer_version, self.ratio) {
            (Some(peer), Some(peer_version), Some(ratio)) => {
                format!("{ratio:.3} x {} of {peer_version}", figure(peer))
            }
            _ => "no peer".to_owned(),
        };
        let ours = figure(*ours);
        format!("{name:24} {ours:>10} {unit}  {beside}  ({better} is better; {cpu})")
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn a_row_says_the_ratio_and_a_missing_peer_is_no_error() {
        let row = r#"{"name":"warc/read","ours":730.0,"peer":735.0,"peer_version":"flate2 1.1","ratio":0.993,
            "better":"higher","unit":"MB/s","cpu":"a CPU","flags":"avx2"}"#;
        let row: Row = serde_json::from_str(row).unwrap();
        insta::assert_snapshot!(row.line(), @"warc/read                       730 MB/s  0.993 x 735 of flate2 1.1  (higher is better; a CPU)");
        let alone = r#"{"name":"warc/page","ours":700.0,"peer":null,"peer_version":null,"ratio":null,"better":"higher",
            "unit":"MB/s","cpu":"a CPU","flags":"avx2"}"#;
        let alone: Row = serde_json::from_str(alone).unwrap();
        assert!(alone.line().contains("no peer"));
    }
}
