//! Rows of outside files in the usual packings: JSON lines, JSON lists, Parquet.

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

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
    let what = || format!("cannot read {}", path.display());
    let mut reader = unpacked::open(path)?;
    let begins =
        reader.fill_buf().with_context(what)?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if begins == Some(b'[') {
        let rows: Vec<Value> = match serde_json::from_reader(reader) {
            Ok(rows) => rows,
            Err(problem) => return take(problem.line(), Err((INVALID, problem.to_string()))),
        };
        return rows.into_iter().zip(1..).try_for_each(|(row, line)| take(line, Ok(row)));
    }
    for (text, line) in reader.split(b'\n').zip(1..) {
        let text = text.with_context(what)?;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        take(line, serde_json::from_slice(&text).map_err(|problem| (INVALID, without_line(&problem))))?;
    }
    Ok(())
}

/// What is wrong with a line, without the number that it has in itself, which is always 1.
fn without_line(problem: &serde_json::Error) -> String {
    let (told, column) = (problem.to_string(), problem.column());
    let place = format!(" at line {} column {column}", problem.line());
    format!("{} at column {column}", told.strip_suffix(&place).unwrap_or(&told))
}
