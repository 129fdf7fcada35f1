//! deepdive with one more tokenizer: the program is the house's, the two stages are ours.

mod stages;
mod words;

use std::process::ExitCode;

use stages::{WordsEncode, WordsTrain};

fn main() -> ExitCode {
    let registry = deepdive::registry()
        .with::<WordsTrain>("words-train", "a vocabulary of whole words")
        .with::<WordsEncode>("words-encode", "documents to ids of whole words");
    deepdive::program(&registry)
}
