//! What is served: the models of a run, and what is known about them without loading one.

use std::path::PathBuf;
use std::sync::Arc;

use codec::Codecs;
use model::Config;

use super::playground::{Archive, Ballots};
use crate::Tool;

/// A run, as whoever starts a server sees it.
pub struct Run {
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub about: String,
    /// Its seed.
    pub seed: u64,
    /// Its models, in the order in which they were trained; one at least.
    pub models: Vec<Card>,
    /// Tokenizers to compare, by name; the run's own first.
    pub tokenizers: Vec<(String, bpe::Bpe)>,
    /// What the playground's answers may call.
    pub tools: Vec<Box<dyn Tool>>,
    /// Questions that suit the run.
    pub examples: Vec<String>,
    /// Pictures and sounds to try.
    pub samples: Vec<Sample>,
    /// Beginnings of texts like those that it trained on.
    pub openings: Vec<String>,
    /// Its report, a page of its own.
    pub report: Option<PathBuf>,
    /// Its documents, where it has any.
    pub archive: Option<Box<dyn Archive>>,
    /// Where votes go.
    pub ballots: Option<Box<dyn Ballots>>,
}

/// A picture or a sound to try, and a question about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// A PNG, a JPEG or a WAV.
    pub file: Vec<u8>,
    /// What one may ask.
    pub question: String,
}

/// A model of a run, not loaded yet.
#[derive(Clone, Debug)]
pub struct Card {
    /// What requests call it: the name of its stage.
    pub id: String,
    /// The kind of that stage, as `pretrain` or `sft`.
    pub stage: String,
    /// The models that it learned on from, the first first, itself last; by their `id`.
    pub lineage: Vec<String>,
    /// Whether it has learned from conversations.
    pub talks: bool,
    /// Its size.
    pub config: Config,
    /// What it sees and hears with, if it does.
    pub codecs: Option<Arc<Codecs>>,
    /// A checkpoint with its tokenizer.
    pub folder: PathBuf,
}
