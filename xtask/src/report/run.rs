//! A run as it lies on disk: `run.json`, and behind a link per stage its manifest, timings and shards.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::clock::Cost;
use pipeline::{Contents, Key, Manifest};
use serde::Deserialize;
use shard::{Reader, Table};

/// A run and its stages, from top to bottom.
pub(super) struct Run {
    pub(super) record: Record,
    pub(super) stages: Vec<Stage>,
    /// The pipeline file as it was run; empty where it is gone.
    pub(super) text: String,
}

/// `run.json`.
#[derive(Deserialize)]
pub(super) struct Record {
    pub(super) pipeline: String,
    #[serde(default)]
    pub(super) about: String,
    pub(super) seed: u64,
    pub(super) kernels: String,
    pub(super) finished_unix_s: i64,
    #[serde(default)]
    pub(super) program: Program,
    stages: Vec<StageRecord>,
}

/// Which program it was.
#[derive(Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Program {
    pub(super) git: String,
    pub(super) rustc: String,
}

#[derive(Deserialize)]
struct StageRecord {
    name: String,
    #[serde(rename = "use")]
    uses: String,
    key: Key,
    how: String,
    numeric: bool,
    from: BTreeMap<String, String>,
    cost: Cost,
}

/// The line that a finished stage left in `timings.jsonl`.
#[derive(Deserialize)]
struct Timing {
    cost: Cost,
    #[serde(flatten)]
    program: Program,
}

/// One stage of the run.
pub(super) struct Stage {
    record: StageRecord,
    directory: PathBuf,
    /// Nothing when the entry left the store.
    pub(super) manifest: Option<Manifest>,
    timing: Option<Timing>,
}

impl Run {
    /// Reads `run.json` and the manifests behind the links.
    pub(super) fn open(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("run.json");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut record: Record =
            serde_json::from_str(&text).with_context(|| format!("{} is no run", path.display()))?;
        let stages = std::mem::take(&mut record.stages);
        let stages = stages.into_iter().map(|stage| Stage::open(stage, directory)).collect();
        let text = fs::read_to_string(directory.join("pipeline.toml")).unwrap_or_default();
        Ok(Self { record, stages, text })
    }

    /// When the run ended, as a person writes it, in UTC.
    pub(super) fn finished(&self) -> String {
        let time = jiff::Timestamp::from_second(self.record.finished_unix_s).unwrap_or_default();
        time.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// The stage that another one names as `stage/output`.
    pub(super) fn source(&self, from: &str) -> Option<&Stage> {
        let name = from.rsplit_once('/').map_or(from, |(name, _)| name);
        self.stages.iter().find(|stage| stage.name() == name)
    }
}

impl Stage {
    fn open(record: StageRecord, run: &Path) -> Self {
        let directory = run.join(&record.name);
        let json = |name: &str| fs::read_to_string(directory.join(name)).ok();
        let manifest = json("stage.json").and_then(|text| serde_json::from_str(&text).ok());
        let timing = json("timings.jsonl")
            .and_then(|text| text.lines().rev().find_map(|line| serde_json::from_str(line).ok()));
        Self { record, directory, manifest, timing }
    }

    /// Its name in the pipeline file.
    pub(super) fn name(&self) -> &str {
        &self.record.name
    }

    /// The registered stage behind it.
    pub(super) fn uses(&self) -> &str {
        &self.record.uses
    }

    pub(super) fn key(&self) -> &str {
        self.record.key.as_str()
    }

    /// `cached`, `resumed` or `done`.
    pub(super) fn how(&self) -> &str {
        &self.record.how
    }

    pub(super) fn numeric(&self) -> bool {
        self.record.numeric
    }

    /// Slot to `stage/output`.
    pub(super) fn from(&self) -> &BTreeMap<String, String> {
        &self.record.from
    }

    /// What making it cost, in whichever run that was.
    pub(super) fn cost(&self) -> Cost {
        self.timing.as_ref().map_or(self.record.cost, |timing| timing.cost)
    }

    /// The revision of the program that made it.
    pub(super) fn git(&self) -> &str {
        self.timing.as_ref().map_or("", |timing| timing.program.git.as_str())
    }

    pub(super) fn counter(&self, name: &str) -> Option<u64> {
        self.manifest.as_ref()?.counters.get(name).copied()
    }

    /// Whether one of its outputs is of that kind.
    pub(super) fn leaves(&self, kind: &str) -> bool {
        self.outputs(kind).next().is_some()
    }

    /// Its outputs of that kind, with their directories.
    pub(super) fn outputs<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (PathBuf, &'a Contents)> {
        let outputs = self.manifest.iter().flat_map(|manifest| &manifest.outputs);
        outputs
            .filter(move |(_, contents)| contents.kind == kind)
            .map(|(name, contents)| (self.directory.join(name), contents))
    }

    /// The shards of one table, in order, with their rows.
    pub(super) fn shards<T: Table>(&self) -> Vec<(PathBuf, u64)> {
        self.outputs(T::NAME)
            .flat_map(|(directory, contents)| {
                contents.files.iter().map(move |file| (directory.join(&file.name), file.rows.unwrap_or(0)))
            })
            .collect()
    }

    /// Shows `each` row of a table, in order, until it has seen enough.
    pub(super) fn rows<T: Table>(
        &self,
        mut each: impl for<'a> FnMut(T::Row<'a>) -> ControlFlow<()>,
    ) -> shard::Result<()> {
        for (path, _) in self.shards::<T>() {
            for batch in Reader::<T>::open(&path)? {
                if batch?.rows().try_for_each(&mut each).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
