//! `documents-files`: documents that somebody else filtered enter a run.

use std::path::PathBuf;

use anyhow::Context;
use pipeline::{Fault, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::documents::Optional;
use shard::{Documents, Reader, Table};

use super::shards;

/// Parquet files of this machine with FineWeb's columns: a sample of FineWeb or FineWeb-Edu, or another run's documents.
///
/// Their bytes enter the key; their paths do not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentsFiles {
    /// Paths, directories or patterns (`fineweb/*.parquet`), relative to the pipeline file.
    pub files: Vec<String>,
}

impl Stage for DocumentsFiles {
    fn signature(&self) -> Signature {
        let outside =
            self.files.iter().enumerate().map(|(i, file)| Outside::new(format!("/files/{i}"), file));
        Signature {
            writes: vec![Output::new("documents", Documents::NAME)],
            outside: outside.collect(),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.files.is_empty() {
            let fault = Fault::new("`files` names nothing").on("/files").got("[]");
            return Err(fault.expected("at least one path").cure("write files = [\"path/to/*.parquet\"]"));
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
        let mut writer = shards::create_documents(io, &task.shard(), &Optional::ALL)?;
        for batch in Reader::<Documents>::open(source)? {
            let batch = batch?;
            for row in batch.rows() {
                writer.push(&row)?;
                io.count("documents", 1);
                io.count("text_bytes", row.text.len() as u64);
            }
        }
        io.count("files", 1);
        shards::finish(io, "documents", writer)
    }
}

impl DocumentsFiles {
    fn sources(&self, io: &Io) -> Vec<PathBuf> {
        (0..self.files.len()).flat_map(|setting| io.outside_files(&format!("/files/{setting}"))).collect()
    }
}
