//! `documents-files`: documents that somebody else filtered enter a run.

use anyhow::Context;
use pipeline::{Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::documents::Optional;
use shard::{Documents, Reader, Table};

use super::{brought, shards};

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
        Signature {
            writes: vec![Output::new("documents", Documents::NAME)],
            outside: brought::outside("files", &self.files),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "path/to/*.parquet")
    }

    /// A file a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![brought::outside_files(io, "files", &self.files).len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let sources = brought::outside_files(io, "files", &self.files);
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
