//! `miniature-web`: the generated web, laid down as a crawler would.

use std::fs::File;
use std::io::BufWriter;

use anyhow::Context;
use fixtures::{Capture, Size};
use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warc::{Headers, Kind, Packing, Record, Writer};

/// A generated web, as WARC files.
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
            writes: vec![Output::new("warc", "warc/1")],
            sources: &["fixtures", "warc"],
            ..Signature::exact(1)
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
        Ok(vec![self.files])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let size: Size = self.size.parse()?;
        let web = fixtures::web(size, io.seed("web"));
        let name = format!("web-{:05}.warc.gz", task.part);
        let path = io.output("warc")?.join(&name);
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut writer = Writer::new(BufWriter::new(file), Packing::Gzip);
        let unwritten = || format!("cannot write {}", path.display());
        writer.write(&warcinfo(&name)).with_context(unwritten)?;
        let (pages, files) = (size.pages(), self.files as u64);
        let [from, to] = [task.part as u64, task.part as u64 + 1].map(|part| pages * part / files);
        io.progress().length(to - from);
        for start in (from..to).step_by(256) {
            let captures: Vec<Capture> =
                (start..to.min(start + 256)).into_par_iter().map(|index| web.capture(index)).collect();
            for capture in captures {
                writer.write(&record(&capture)).with_context(unwritten)?;
                io.count("pages", 1);
                io.progress().advance(1);
            }
        }
        drop(writer.finish().with_context(unwritten)?);
        io.add_file("warc", &name)
    }
}

fn warcinfo(name: &str) -> Record {
    let mut headers = Headers::default();
    headers.push("WARC-Record-ID", "<urn:uuid:00000000-0000-5000-8000-000000000000>");
    headers.push("WARC-Date", "2025-01-01T00:00:00Z");
    headers.push("WARC-Filename", name);
    headers.push("Content-Type", "application/warc-fields");
    Record::new(Kind::Warcinfo, headers, b"software: deepdive\r\nisPartOf: MINIATURE-WEB\r\n".to_vec())
}

fn record(capture: &Capture) -> Record {
    let mut headers = Headers::default();
    headers.push("WARC-Record-ID", &format!("<{}>", capture.id));
    headers.push("WARC-Date", &capture.date);
    headers.push("WARC-Target-URI", &capture.url);
    headers.push("Content-Type", "application/http; msgtype=response");
    Record::new(Kind::Response, headers, capture.http_message())
}
