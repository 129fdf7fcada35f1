//! Extracting main texts, beside `rs-trafilatura`, `resiliparse` and `trafilatura`: how well, and how fast.
//!
//! Pages are a file of JSON lines with `id`, `url`, `type`, `html` and `text` (`bench/extractors/corpora.py` writes
//! such), or else the miniature web's. Python peers run as children, by `bench/extractors/peers.py`, and say themselves
//! how much CPU time extraction took; a peer that is not installed has no row
//! beside ours. F1 is over bags of lower-case words, a mean over pages; `bench/extractors/score.py` gives the same.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use cpu_time::ProcessTime;
use fineweb_filter::Page;
use fineweb_filter::extract::{Extract, Extractor, MainText};
use fixtures::{Kind, Size, web};
use serde::{Deserialize, Serialize};

use crate::peers::{self, Scratch};
use crate::row::{Row, median};

/// Rounds of each side; the median counts.
const ROUNDS: usize = 3;
const SEED: u64 = 1337;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/extractors/peers.py");

#[derive(Serialize, Deserialize)]
struct Sample {
    id: String,
    #[serde(default)]
    url: String,
    #[serde(rename = "type")]
    kind: String,
    html: String,
    text: String,
}

/// One extractor: its version, CPU seconds by round, and the texts it found.
struct Side {
    version: String,
    seconds: Vec<f64>,
    texts: Vec<String>,
}

/// Speed beside each peer, F1 beside each, and F1 by page type beside the best.
pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let scratch = Scratch::new("extract")?;
    let path = scratch.join("pages.jsonl");
    let samples = match file {
        Some(file) => read(file)?,
        None => miniature(),
    };
    write(&samples, &path)?;
    let sides = measure(&samples, &path, &scratch.join("found.jsonl"))?;
    Ok(compare(&samples, sides))
}

fn read(file: &Path) -> anyhow::Result<Vec<Sample>> {
    let lines = BufReader::new(File::open(file).with_context(|| format!("cannot read {}", file.display()))?);
    lines.lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

fn write(samples: &[Sample], path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(path).context("no room for a temporary file")?);
    for sample in samples {
        writeln!(out, "{}", serde_json::to_string(sample)?)?;
    }
    Ok(out.flush()?)
}

/// The good pages of the demo web.
fn miniature() -> Vec<Sample> {
    let good = web(Size::Demo, SEED).filter(|page| {
        matches!(page.truth.kind, Kind::Article | Kind::Lesson) && page.truth.first_reason.is_none()
    });
    let samples = good.filter_map(|page| {
        let kind = page.truth.page_type?.name().to_owned();
        let (html, text) = (String::from_utf8(page.body).ok()?, page.truth.main_text?);
        Some(Sample { id: page.id, url: String::new(), kind, html, text })
    });
    samples.collect()
}

fn measure(samples: &[Sample], pages: &Path, found: &Path) -> anyhow::Result<Vec<Side>> {
    let main_text = MainText { max_nodes: 500_000 };
    let ours = |sample: &Sample| {
        let mut out = Extract::default();
        main_text.extract(&Page { id: "", url: &sample.url, html: &sample.html, headers: &[] }, &mut out);
        out.text
    };
    let rust_peer = |sample: &Sample| {
        rs_trafilatura::extract(&sample.html).map(|found| found.content_text).unwrap_or_default()
    };
    let mut sides: Vec<Side> = ["MainText", "rs-trafilatura 0.2.2", "resiliparse", "trafilatura"]
        .map(|name| Side { version: name.to_owned(), seconds: vec![], texts: vec![] })
        .into();
    for _ in 0..ROUNDS {
        time(&mut sides[0], samples, ours);
        time(&mut sides[1], samples, rust_peer);
        for (name, side) in ["resiliparse", "trafilatura"].iter().zip(&mut sides[2..]) {
            python(name, side, samples, pages, found)?;
        }
    }
    sides.retain(|side| !side.seconds.is_empty());
    Ok(sides)
}

fn time(side: &mut Side, samples: &[Sample], extract: impl Fn(&Sample) -> String) {
    let start = ProcessTime::now();
    side.texts = samples.iter().map(extract).collect();
    side.seconds.push(start.elapsed().as_secs_f64());
}

#[derive(Deserialize)]
struct Told {
    seconds: f64,
    version: String,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    text: String,
}

/// One round of a Python peer; none, if it is not there.
fn python(name: &str, side: &mut Side, samples: &[Sample], pages: &Path, found: &Path) -> anyhow::Result<()> {
    let child = Command::new(peers::interpreter())
        .arg(SCRIPT)
        .arg(name)
        .args([pages, found])
        .stderr(Stdio::null())
        .output();
    let Some(output) = child.ok().filter(|output| output.status.success()) else {
        eprintln!("no peer: python {SCRIPT} {name}");
        return Ok(());
    };
    let told: Told = serde_json::from_slice(&output.stdout).context("peers.py printed something else")?;
    side.version = told.version;
    side.seconds.push(told.seconds);
    let lines = BufReader::new(File::open(found)?).lines();
    let texts: Result<HashMap<String, String>, anyhow::Error> = lines
        .map(|line| {
            serde_json::from_str::<Found>(&line?).map(|found| (found.id, found.text)).map_err(Into::into)
        })
        .collect();
    let mut texts = texts?;
    side.texts = samples.iter().map(|sample| texts.remove(&sample.id).unwrap_or_default()).collect();
    Ok(())
}

fn compare(samples: &[Sample], mut sides: Vec<Side>) -> Vec<Row> {
    let mut scores: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        let expected = words(&sample.text);
        for group in ["all", &sample.kind] {
            let of = scores.entry(group).or_insert_with(|| vec![vec![]; sides.len()]);
            for (scores, side) in of.iter_mut().zip(&sides) {
                scores.push(f1(&words(&side.texts[at]), &expected));
            }
        }
    }
    let means: BTreeMap<&str, Vec<f64>> =
        scores.iter().map(|(group, of)| (*group, of.iter().map(|s| mean(s)).collect())).collect();
    let count = samples.len() as f64;
    let seconds: Vec<f64> = sides.iter_mut().map(|side| median(&mut side.seconds)).collect();
    print_table(&scores, &means, &sides, &seconds, count);
    let mut rows = vec![];
    for (at, side) in sides.iter().enumerate().skip(1) {
        let peer = Some((seconds[at], side.version.clone()));
        rows.push(Row::speed("extract/speed", "pages per CPU s", count, seconds[0], peer));
        rows.push(Row::score("extract/f1 all", means["all"][0], means["all"][at], &side.version));
    }
    for (group, of) in means.iter().filter(|(group, _)| **group != "all") {
        let best = (1..of.len()).max_by(|a, b| of[*a].total_cmp(&of[*b]));
        let Some(best) = best else { continue };
        rows.push(Row::score(&format!("extract/f1 {group}"), of[0], of[best], &sides[best].version));
    }
    rows
}

fn print_table(
    scores: &BTreeMap<&str, Vec<Vec<f64>>>,
    means: &BTreeMap<&str, Vec<f64>>,
    sides: &[Side],
    seconds: &[f64],
    count: f64,
) {
    let line = |name: &str, pages: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:>22}")).collect();
        eprintln!("{name:16} {pages:>6}{cells}");
    };
    line("F1", "pages", sides.iter().map(|side| side.version.clone()).collect());
    for (group, of) in means {
        let pages = scores[group][0].len().to_string();
        line(group, &pages, of.iter().map(|score| format!("{score:.4}")).collect());
    }
    line("pages per CPU s", "", seconds.iter().map(|seconds| format!("{:.0}", count / seconds)).collect());
}

/// How often each word occurs, in lower case.
fn words(text: &str) -> HashMap<String, u32> {
    let mut bag = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
        *bag.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    bag
}

fn f1(found: &HashMap<String, u32>, expected: &HashMap<String, u32>) -> f64 {
    let common: u32 = found.iter().filter_map(|(word, count)| Some((*count).min(*expected.get(word)?))).sum();
    let all = found.values().sum::<u32>() + expected.values().sum::<u32>();
    if all == 0 { 1.0 } else { f64::from(2 * common) / f64::from(all) }
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}
