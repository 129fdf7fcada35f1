//! Rows of outside files in the usual packings: JSON lines, JSON lists, CSV and TSV, Parquet; and archives of such files.
//!
//! Lines of oe-eval's requests hold the row in `doc`, one for each thing that a model is asked about it: the first is the row.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{Error, Fault};
use serde_json::{Map, Value};

use super::unpacked;

/// Why a row cannot be read.
pub(super) const INVALID: &str = "invalid_json";

/// A row, or what is wrong with it.
pub(super) type Read = Result<Value, (&'static str, String)>;

/// Shows `take` every row of a file, `.gz` and `.zst` too, with its line; of lists and Parquet files rows are counted instead.
pub(super) fn each(
    path: &Path,
    take: &mut dyn FnMut(usize, Read) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet")) {
        let mut line = 0;
        return shard::each_value(path, |row| {
            line += 1;
            take(line, Ok(row))
        });
    }
    of_reader(path, unpacked::open(path)?, take)
}

/// The same for all files of a `.tar`, `.tar.zst` or `.tar.gz` as well: `take` is told the file's name, too. Returns how many
/// files of the archive, a README say, are of no kind that has rows.
pub(super) fn each_of(
    path: &Path,
    take: &mut dyn FnMut(&str, usize, Read) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let named = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = named(path);
    if ![".tar", ".tar.zst", ".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end)) {
        each(path, &mut |line, row| take(&name, line, row))?;
        return Ok(0);
    }
    let what = || format!("cannot read {}", path.display());
    let mut archive = tar::Archive::new(unpacked::open(path)?);
    let mut others = 0;
    for entry in archive.entries().with_context(what)? {
        let entry = entry.with_context(what)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let inner = entry.path().with_context(what)?.into_owned();
        let name = named(&inner);
        match plain(&inner).extension().and_then(|end| end.to_str()) {
            // what some programs leave beside a file has its ending
            _ if name.starts_with('.') => others += 1,
            Some("json" | "jsonl" | "ndjson" | "csv" | "tsv") => {
                let reader = unpacked::unpack(&inner, BufReader::new(entry)).with_context(what)?;
                of_reader(&inner, reader, &mut |line, row| take(&name, line, row)).with_context(what)?;
            }
            Some("parquet") => {
                let fault = Fault::new("a Parquet file inside an archive cannot be read").at(path, None);
                return Err(Error::Input(fault.got(name).cure("unpack the archive")).into());
            }
            _ => others += 1,
        }
    }
    Ok(others)
}

/// A name without the ending that says how the file is packed.
fn plain(name: &Path) -> PathBuf {
    match name.extension().and_then(|end| end.to_str()) {
        Some("zst" | "gz") => name.with_extension(""),
        _ => name.to_owned(),
    }
}

fn of_reader(
    path: &Path,
    mut reader: Box<dyn BufRead + '_>,
    take: &mut dyn FnMut(usize, Read) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let what = || format!("cannot read {}", path.display());
    if let Some("csv" | "tsv") = plain(path).extension().and_then(|end| end.to_str()) {
        return table(reader, take).with_context(what);
    }
    let begins =
        reader.fill_buf().with_context(what)?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if begins == Some(b'[') {
        let rows: Vec<Value> = match serde_json::from_reader(reader) {
            Ok(rows) => rows,
            Err(problem) => return take(problem.line(), Err((INVALID, problem.to_string()))),
        };
        return rows.into_iter().zip(1..).try_for_each(|(row, line)| take(line, Ok(row)));
    }
    let mut asked = HashSet::new();
    for (text, line) in reader.split(b'\n').zip(1..) {
        let text = text.with_context(what)?;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let row = serde_json::from_slice(&text).map_err(|problem| (INVALID, without_line(&problem)));
        match row.map(requested) {
            Ok((row, true)) if !asked.insert(row.to_string()) => {}
            Ok((row, _)) => take(line, Ok(row))?,
            Err(problem) => take(line, Err(problem))?,
        }
    }
    Ok(())
}

/// The row that a request is about, and whether it is one.
fn requested(mut row: Value) -> (Value, bool) {
    let is_request = row.get("request_type").is_some() && row["doc"].is_object();
    if is_request { (row["doc"].take(), true) } else { (row, false) }
}

/// Rows as objects of texts, by the names in the first line. Where that has a tab, tabs divide and quotes are text, as most
/// programs that write such files have it; else commas divide, and quotes may hold them (RFC 4180).
fn table(
    mut reader: Box<dyn BufRead + '_>,
    take: &mut dyn FnMut(usize, Read) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut first = vec![];
    reader.read_until(b'\n', &mut first)?;
    let tabs = first.contains(&b'\t');
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .has_headers(false)
        .flexible(true)
        .from_reader(first.chain(reader));
    let mut row = csv::ByteRecord::new();
    let mut names: Vec<String> = vec![];
    while rows.read_byte_record(&mut row)? {
        let line = row.position().map_or(0, |position| position.line() as usize);
        let fields: Result<Vec<String>, _> =
            row.iter().map(|field| String::from_utf8(field.to_vec())).collect();
        let Ok(fields) = fields else {
            take(line, Err(("not_utf8", "the text is not UTF-8".to_owned())))?;
            continue;
        };
        if names.is_empty() {
            let name = |field: String| field.trim_start_matches(['\u{feff}', '#']).trim().to_owned();
            names = fields.into_iter().map(name).collect();
        } else if fields.len() == names.len() {
            let cells = names.iter().cloned().zip(fields.into_iter().map(Value::String));
            take(line, Ok(Value::Object(cells.collect::<Map<_, _>>())))?;
        } else {
            let problem = format!("expected {} columns, got {}", names.len(), fields.len());
            take(line, Err(("wrong_columns", problem)))?;
        }
    }
    Ok(())
}

/// What is wrong with a line, without the number that it has in itself, which is always 1.
fn without_line(problem: &serde_json::Error) -> String {
    let (told, column) = (problem.to_string(), problem.column());
    let place = format!(" at line {} column {column}", problem.line());
    format!("{} at column {column}", told.strip_suffix(&place).unwrap_or(&told))
}
