//! How many tokens files have: `count DIRECTORY FILE...`.
//!
//!     cargo run --release -p bpe --example count -- my-tokenizer *.md
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::path::Path;

use bpe::{Bpe, Tokenizer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, files @ ..] = arguments.as_slice() else { return Err("count DIRECTORY FILE...".into()) };
    let bpe = Bpe::load(Path::new(directory))?;
    for file in files {
        let text = std::fs::read_to_string(file)?;
        let tokens = bpe.count(&text);
        println!(
            "{tokens:10} tokens  {:5.2} bytes a token  {file}",
            text.len() as f64 / tokens.max(1) as f64
        );
    }
    Ok(())
}
