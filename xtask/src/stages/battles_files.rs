//! `battles-files`: battles that were judged elsewhere enter a run.

use anyhow::Context;
use pipeline::{Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Battles, Reader, Table};

use super::{brought, shards};

/// Shards of battles of this machine: the votes of people that `serve` keeps in `runs/RUN/ballots`, or another run's.
///
/// Their bytes enter the key; their paths do not. An `arena` whose judge is `person` reads them as its `battles`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BattlesFiles {
    /// Paths, directories or patterns (`runs/demo/ballots/*.parquet`), relative to the pipeline file.
    pub files: Vec<String>,
}

impl Stage for BattlesFiles {
    fn signature(&self) -> Signature {
        Signature {
            writes: vec![Output::new("battles", Battles::NAME)],
            outside: brought::outside("files", &self.files),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "runs/RUN/ballots")
    }

    /// A file a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![brought::outside_files(io, "files", &self.files).len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let sources = brought::outside_files(io, "files", &self.files);
        let source = sources.get(task.part).context("a file was taken away meanwhile")?;
        let mut writer = shards::create::<Battles>(io, "battles", &task.shard())?;
        for batch in Reader::<Battles>::open(source)? {
            let batch = batch?;
            batch.rows().try_for_each(|row| writer.push(&row))?;
            io.count("battles", batch.len() as u64);
        }
        io.count("files", 1);
        shards::finish(io, "battles", writer)
    }
}
