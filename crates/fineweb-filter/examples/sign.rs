//! Signs the texts of a file of JSON lines and prints what `bench/dedup/datatrove_minhash.py` compares.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::io::{BufRead, BufReader, Write};

use fineweb_filter::dedup::{HashFunction, MinHash, MinHashSettings, normalise};
use fineweb_filter::text::split_words;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("which file? `sign FILE sha1`, or xxh64")?;
    let hash: HashFunction = serde_json::from_value(json!(arguments.next().unwrap_or("sha1".to_owned())))?;
    let settings = MinHashSettings { hash, ..MinHashSettings::default() };
    let minhash = MinHash::new(settings.clone());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in BufReader::new(std::fs::File::open(file)?).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("a line has no \"text\"")?;
        let normalised = normalise(text, settings.normalisation);
        let mut words = vec![];
        split_words(&normalised, |word| words.push(word));
        let (shingles, minima) = (minhash.shingles(text), minhash.minima(text).unwrap_or_default());
        let row = json!({ "normalised": normalised, "words": words, "shingles": shingles, "minima": minima });
        writeln!(out, "{row}")?;
    }
    Ok(())
}
