//! `sql`: a query over what runs left, a Parquet file, or the index of a crawl.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::sql::{Answer, Format, Options, Output, Runs, Session};
use flate2::bufread::MultiGzDecoder;
use pipeline::{Error, Fault, Store};
use shard::remote;

use crate::cli::Sql;
use crate::lines::{sign, thousands};
use crate::{house, network};

/// Rows that are printed.
const ROWS: usize = 1_000;
/// Characters of a value that are printed.
const CHARACTERS: usize = 60;
/// Bytes that sorts, joins and groups may hold; beyond that they go to temporary files.
const MEMORY: usize = 2 << 30;
/// The longest list of paths that is believed; a crawl's is some kilobytes.
const LIST: u64 = 64 << 20;

/// Runs `sql`.
pub(crate) fn run(arguments: &Sql, out: &mut dyn Write) -> anyhow::Result<()> {
    let asked = remote::Options::default();
    let mirror = arguments.mirror.clone();
    let lists = move |locator: &str| lines(locator, mirror.as_deref()).map_err(ours);
    let options = Options {
        memory: MEMORY,
        threads: rayon::current_num_threads(),
        lists: Arc::new(lists),
        user_agent: asked.user_agent,
        connections: asked.connections,
        mirror: arguments.mirror.clone(),
    };
    let session = Session::new(Arc::new(Kept { runs: arguments.runs.runs.clone() }), &options)?;
    let Some(file) = &arguments.out else {
        // a plan is made to be read whole
        let is_plan =
            arguments.query.trim_start().get(..7).is_some_and(|word| word.eq_ignore_ascii_case("explain"));
        let characters = if is_plan { usize::MAX } else { CHARACTERS };
        let answer = session.show(&arguments.query, ROWS, characters)?;
        return if is_plan { plan(&answer, out) } else { print(&answer, out) };
    };
    let Some(format) = Format::of(file) else {
        let fault = Fault::new("the ending of --out says no format").got(file.display().to_string());
        return Err(Error::Wiring(fault.expected(".parquet, .csv or .jsonl")).into());
    };
    let rows = session.write(&arguments.query, file, format)?;
    writeln!(out, "{}  {} rows", file.display(), thousands(rows))?;
    Ok(())
}

/// The runs of a directory, by their records and manifests.
struct Kept {
    runs: PathBuf,
}

impl Runs for Kept {
    fn names(&self) -> pipeline::Result<Vec<String>> {
        if self.runs.is_dir() { house::run_names(&self.runs).map_err(ours) } else { Ok(vec![]) }
    }

    fn stages(&self, run: &str) -> pipeline::Result<Vec<String>> {
        let (_, run) = house::read_run(&self.runs, run).map_err(ours)?;
        Ok(run.stages.into_iter().map(|stage| stage.name).collect())
    }

    fn outputs(&self, run: &str, stage: &str) -> pipeline::Result<Vec<Output>> {
        let (_, record) = house::read_run(&self.runs, run).map_err(ours)?;
        let Some(stage) = record.stages.iter().find(|there| there.name == stage) else { return Ok(vec![]) };
        let store = Store::open(&self.runs)?;
        let entry = store.entry(&stage.key);
        let manifest = house::manifest(&store, run, stage)?;
        let mut outputs = vec![];
        for (name, contents) in &manifest.outputs {
            let mut files = vec![];
            for file in &contents.files {
                let path = entry.join(name).join(&file.name);
                let found = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
                if found != file.bytes {
                    let fault = Fault::new("a stored file is missing or has another length").at(&path, None);
                    let fault = fault.got(format!("{found} bytes")).expected(format!("{} bytes", file.bytes));
                    let cure = format!("remove {} and run again: it is made anew", entry.display());
                    return Err(Error::Moved(fault.cure(cure)));
                }
                files.push((path, file.bytes));
            }
            outputs.push(Output { name: name.clone(), kind: contents.kind.clone(), files });
        }
        Ok(outputs)
    }
}

/// The lines of a list, plain or gzipped.
fn lines(locator: &str, mirror: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let bytes = if locator.starts_with("http://") || locator.starts_with("https://") {
        let remote = network::remote(mirror, 1)?;
        let length = remote.head(locator)?.length.unwrap_or_default();
        anyhow::ensure!(
            (1..=LIST).contains(&length),
            "{locator} has {length} bytes, which is no list of paths"
        );
        remote.range(locator, 0, length)?
    } else {
        std::fs::read(locator)?
    };
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(&bytes[..]).take(LIST + 1).read_to_string(&mut text)?;
    } else {
        (&bytes[..]).take(LIST + 1).read_to_string(&mut text)?;
    }
    anyhow::ensure!(
        text.len() as u64 <= LIST,
        "{locator} unpacks to more than {LIST} bytes: no list of paths"
    );
    Ok(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

/// An error of this crate as one of a pipeline.
fn ours(error: anyhow::Error) -> Error {
    error.downcast().unwrap_or_else(|error: anyhow::Error| {
        let fault = Fault::new("what the query names cannot be read").got(format!("{error:#}"));
        Error::Input(fault.cure("check the name and the network, or give --mirror DIR"))
    })
}

/// A table with a line a row; numbers stand to the right.
fn print(answer: &Answer, out: &mut dyn Write) -> anyhow::Result<()> {
    let cell =
        |value: &Option<String>| value.as_ref().map_or_else(|| "null".to_owned(), |text| visible(text));
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let heads: Vec<String> = answer.columns.iter().map(|(name, _)| visible(name)).collect();
    let width = |at: usize| {
        let widths = rows.iter().map(|row| row[at].chars().count());
        widths.chain([heads[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).zip(&answer.columns).map(|((cell, width), (_, number))| {
            if *number { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    line(&heads)?;
    line(&widths.iter().map(|&width| "─".repeat(width)).collect::<Vec<_>>())?;
    rows.iter().try_for_each(|row| line(row))?;
    let (shown, count) = (rows.len() as u64, answer.count);
    match count - shown {
        0 if count == 1 => writeln!(out, "1 row")?,
        0 => writeln!(out, "{} rows", thousands(count))?,
        more => {
            writeln!(out, "{} rows, and {} more; --out FILE writes all", thousands(shown), thousands(more))?;
        }
    }
    Ok(())
}

/// What `explain` says, line by line as it was laid out.
fn plan(answer: &Answer, out: &mut dyn Write) -> anyhow::Result<()> {
    for text in answer.rows.iter().flatten().flatten() {
        for line in text.lines() {
            writeln!(out, "{}", visible(line))?;
        }
    }
    Ok(())
}

/// On one line, with nothing in it that a terminal would obey.
fn visible(text: &str) -> String {
    text.chars().map(|character| if character == ' ' { ' ' } else { sign(character) }).collect()
}
