//! Tokenizers at rest.

mod bytes;
mod gpt2;
mod json;
mod layout;
mod tiktoken;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{Bpe, Error, Result, Tokenizer};

const TOKENIZER: &str = "tokenizer.json";
const CONFIG: &str = "tokenizer_config.json";

/// What `transformers` wants to know besides `tokenizer.json`.
#[derive(Serialize)]
struct Config<'a> {
    tokenizer_class: &'static str,
    add_prefix_space: bool,
    clean_up_tokenization_spaces: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bos_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eos_token: Option<&'a str>,
}

impl Bpe {
    /// Writes `tokenizer.json` and `tokenizer_config.json` into a directory, which is made if it is missing.
    ///
    /// `transformers`, `tokenizers` and the servers built on them open it.
    pub fn save(&self, directory: &Path) -> Result<()> {
        let named = |name| self.vocabulary().special(name).map(|_| name);
        let config = Config {
            tokenizer_class: "PreTrainedTokenizerFast",
            add_prefix_space: false,
            clean_up_tokenization_spaces: false,
            bos_token: named("<|bos|>"),
            eos_token: named("<|assistant_end|>"),
        };
        let config = serde_json::to_string_pretty(&config)? + "\n";
        let json = self.to_json()?;
        fs::create_dir_all(directory).map_err(at(directory))?;
        for (name, content) in [(TOKENIZER, json), (CONFIG, config)] {
            let path = directory.join(name);
            fs::write(&path, content).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Reads the `tokenizer.json` of a directory.
    pub fn load(directory: &Path) -> Result<Self> {
        let path = directory.join(TOKENIZER);
        Self::from_json(&fs::read_to_string(&path).map_err(at(&path))?)
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    |source| Error::Io { path, source }
}
