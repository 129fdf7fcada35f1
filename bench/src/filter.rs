//! The whole filter, an archive to deduplicated documents in Parquet, beside datatrove doing FineWeb's recipe.
//!
//! Each side is a program of its own and is charged user and system time with everything it loads: block lists of
//! 4.6 million domains, models, the interpreter. Our runs begin with an empty directory, so nothing is cached.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::peers::{self, Cost};
use crate::row::{Row, median};

/// Rounds of our side; datatrove, some forty times slower, gets one between them.
const ROUNDS: usize = 3;

/// Rows for `archive`.
pub fn rows(archive: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let archive = archive.context("say which archive: bench filter FILE.warc.gz")?.canonicalize()?;
    let megabytes = crate::warc::inflated(&std::fs::read(&archive)?)? as f64 / 1e6;
    let scratch = peers::Scratch::new("filter")?;
    let lists = block_lists(&scratch)?;
    let pipeline = pipeline(&scratch, &archive, &lists)?;
    let ours = |threads| deepdive(&scratch, &pipeline, threads);

    let (mut one, mut two, mut cached) = (vec![], vec![], vec![]);
    one.push(ours(1)?);
    let peak = peak_bytes(&scratch.join("runs/store"))? as f64 / 1e6;
    cached.push(deepdive_again(&scratch, &pipeline)?);
    two.push(ours(2)?);
    let peer = peers::python("filter/fineweb.py", &[&archive, &scratch.join("datatrove")])?;
    for _ in 1..ROUNDS {
        one.push(ours(1)?);
        cached.push(deepdive_again(&scratch, &pipeline)?);
        two.push(ours(2)?);
    }
    let [one, two, cached] = [one, two, cached].map(|mut seconds| median(&mut seconds));
    let peer = peer.map(|Cost { seconds, printed }| {
        eprintln!("datatrove kept {}", printed.trim());
        (seconds, "datatrove 0.10.1, trafilatura 2.3.1".to_owned())
    });
    let alone = Some((one, "ours on one thread".to_owned()));
    Ok(vec![
        Row::speed("filter", "MB/s of pages", megabytes, one, peer.clone()),
        Row::speed("filter, lists compiled", "MB/s of pages", megabytes, cached, peer),
        Row::amount("filter/2 threads", "CPU s", two, alone),
        Row::amount("filter/memory", "MB at most", peak, None),
    ])
}

/// Block lists as large as FineWeb's, in its layout: generated names, none of which is a page's.
fn block_lists(scratch: &peers::Scratch) -> anyhow::Result<PathBuf> {
    use std::io::Write;
    let folder = scratch.join("lists");
    std::fs::create_dir_all(&folder)?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join("domains"))?);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..4_600_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        writeln!(file, "{state:016x}-blocked.example")?;
    }
    file.flush()?;
    Ok(folder)
}

fn pipeline(scratch: &peers::Scratch, archive: &Path, lists: &Path) -> anyhow::Result<PathBuf> {
    let path = scratch.join("bench.toml");
    let quoted = |path: &Path| serde_json::to_string(path);
    let text = format!(
        "about = \"archive to documents\"\nseed = 1\n\
         [[stage]]\nname = \"web\"\nuse = \"warc-files\"\nwith = {{ files = [{}] }}\n\
         [[stage]]\nname = \"filter\"\nuse = \"fineweb-filter\"\nfrom = {{ warc = \"web\" }}\n\
         with = {{ dump = \"bench\", lists = [{}] }}\n\
         [[stage]]\nname = \"dedup\"\nuse = \"dedup\"\nfrom = {{ documents = \"filter\" }}\n",
        quoted(archive)?,
        quoted(lists)?,
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

/// The most that was resident, as the process itself told while it worked: a child's usage as its parent sees it begins
/// with the parent's own size.
fn peak_bytes(store: &Path) -> anyhow::Result<u64> {
    let mut peak = 0;
    for entry in std::fs::read_dir(store)?.flatten() {
        let timings = std::fs::read_to_string(entry.path().join("timings.jsonl")).unwrap_or_default();
        for line in timings.lines() {
            let line: serde_json::Value = serde_json::from_str(line)?;
            peak = peak.max(line["cost"]["peak_bytes"].as_u64().unwrap_or(0));
        }
    }
    Ok(peak)
}

/// CPU seconds of a run from nothing.
fn deepdive(scratch: &peers::Scratch, pipeline: &Path, threads: usize) -> anyhow::Result<f64> {
    let runs = scratch.join("runs");
    if runs.exists() {
        std::fs::remove_dir_all(&runs)?;
    }
    reproduce(&runs, pipeline, threads)
}

/// CPU seconds of a run that finds its block lists compiled, and nothing else.
fn deepdive_again(scratch: &peers::Scratch, pipeline: &Path) -> anyhow::Result<f64> {
    let runs = scratch.join("runs");
    std::fs::remove_dir_all(runs.join("store"))?;
    reproduce(&runs, pipeline, 1)
}

fn reproduce(runs: &Path, pipeline: &Path, threads: usize) -> anyhow::Result<f64> {
    let program =
        std::env::var_os("DEEPDIVE").context("DEEPDIVE names no program: start by `cargo xtask bench`")?;
    let before = peers::children_seconds()?;
    let status = Command::new(program)
        .arg("reproduce")
        .arg(pipeline)
        .args(["--threads", &threads.to_string(), "--runs"])
        .arg(runs)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "our own run stopped with {status}");
    Ok(peers::children_seconds()? - before)
}
