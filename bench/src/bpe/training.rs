//! Training 32,768 tokens, beside the trainers of nanochat and of gigabpe.

use std::path::Path;
use std::process::Command;

use ::bpe::{Bpe, Pattern, SPECIAL_TOKENS, Settings, Tokenizer, Trainer};
use anyhow::{Context, bail, ensure};
use cpu_time::ProcessTime;
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::json;

use super::peer;
use super::texts;
use crate::row::{Row, median};

const SIZE: u32 = 32_768;
const ROUNDS: usize = 3;
/// Bytes of text that are counted at once.
const BATCH: usize = 1 << 20;

/// Rows for both patterns. What each side's texts cost to read is no part of its time.
pub fn rows(corpus: &Path) -> anyhow::Result<Vec<Row>> {
    let megabytes = std::fs::metadata(corpus)?.len() as f64 / 1e6;
    let mut rows = Vec::new();
    for (name, pattern, peer) in [("gpt4", Pattern::Cl100k, "rustbpe"), ("gpt2", Pattern::Gpt2, "gigabpe")] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(in_a_child(corpus, &pattern)?);
            theirs.extend(peer::trained(peer, corpus, SIZE)?);
        }
        let seconds = median(&mut ours.iter().map(|(seconds, _)| *seconds).collect::<Vec<_>>());
        let peak = ours.iter().map(|(_, peak)| *peak).max().unwrap_or(0);
        let (mut their_seconds, version) = (
            theirs.iter().map(|said| said.seconds).collect::<Vec<_>>(),
            theirs.first().map(|said| said.version.clone()),
        );
        let peer = version.map(|version| (median(&mut their_seconds), version));
        let peer_peak = theirs.iter().map(|said| (said.peak_kb as f64 / 1e3, said.version.clone())).next();
        if let Some(said) = theirs.first() {
            eprintln!("{} learned {} merges", said.version, said.merges);
        }
        rows.push(Row::speed(&format!("bpe/train-{name}"), "MB/s", megabytes, seconds, peer));
        rows.push(Row::amount(
            &format!("bpe/train-{name}-memory"),
            "MB at most",
            peak as f64 / 1e3,
            peer_peak,
        ));
    }
    Ok(rows)
}

/// Trains in a process of its own; its CPU seconds and its peak in kB.
fn in_a_child(corpus: &Path, pattern: &Pattern) -> anyhow::Result<(f64, u64)> {
    // the peers learn no special tokens beside
    let vocab_size = SIZE + SPECIAL_TOKENS.len() as u32;
    let settings = Settings { vocab_size, pattern: pattern.clone(), min_frequency: 1, ..Settings::default() };
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bpe-train").arg(corpus).arg(serde_json::to_string(&settings)?);
    let output = command.output()?;
    ensure!(output.status.success(), "training stopped: {}", String::from_utf8_lossy(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let figure = |name: &str| said[name].as_f64().with_context(|| format!("the child says no {name}"));
    Ok((figure("seconds")?, figure("peak_kb")? as u64))
}

/// What that process does: `bpe-train CORPUS SETTINGS [DIRECTORY]`; there the tokenizer is left.
pub fn train(corpus: Option<&Path>, settings: Option<&str>, directory: Option<&Path>) -> anyhow::Result<()> {
    let (Some(corpus), Some(settings)) = (corpus, settings) else {
        bail!("bpe-train CORPUS SETTINGS [DIRECTORY]")
    };
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let mut trainer = Trainer::new(serde_json::from_str(settings)?)?;
    let mut seconds = 0.0;
    let mut feed = |texts: &mut Vec<String>, trainer: &mut Trainer| {
        let start = ProcessTime::now();
        trainer.feed(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        seconds += start.elapsed().as_secs_f64();
        texts.clear();
    };
    let mut batch: Vec<String> = Vec::new();
    for text in texts(corpus)? {
        batch.push(text?);
        if batch.iter().map(String::len).sum::<usize>() > BATCH {
            feed(&mut batch, &mut trainer);
        }
    }
    feed(&mut batch, &mut trainer);
    let start = ProcessTime::now();
    let trained = trainer.train()?;
    seconds += start.elapsed().as_secs_f64();
    let peak_kb = getrusage(UsageWho::RUSAGE_SELF)?.max_rss();
    println!("{}", json!({ "seconds": seconds, "merges": trained.report.merges, "peak_kb": peak_kb }));
    if let Some(directory) = directory {
        trained.tokenizer.save(directory)?;
    }
    Ok(())
}

/// `bpe-encode TEXTS DIRECTORY`: the ids of each text, a line each.
pub fn encode(texts: Option<&Path>, directory: Option<&str>) -> anyhow::Result<()> {
    let (Some(corpus), Some(directory)) = (texts, directory) else { bail!("bpe-encode TEXTS DIRECTORY") };
    let bpe = Bpe::load(Path::new(directory))?;
    for text in self::texts(corpus)? {
        let mut ids = Vec::new();
        bpe.encode(&text?, &mut ids);
        println!("{}", serde_json::to_string(&ids)?);
    }
    Ok(())
}
