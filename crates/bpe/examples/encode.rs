//! Lines of text to lines of ids: `encode DIRECTORY < TEXT`, with a tokenizer that `train` wrote, or any directory with a
//! byte-level `tokenizer.json`.
//!
//!     cargo run --release -p bpe --example encode -- my-tokenizer < README.md

use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};
use std::path::Path;

use bpe::{Bpe, Tokenizer};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("encode DIRECTORY < TEXT")?;
    let bpe = Bpe::load(Path::new(&directory))?;
    let mut out = BufWriter::new(stdout().lock());
    let mut ids = Vec::new();
    for line in stdin().lines() {
        ids.clear();
        bpe.encode(&line?, &mut ids);
        let line: Vec<String> = ids.iter().map(u32::to_string).collect();
        writeln!(out, "{}", line.join(" "))?;
    }
    Ok(())
}
