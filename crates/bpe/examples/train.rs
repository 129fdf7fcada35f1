//! Learns a vocabulary from text files: `train VOCAB_SIZE DIRECTORY FILE...`.
//!
//!     cargo run --release -p bpe --example train -- 8192 my-tokenizer *.md
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::error::Error;
use std::path::Path;

use bpe::{Settings, Trainer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [vocab_size, directory, files @ ..] = arguments.as_slice() else {
        return Err("train VOCAB_SIZE DIRECTORY FILE...".into());
    };
    let mut trainer = Trainer::new(Settings { vocab_size: vocab_size.parse()?, ..Settings::default() })?;
    for file in files {
        trainer.feed(&[&std::fs::read_to_string(file)?]);
    }
    let trained = trainer.train()?;
    trained.tokenizer.save(Path::new(directory))?;
    println!("{:#?}", trained.report);
    Ok(())
}
