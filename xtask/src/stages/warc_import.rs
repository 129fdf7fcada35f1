//! `warc-import`: archives to pages, for pipelines that filter HTML in another way.

use std::fs::File;
use std::io::BufReader;

use anyhow::Context;
use pipeline::{Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Dropped, Pages, Table, dropped, pages};
use warc::{Event, Limits, Reader};

use super::shards;

/// WARC to pages, unfiltered: decoded HTML with its origin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarcImport {}

impl Stage for WarcImport {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("warc", "warc/1")],
            writes: vec![Output::new("pages", Pages::NAME), Output::new("dropped", Dropped::NAME)],
            sources: &["warc"],
            ..Signature::exact(2)
        }
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("warc")?.files().len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let archive = &io.input("warc")?.files()[task.part];
        let path = archive.path()?;
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut kept = shards::create::<Pages>(io, "pages", &task.shard())?;
        let mut refused = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        for event in Reader::new(BufReader::with_capacity(1 << 20, file)) {
            let row = dropped::Row { source: &archive.name, stage: io.stage(), ..dropped::Row::default() };
            let record = match event.context("cannot read the archive")? {
                Event::Record(record) => record,
                Event::Damage(damage) if damage.kind.loses_record() => {
                    let (reason, detail) = (damage.kind.name(), Some(damage.detail.as_str()));
                    let offset = damage.offset as i64;
                    refused.push(&dropped::Row {
                        offset,
                        reason,
                        detail,
                        kind: dropped::Kind::Damage,
                        ..row
                    })?;
                    io.count("in", 1);
                    io.count(&format!("dropped.{reason}"), 1);
                    continue;
                }
                Event::Damage(_) => continue,
            };
            if !matches!(record.kind, warc::Kind::Response | warc::Kind::Conversion | warc::Kind::Revisit) {
                io.count("other_records", 1);
                continue;
            }
            io.count("in", 1);
            match warc::page(&record, &Limits::default()) {
                Ok(page) => {
                    io.count("kept", 1);
                    kept.push(&pages::Row {
                        id: &page.id,
                        url: &page.url,
                        date: &page.date,
                        http_status: page.http_status,
                        content_type: page.content_type.as_deref(),
                        charset: page.charset,
                        html: &page.html,
                        source: &archive.name,
                        offset: page.offset as i64,
                    })?;
                }
                Err(rejection) => {
                    io.count(&format!("dropped.{}", rejection.reason), 1);
                    refused.push(&dropped::Row {
                        id: record.id(),
                        url: record.target_uri(),
                        offset: record.offset as i64,
                        reason: rejection.reason,
                        detail: Some(&rejection.detail),
                        ..row
                    })?;
                }
            }
        }
        shards::finish(io, "pages", kept)?;
        shards::finish(io, "dropped", refused)
    }
}
