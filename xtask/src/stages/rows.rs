//! Rows of outside files in the usual packings: JSON lines, JSON lists, CSV and TSV, Parquet; and archives of such files.
//!
//! Lines of oe-eval's requests hold the row in `doc`, one for each thing that a model is asked about it: the first is the row.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{Error, Fault};
use serde_json::{Map, Value};

use super::unpacked::{self, ending};

/// Why a row cannot be read.
pub(super) const INVALID: &str = "invalid_json";

/// What some systems begin a text with; it is no part of it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A row, or what is wrong with it.
pub(super) type Read = Result<Value, (&'static str, String)>;

/// Shows `take` every row of a file, `.gz` and `.zst` too, with its line; of lists and Parquet files rows are counted instead.
pub(super) fn each(
    path: &Path,
    take: &mut dyn FnMut(usize, Read) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if ending(path).as_deref() == Some("parquet") {
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
    if !matches!(ending(&plain(path)).as_deref(), Some("tar" | "tgz")) {
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
        match ending(&plain(&inner)).as_deref() {
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
    match ending(name).as_deref() {
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
    if reader.fill_buf().with_context(what)?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    if let Some("csv" | "tsv") = ending(&plain(path)).as_deref() {
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
            let name = |field: String| field.trim_start_matches('#').trim().to_owned();
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::{Value, json};

    use super::each;

    #[test]
    fn marks_of_byte_order_and_capitals_cost_no_row() {
        let folder = tempfile::tempdir().unwrap();
        let packed = |text: &str| {
            let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
            packer.write_all(text.as_bytes()).unwrap();
            packer.finish().unwrap()
        };
        let expect = [json!({ "q": "1 + 1", "a": "2" }), json!({ "q": "a, b", "a": "c" })];
        let lines = format!("\u{feff}{}\n{}\n", expect[0], expect[1]);
        let list = format!("\u{feff}[{}, {}]", expect[0], expect[1]);
        let commas = "\u{feff}\"q\",a\r\n1 + 1,2\r\n\"a, b\",c\r\n";
        for (name, bytes) in [
            ("lines.jsonl", lines.clone().into_bytes()),
            ("LINES.JSONL.GZ", packed(&lines)),
            ("list.json", list.into_bytes()),
            ("commas.csv", commas.into()),
            ("COMMAS.CSV", commas.into()),
            ("Commas.Csv.gz", packed(commas)),
            ("tabs.TSV", "\u{feff}q\ta\n1 + 1\t2\na, b\tc\n".into()),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut rows: Vec<Value> = vec![];
            each(&path, &mut |_, row| {
                rows.push(row.map_err(|(reason, detail)| anyhow::anyhow!("{reason}: {detail}"))?);
                Ok(())
            })
            .unwrap();
            assert_eq!(rows, expect, "{name}");
        }
    }
}
