//! Writes what [`MainText`](fineweb_filter::extract::MainText) measures of pages, for `bench/extractors/fit.py`:
//! `cargo run --release -p fineweb-filter --example blocks -- pages.jsonl FOLDER`.
//!
//! `pages.jsonl` has a page a line, with `id`, `url` and `html`. `FOLDER/blocks.jsonl` gets a line a page: `id`, `texts`
//! and `sizes`; `FOLDER/rows.i32` all rows as little-endian numbers, and `FOLDER/names.json` what the columns are.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use fineweb_filter::Page;
use fineweb_filter::extract::Measured;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(pages), Some(folder)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err("blocks PAGES.jsonl FOLDER".into());
    };
    fs::create_dir_all(&folder)?;
    let mut blocks = BufWriter::new(File::create(folder.join("blocks.jsonl"))?);
    let mut rows = BufWriter::new(File::create(folder.join("rows.i32"))?);
    for line in BufReader::new(File::open(pages)?).lines() {
        let page: Value = serde_json::from_str(&line?)?;
        let text = |key: &str| page[key].as_str().unwrap_or_default();
        let measured =
            Measured::of(&Page { id: "", url: text("url"), html: text("html"), headers: &[] }, 1_000_000);
        for number in measured.rows.iter().flatten() {
            rows.write_all(&number.to_le_bytes())?;
        }
        let line = json!({"id": text("id"), "texts": measured.texts, "sizes": measured.sizes});
        writeln!(blocks, "{line}")?;
        if !measured.names.is_empty() {
            fs::write(folder.join("names.json"), serde_json::to_string(&measured.names)?)?;
        }
    }
    rows.flush()?;
    blocks.flush()?;
    Ok(())
}
