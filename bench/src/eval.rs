//! Scores of stage `eval` beside those of transformers: the same weights, the same items, another's code.
//!
//! `eval RUN DATA` takes the settings from the run's record and looks for the benchmarks' files in DATA, by their names, or in
//! the packages that the run fetched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use glob::Pattern;
use serde::Deserialize;
use serde_json::{Value, json};
use shard::{Reader, Scores};

use crate::peers::{self, Scratch};
use crate::row::Row;

/// Values by benchmark, metric and item.
type Values = BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>;

/// What the reference says of one benchmark.
#[derive(Deserialize)]
struct Theirs {
    name: String,
    items: Vec<Value>,
}

/// What can be compared.
const METRICS: [&str; 3] = ["right", "right_per_token", "right_per_byte"];

/// Accuracies of both sides, and of how many items both say the same.
pub fn rows(run: &Path, data: &Path) -> anyhow::Result<Vec<Row>> {
    let eval = Stage::of(run, "eval")?;
    let model = eval.above("checkpoint").context("the run's `eval` reads no checkpoint")?;
    let packages = eval.above("packages");
    let recipe = &manifest(&eval.folder)?["recipe"];
    let settings = &recipe["settings"];
    let config: Value = serde_json::from_slice(&fs::read(model.join("config.json"))?)?;
    let benchmarks = settings["benchmarks"].as_array().context("the run's `eval` names no benchmarks")?;
    let told = benchmarks.iter().filter_map(|benchmark| told(benchmark, data, packages.as_deref()));
    let told = told.collect::<Vec<_>>();
    let scratch = Scratch::new("eval")?;
    let request = scratch.join("request.json");
    let positions = config["max_position_embeddings"].as_u64().unwrap_or(1_024);
    let asked = json!({"model": fs::canonicalize(model)?, "begin": settings["begin"], "context": positions, "benchmarks": told});
    fs::write(&request, asked.to_string())?;
    let ours = ours(&eval.folder.join("scores"))?;
    let Some(cost) = peers::python("eval/reference.py", &[request.as_path()])? else { return Ok(vec![]) };
    let theirs = cost.printed.lines().map(serde_json::from_str).collect::<Result<Vec<Theirs>, _>>()?;
    let mut rows = vec![];
    for Theirs { name, items } in &theirs {
        let measured = ours.get(name).with_context(|| format!("the run has no scores of {name}"))?;
        for metric in METRICS {
            let Some(own) =
                measured.get(metric).filter(|_| items.iter().all(|item| item[metric].is_boolean()))
            else {
                continue;
            };
            let peer: Vec<f64> = items.iter().map(|item| f64::from(u8::from(item[metric] == true))).collect();
            if own.len() != peer.len() {
                bail!("{name}: {} items here, {} there", own.len(), peer.len());
            }
            let count = peer.len() as f64;
            let same = own.values().zip(&peer).filter(|(own, peer)| *own == *peer).count() as f64;
            let [own, peer] = [own.values().sum::<f64>() / count, peer.iter().sum::<f64>() / count];
            rows.push(Row::share(&format!("eval/{name}-{metric}"), own, Some((peer, "transformers f32"))));
            rows.push(Row::share(&format!("eval/{name}-{metric}-same"), same / count, None));
        }
    }
    Ok(rows)
}

/// What the reference has to know of a benchmark; nothing where it has no such method, which is told.
fn told(benchmark: &Value, data: &Path, packages: Option<&Path>) -> Option<Value> {
    let method = match &benchmark["method"] {
        Value::Object(method) if method.contains_key("choice") => "choice",
        Value::String(method) if method == "cloze" => "cloze",
        other => {
            eprintln!("{}: no reference for {other}", benchmark["name"]);
            return None;
        }
    };
    let prompting = &benchmark["prompting"];
    if prompting["shots"] != 0 {
        eprintln!("{}: no reference with examples", benchmark["name"]);
        return None;
    }
    let file = match benchmark["file"].as_str().and_then(|file| file.strip_prefix("package:")) {
        Some(pattern) => below(packages?, &Pattern::new(pattern).ok()?)?,
        // a recipe names files without their folders, and by their bytes
        None => data.join(benchmark["file"][0][0].as_str()?),
    };
    Some(json!({
        "name": benchmark["name"], "file": fs::canonicalize(&file).unwrap_or(file), "items": benchmark["items"],
        "method": method, "before_question": prompting["before_question"], "before_answer": prompting["before_answer"],
    }))
}

/// The file below `folder` whose name from there fits.
fn below(folder: &Path, pattern: &Pattern) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).ok()?.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if pattern.matches_path(path.strip_prefix(folder).ok()?) {
                return Some(path);
            }
        }
    }
    None
}

/// A stage of a finished run.
struct Stage {
    run: PathBuf,
    folder: PathBuf,
    from: Value,
}

impl Stage {
    /// The first that is of this kind.
    fn of(run: &Path, uses: &str) -> anyhow::Result<Self> {
        let record: Value =
            serde_json::from_slice(&fs::read(run.join("run.json")).context("this is no finished run")?)?;
        let stages = record["stages"].as_array().context("run.json has no stages")?;
        let stage = stages.iter().find(|stage| stage["use"] == uses);
        let stage = stage.with_context(|| format!("{} has no stage {uses}", run.display()))?;
        let folder = run.join(stage["name"].as_str().unwrap_or_default());
        Ok(Self { run: run.to_owned(), folder, from: stage["from"].clone() })
    }

    /// The folder of what stands in a slot.
    fn above(&self, slot: &str) -> Option<PathBuf> {
        Some(self.run.join(self.from[slot].as_str()?))
    }
}

fn manifest(stage: &Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(stage.join("stage.json"))?)?)
}

fn ours(folder: &Path) -> anyhow::Result<Values> {
    let mut values = Values::new();
    for file in fs::read_dir(folder)?.flatten() {
        for batch in Reader::<Scores>::open(&file.path())? {
            for row in batch?.rows().filter(|row| row.item != "all") {
                let metrics = values.entry(row.benchmark.to_owned()).or_default();
                metrics.entry(row.metric.to_owned()).or_default().insert(row.item.to_owned(), row.value);
            }
        }
    }
    Ok(values)
}
