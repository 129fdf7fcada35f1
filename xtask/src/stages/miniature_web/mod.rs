//! `miniature-web`: the generated web, laid down as a crawler would, and the truth about it beside;
//! and what is to be learned after it: problems, conversations, preferences.

mod lists;
mod pack;
mod rows;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use anyhow::Context;
use fixtures::{Capture, Size, Web};
use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Conversations, Facts, Preferences, Problems, Table, Truth, Writer};

use super::shards;

/// Pages made together.
const BATCH: usize = 256;
/// Tables that are about the whole web, and the block lists.
const KNOWLEDGE: usize = 5;

/// A generated web, as WARC files, with the truth about every record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MiniatureWeb {
    /// `tiny`, `demo`, or `large-N` for N times demo.
    pub size: String,
    /// Into how many WARC files the pages go.
    #[schemars(extend("unit" = "files"))]
    pub files: usize,
}

impl Default for MiniatureWeb {
    fn default() -> Self {
        Self { size: "demo".to_owned(), files: 4 }
    }
}

impl Stage for MiniatureWeb {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            writes: vec![
                Output::new("warc", "warc/1"),
                Output::new("truth", Truth::NAME),
                Output::new("facts", Facts::NAME),
                Output::new("problems", Problems::NAME),
                Output::new("conversations", Conversations::NAME),
                Output::new("preferences", Preferences::NAME),
                Output::new("lists", "lists/1"),
            ],
            sources: &["fixtures", "warc"],
            ..Signature::exact(4)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.files == 0 {
            let fault = Fault::new("a web needs at least one file").on("/files").got("0");
            return Err(fault.expected("a whole number, 1 or more").cure("write files = 1"));
        }
        self.size.parse::<Size>().map(drop).map_err(|unknown| {
            let fault =
                Fault::new("there is no web of this size").on("/size").got(format!("\"{}\"", unknown.got));
            fault.expected("\"tiny\", \"demo\" or \"large-N\"").cure("write size = \"demo\"")
        })
    }

    fn phases(&self, _: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![self.files, KNOWLEDGE])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let size: Size = self.size.parse()?;
        let web = fixtures::web(size, io.seed("web"));
        if task.phase > 0 {
            return knowledge(&web, io, task.part);
        }
        let files = self.files as u64;
        let [from, to] = [task.part as u64, task.part as u64 + 1].map(|part| size.pages() * part / files);
        archive(&web, from..to, io, task)
    }
}

/// Some of the pages as one archive, and the truth about them.
fn archive(web: &Web, mut pages: Range<u64>, io: &Io, task: Task) -> anyhow::Result<()> {
    let name = format!("web-{:05}.warc.gz", task.part);
    let path = io.output("warc")?.join(&name);
    let unwritten = || format!("cannot write {}", path.display());
    let mut archive = BufWriter::new(File::create(&path).with_context(unwritten)?);
    let mut truth = shards::create::<Truth>(io, "truth", &task.shard())?;
    archive.write_all(&pack::warcinfo(&name)?).with_context(unwritten)?;
    io.progress().length(pages.end - pages.start);
    let next = || Ok(pages.by_ref().take(BATCH).collect());
    let make = |(): &mut (), index| {
        let capture = web.capture(index);
        (pack::pack(&capture), capture)
    };
    let write = |(packed, capture): (io::Result<Vec<u8>>, Capture)| {
        archive.write_all(&packed?).with_context(unwritten)?;
        rows::truth(&capture, &mut truth)?;
        io.count("pages", 1);
        io.progress().advance(1);
        Ok(())
    };
    shards::in_order(next, || (), make, write)?;
    archive.flush().with_context(unwritten)?;
    shards::finish(io, "truth", truth)?;
    io.add_file("warc", &name)
}

/// What holds for the whole web, whatever page tells it, and what is learned after it: a table a task.
fn knowledge(web: &Web, io: &Io, table: usize) -> anyhow::Result<()> {
    match table {
        0 => write::<Facts>("facts", io, |out| rows::facts(web, out)),
        1 => write::<Problems>("problems", io, |out| rows::problems(web, out)),
        2 => write::<Conversations>("conversations", io, |out| rows::conversations(web, out)),
        3 => write::<Preferences>("preferences", io, |out| rows::preferences(web, out)),
        _ => lists::write(io),
    }
}

/// The one shard of `output`.
fn write<T: Table>(
    output: &str,
    io: &Io,
    rows: impl FnOnce(&mut Writer<T>) -> shard::Result<()>,
) -> anyhow::Result<()> {
    let mut writer = shards::create::<T>(io, output, "part-00000.parquet")?;
    rows(&mut writer)?;
    shards::finish(io, output, writer)
}
