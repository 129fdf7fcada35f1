//! Signing texts, beside datatrove's signer.
//!
//! The peer is `dedup/datatrove_minhash.py`. It tells the CPU seconds of signing alone, without start and imports.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, ensure};
use fineweb_filter::Signer;
use fineweb_filter::dedup::{HashFunction, MinHash, MinHashSettings};
use fixtures::{Size, web};
use serde::Deserialize;
use serde_json::json;

use crate::peers;
use crate::row::{Row, median};

/// Texts that both sides sign: more takes the peer minutes.
const BYTES: usize = 2_000_000;
/// Rounds of each side; the median counts. Ours signs the texts several times a round.
const ROUNDS: usize = 3;
const TIMES: usize = 5;

#[derive(Deserialize)]
struct Line {
    text: String,
}

/// Rows for the texts of `file` (JSON lines with `text`), or for the good texts of the demo web.
pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let mut texts = match file {
        Some(path) => read(path)?,
        None => web(Size::Demo, 1337).filter_map(|page| page.truth.main_text).collect(),
    };
    let mut bytes = 0;
    texts.retain(|text| {
        bytes += text.len();
        bytes <= BYTES
    });
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    ensure!(megabytes > 0.0, "there is no text to sign");
    eprintln!("{} texts, {megabytes:.1} MB", texts.len());
    let scratch = peers::Scratch::new("dedup")?;
    let shared = scratch.join("texts.jsonl");
    let lines: String = texts.iter().map(|text| format!("{}\n", json!({ "text": text }))).collect();
    fs::write(&shared, lines).context("no room for a temporary file")?;
    let mut rows = vec![];
    for (name, hash, word) in
        [("dedup/sign sha1", HashFunction::Sha1, "sha1"), ("dedup/sign xxh64", HashFunction::Xxh64, "xxh64")]
    {
        let minhash = MinHash::new(MinHashSettings { hash, ..MinHashSettings::default() });
        let (mut ours, mut peer) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            let start = cpu_time::ProcessTime::now();
            for _ in 0..TIMES {
                texts.iter().for_each(|text| drop(black_box(minhash.sign(text))));
            }
            ours.push(start.elapsed().as_secs_f64() / TIMES as f64);
            peer.extend(datatrove(&shared, word)?);
        }
        let peer = (!peer.is_empty()).then(|| (median(&mut peer), "datatrove 0.10.1 (spaCy)".to_owned()));
        rows.push(Row::speed(name, "MB/s", megabytes, median(&mut ours), peer));
    }
    Ok(rows)
}

fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let line =
        |line| serde_json::from_str::<Line>(line).context("a line has no \"text\"").map(|line| line.text);
    text.lines().map(line).collect()
}

/// CPU seconds that datatrove takes to sign the same texts, where it is installed.
fn datatrove(file: &Path, hash: &str) -> anyhow::Result<Option<f64>> {
    let arguments = [Path::new("sign"), file, Path::new(hash)];
    let cost = peers::python("dedup/datatrove_minhash.py", &arguments)?;
    cost.map(|cost| cost.printed.trim().parse().context("datatrove said no seconds")).transpose()
}
