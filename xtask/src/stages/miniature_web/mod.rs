//! `miniature-web`: the generated web, laid down as a crawler would, and the truth about it beside.

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
use shard::{Facts, Table, Truth};

use super::shards;

/// Pages made together.
const BATCH: usize = 256;

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
                Output::new("lists", "lists/1"),
            ],
            sources: &["fixtures", "warc"],
            ..Signature::exact(2)
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
        Ok(vec![self.files, 1])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let size: Size = self.size.parse()?;
        let web = fixtures::web(size, io.seed("web"));
        if task.phase > 0 {
            return knowledge(&web, io);
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

/// What holds for the whole web, whatever page tells it.
fn knowledge(web: &Web, io: &Io) -> anyhow::Result<()> {
    let mut facts = shards::create::<Facts>(io, "facts", "part-00000.parquet")?;
    rows::facts(web, &mut facts)?;
    shards::finish(io, "facts", facts)?;
    lists::write(io)
}
