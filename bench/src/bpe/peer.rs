//! The peers, each behind the calls that are measured.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::peers;

const SCRIPT: &str = "bpe/peers.py";
const CL100K: u32 = 100_256;

/// `cl100k_base.tiktoken`, written again from the tokens that tiktoken-rs has.
pub fn cl100k_file() -> anyhow::Result<String> {
    file_of(tiktoken_rs::cl100k_base_singleton(), CL100K)
}

/// A `.tiktoken` file of the first so many tokens.
pub fn file_of(tiktoken: &tiktoken_rs::CoreBPE, tokens: u32) -> anyhow::Result<String> {
    let mut file = String::new();
    for id in 0..tokens {
        let token = tiktoken.decode_bytes(&[id]).map_err(|error| anyhow::anyhow!("token {id}: {error:?}"))?;
        writeln!(file, "{} {id}", BASE64_STANDARD.encode(token))?;
    }
    Ok(file)
}

/// A `tokenizer.json` with the pattern as Hugging Face's files have it, by which fast peers know which scanner to take.
pub fn spelled_as_published(json: &str) -> anyhow::Result<String> {
    let mut file: serde_json::Value = serde_json::from_str(json)?;
    let pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern.into();
    // published files have special tokens among the added ones alone; fastokens takes no gap before them
    let specials: Vec<String> = file["added_tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|token| Some(token["content"].as_str()?.to_owned()))
        .collect();
    if let Some(vocab) = file["model"]["vocab"].as_object_mut() {
        vocab.retain(|token, _| !specials.contains(token));
    }
    Ok(file.to_string())
}

pub struct Tiktoken(tiktoken_rs::CoreBPE);

impl Tiktoken {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(tiktoken_rs::cl100k_base()?))
    }

    pub fn name() -> String {
        "tiktoken-rs 0.12.1".to_owned()
    }

    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.0.encode_ordinary(text)
    }
}

pub struct Fastokens(fastokens::Tokenizer);

impl Fastokens {
    pub fn new(json: &str) -> anyhow::Result<Self> {
        let json = serde_json::from_str(json)?;
        let tokenizer = fastokens::Tokenizer::from_json(json);
        Ok(Self(tokenizer.map_err(|error| anyhow::anyhow!("fastokens: {error}"))?))
    }

    pub fn name() -> String {
        "fastokens 0.3.5".to_owned()
    }

    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        ids.extend(self.0.encode(text).expect("fastokens encodes any text"));
    }
}

pub struct BpeOpenai(&'static bpe_openai::Tokenizer);

impl BpeOpenai {
    pub fn new() -> Self {
        Self(bpe_openai::cl100k_base())
    }

    pub fn name() -> String {
        "bpe-openai 0.3.2".to_owned()
    }

    pub fn count(&self, text: &str) -> usize {
        self.0.count(text)
    }

    pub fn decode(&self, ids: &[u32]) -> Option<String> {
        self.0.decode(ids)
    }
}

/// What a Python peer says of an encoding.
#[derive(Deserialize)]
pub struct Encoded {
    pub version: String,
    pub cold: f64,
    pub warm: f64,
    pub ids: usize,
}

pub fn gigatoken(corpus: &Path, tokenizer: &Path) -> anyhow::Result<Option<Encoded>> {
    said(&[Path::new("encode"), Path::new("gigatoken"), corpus, tokenizer])
}

/// CPU seconds that `tokenizers` takes to read a `tokenizer.json`.
#[derive(Deserialize)]
pub struct Loaded {
    pub version: String,
    pub seconds: f64,
}

pub fn loaded(tokenizer: &Path) -> anyhow::Result<Option<Loaded>> {
    said(&[Path::new("load"), Path::new("tokenizers"), Path::new("-"), tokenizer])
}

/// What a Python peer says of training.
#[derive(Deserialize)]
pub struct Trained {
    pub version: String,
    pub seconds: f64,
    pub merges: usize,
    pub peak_kb: u64,
}

pub fn trained(name: &str, corpus: &Path, size: u32) -> anyhow::Result<Option<Trained>> {
    said(&[Path::new("train"), Path::new(name), corpus, Path::new(&size.to_string())])
}

fn said<T: DeserializeOwned>(arguments: &[&Path]) -> anyhow::Result<Option<T>> {
    let Some(cost) = peers::python(SCRIPT, arguments)? else { return Ok(None) };
    let line = cost.printed.lines().last().unwrap_or_default();
    serde_json::from_str(line).with_context(|| format!("{SCRIPT} said {line}")).map(Some)
}
