//! A tokenizer and the protocol in which a model is talked with.

use std::path::Path;

use bpe::{Bpe, Tokenizer};
use model::checkpoint::Special;
use pipeline::Io;
use sft::{Protocol, Template};

use crate::stages::words;

/// How conversations become ids, and ids words.
pub(in crate::stages) struct Speech<'a> {
    /// Where the tokenizer lies.
    pub(in crate::stages) directory: &'a Path,
    pub(in crate::stages) bpe: Bpe,
    pub(in crate::stages) template: Box<dyn Template>,
}

impl<'a> Speech<'a> {
    /// The tokenizer of a stage's input, with a protocol or the one that its special tokens suggest.
    pub(in crate::stages) fn open(io: &'a Io, protocol: Option<Protocol>) -> anyhow::Result<Self> {
        let directory = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(directory)?;
        let protocol = protocol.unwrap_or_else(|| Protocol::of(bpe.vocabulary()));
        let template = protocol.template(bpe.vocabulary())?;
        Ok(Self { directory, bpe, template })
    }

    /// The words of some ids; bytes that are no text become marks.
    pub(in crate::stages) fn decode(&self, ids: &[u32]) -> String {
        words::of(&self.bpe, ids)
    }

    /// What other programs are told of the ids that begin and end texts.
    pub(in crate::stages) fn special(&self) -> Special {
        Special { begin: self.bpe.vocabulary().special("<|bos|>"), end: self.template.ends().to_vec() }
    }
}
