//! `battles-files`: battles that were judged elsewhere enter a run.

use std::path::PathBuf;

use anyhow::Context;
use pipeline::{Fault, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Battles, Reader, Table};

use super::shards;

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
        let outside =
            self.files.iter().enumerate().map(|(i, file)| Outside::new(format!("/files/{i}"), file));
        Signature {
            writes: vec![Output::new("battles", Battles::NAME)],
            outside: outside.collect(),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.files.is_empty() {
            let fault = Fault::new("`files` names nothing").on("/files").got("[]");
            return Err(fault.expected("at least one path").cure("write files = [\"runs/RUN/ballots\"]"));
        }
        Ok(())
    }

    /// A file a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![self.sources(io).len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let sources = self.sources(io);
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

impl BattlesFiles {
    fn sources(&self, io: &Io) -> Vec<PathBuf> {
        (0..self.files.len()).flat_map(|setting| io.outside_files(&format!("/files/{setting}"))).collect()
    }
}
