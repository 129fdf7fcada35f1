//! Writes the main texts of pages: `cargo run --release -p fineweb-filter --example texts -- pages.jsonl > ours.jsonl`.
//!
//! A line of `pages.jsonl` has `id`, `url` and `html`; a line of the output has `id`, `title` and `text`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use fineweb_filter::Page;
use fineweb_filter::extract::{Extract, Extractor, MainText};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("texts PAGES.jsonl")?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let extractor = MainText { max_nodes: 1_000_000 };
    let mut extract = Extract::default();
    for line in BufReader::new(File::open(path)?).lines() {
        let page: Value = serde_json::from_str(&line?)?;
        let text = |key: &str| page[key].as_str().unwrap_or_default();
        extract.clear();
        extractor.extract(&Page { id: "", url: text("url"), html: text("html"), headers: &[] }, &mut extract);
        writeln!(out, "{}", json!({"id": text("id"), "title": extract.title, "text": extract.text}))?;
    }
    out.flush()?;
    Ok(())
}
