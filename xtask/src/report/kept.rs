//! What was kept: the beginnings of a few documents, from equal distances of the last table of them.

use std::path::Path;

use serde::Serialize;
use shard::{Documents, Reader, documents};

use super::run::Run;
use super::text;
use crate::spread;

/// Documents shown.
const SHOWN: u64 = 10;

/// A look into the documents that the last stage to leave any has left.
#[derive(Serialize)]
pub(super) struct Kept {
    stage: String,
    rows: u64,
    pub(super) documents: Vec<Document>,
}

/// The beginning of one document.
#[derive(Serialize)]
pub(super) struct Document {
    url: String,
    language: String,
    characters: usize,
    pub(super) text: String,
}

impl Document {
    fn of(row: &documents::Row<'_>) -> Self {
        Self {
            url: text::line(row.url, 160),
            language: text::line(row.language, 16),
            characters: row.text.chars().count(),
            text: text::beginning(row.text, 700, 12),
        }
    }
}

pub(super) fn of(run: &Run) -> anyhow::Result<Option<Kept>> {
    let found = run.stages.iter().rev().map(|stage| (stage, stage.shards::<Documents>()));
    let Some((stage, shards)) = found.into_iter().find(|(_, shards)| !shards.is_empty()) else {
        return Ok(None);
    };
    let rows: u64 = shards.iter().map(|(_, rows)| rows).sum();
    let mut documents = vec![];
    for (path, at) in spread::rows(&shards, SHOWN) {
        documents.extend(document(path, at)?);
    }
    let stage = stage.name().to_owned();
    Ok(Some(Kept { stage, rows, documents }))
}

/// The document in row `at` of a shard.
fn document(path: &Path, at: u64) -> shard::Result<Option<Document>> {
    let batch = Reader::<Documents>::open_at(path, at)?.next().transpose()?;
    Ok(batch.and_then(|batch| batch.rows().next().map(|row| Document::of(&row))))
}
