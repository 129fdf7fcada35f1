//! `cc-pages`: single records of a crawl, by what its index says where they lie.
//!
//! One small request a record, at a pace that a charity's servers do not feel; whoever wants a large part of a crawl
//! fetches whole archives by `cc-fetch`.

mod locations;
mod record;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use pipeline::{Fault, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::remote::{Options, Remote};
use shard::{Dropped, Table, dropped};

pub use self::locations::{Location, Locations};
use self::record::Refusal;
use super::shards;

/// Records that are on their way or wait for their turn in the archive.
const AT_ONCE: usize = 64;

/// Pages of a crawl that a list names one by one, such as a query over the crawl's index makes.
///
/// The bytes of the list enter the key; its path does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CcPages {
    /// Parquet files with the columns `warc_filename`, `warc_record_offset` and `warc_record_length`: a path, a directory or a
    /// pattern, relative to the pipeline file. Where there is a column `url`, a record must be of that page.
    #[schemars(extend("source" = "https://commoncrawl.org/columnar-index"))]
    pub pages: String,
    /// What stands before each `warc_filename`.
    pub host: String,
    /// Requests at the same time. No part of the key.
    #[schemars(extend("unit" = "connections", "source" = "Common Crawl asks for few"))]
    pub connections: usize,
    /// Requests that begin within a second, in each process. No part of the key.
    #[schemars(extend("unit" = "requests per second", "source" = "Common Crawl asks who fetches ranges to be slow"))]
    pub per_second: f64,
    /// Rows of the list that share an archive; a run that is stopped goes on with the archive that it was at.
    #[schemars(extend("unit" = "records"))]
    pub records: u64,
}

impl Default for CcPages {
    fn default() -> Self {
        Self {
            pages: String::new(),
            host: "https://data.commoncrawl.org/".to_owned(),
            connections: 2,
            per_second: 5.0,
            records: 1_000,
        }
    }
}

impl Stage for CcPages {
    fn signature(&self) -> Signature {
        Signature {
            writes: vec![Output::new("warc", "warc/1"), Output::new("dropped", Dropped::NAME)],
            outside: vec![Outside::new("/pages", &self.pages).cure(
                "`deepdive sql` makes one of a crawl's index: select url, warc_filename, warc_record_offset, warc_record_length",
            )],
            unhashed: vec!["connections", "per_second"],
            sources: &["warc"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let refuse = |setting: &str, got: String, expected: &str| {
            let fault = Fault::new("this makes no sense").on(format!("/{setting}"));
            Err(fault.got(got).expected(expected))
        };
        if Outside::new("/pages", &self.pages).is_url() {
            return refuse("pages", self.pages.clone(), "a file of this machine: fetch it first");
        }
        if !(1..=4).contains(&self.connections) {
            return refuse("connections", self.connections.to_string(), "1 to 4: more are not polite");
        }
        if !(self.per_second >= 0.01 && self.per_second <= 100.0) {
            return refuse("per_second", self.per_second.to_string(), "0.01 to 100 requests a second");
        }
        if self.records == 0 {
            return refuse("records", "0".to_owned(), "at least one record an archive");
        }
        Ok(())
    }

    /// An archive a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        let rows = locations::count(&io.outside_files("/pages"))?;
        ensure!(rows > 0, "{} names no page: its files have no rows", self.pages);
        io.progress().length(rows);
        Ok(vec![usize::try_from(rows.div_ceil(self.records))?])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let first = task.part as u64 * self.records;
        let wanted = locations::some(&io.outside_files("/pages"), first, self.records)?;
        let remote = Remote::new(Options {
            mirror: io.mirror().map(std::path::Path::to_owned),
            connections: self.connections,
            spacing: Duration::from_secs_f64(1.0 / self.per_second),
            ..Options::default()
        })?;
        let name = format!("pages-{:05}.warc.gz", task.part);
        let path = io.output("warc")?.join(&name);
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut archive = BufWriter::new(file);
        let mut refused = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        for some in wanted.chunks(AT_ONCE) {
            for (location, answer) in some.iter().zip(self.fetch(&remote, some, io)?) {
                io.count("in", 1);
                match answer {
                    Ok(record) => {
                        archive.write_all(&record)?;
                        io.count("kept", 1);
                    }
                    Err(Refusal { reason, detail, kind }) => {
                        io.count(&format!("dropped.{reason}"), 1);
                        refused.push(&dropped::Row {
                            url: location.url.as_deref(),
                            source: &location.file,
                            offset: location.offset,
                            stage: io.stage(),
                            reason,
                            detail: Some(&detail),
                            kind,
                            ..dropped::Row::default()
                        })?;
                    }
                }
            }
        }
        archive.into_inner().context("cannot write the archive")?;
        io.add_file("warc", &name)?;
        shards::finish(io, "dropped", refused)
    }
}

impl CcPages {
    /// The records at `wanted`, in that order, whatever order answers come in.
    ///
    /// The first error ends all: a server that refuses one request has refused us.
    fn fetch(
        &self,
        remote: &Remote,
        wanted: &[Location],
        io: &Io,
    ) -> anyhow::Result<Vec<Result<Vec<u8>, Refusal>>> {
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            let mut done = vec![];
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(location) = wanted.get(at) else { break };
                let answer = record::fetch(remote, &self.host, location);
                failed.fetch_or(answer.is_err(), Ordering::Relaxed);
                io.progress().advance(1);
                done.push((at, answer));
            }
            done
        };
        let mut answers = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections).map(|_| scope.spawn(work)).collect();
            let mut all = vec![];
            for thread in threads {
                let Ok(done) = thread.join() else { bail!("a request panicked") };
                all.extend(done);
            }
            Ok(all)
        })?;
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}
