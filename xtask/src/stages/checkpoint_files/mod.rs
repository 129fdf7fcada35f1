//! `checkpoint-files`: a model that somebody else trained enters a run.

mod gguf;
mod hugging_face;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bpe::Bpe;
use model::checkpoint::Special;
use model::{Decoder, Params};
use pipeline::{Error, Fault, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::brought;

/// A model of this machine: a GGUF file, whose weights become f32, or a Hugging Face folder.
///
/// Its bytes enter the key; its path does not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointFiles {
    /// The file, or the folder with `config.json`, `model.safetensors` and `tokenizer.json`, relative to the pipeline file;
    /// or `package:PATTERN`, which names it below the slot `packages`.
    pub model: String,
    /// How to get it; told where it is missing.
    pub get: String,
}

/// A model with all that belongs to it.
struct Found {
    params: Params,
    decoder: Decoder,
    special: Special,
    tokenizer: Bpe,
    /// In Jinja, as transformers reads it.
    chat_template: Option<String>,
}

impl Stage for CheckpointFiles {
    fn signature(&self) -> Signature {
        let signature = Signature {
            writes: vec![Output::new("checkpoint", "checkpoint/1"), Output::new("tokenizer", "tokenizer/1")],
            unhashed: vec!["get"],
            sources: &["model", "bpe"],
            ..Signature::exact(1)
        };
        brought::declared(signature, [Outside::new("/model", &self.model).cure(&self.get)])
    }

    fn check(&self) -> Result<(), Fault> {
        if self.model.is_empty() {
            let fault = Fault::new("`model` names nothing").on("/model").got("\"\"");
            return Err(fault.expected(EXPECTED).cure("write model = \"path/to/model.gguf\""));
        }
        Ok(())
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let files = brought::files(io, "/model", &self.model)?;
        let found = match place(&files)? {
            Place::Gguf(file) => gguf::read(file),
            Place::Folder(folder) => hugging_face::read(folder),
        }?;
        let Found { params, decoder, special, tokenizer, chat_template } = found;
        let folders = [io.output("checkpoint")?, io.output("tokenizer")?];
        model::checkpoint::write(&folders[0], decoder.config(), &special, &params)?;
        for folder in &folders {
            tokenizer.save(folder)?;
            if let Some(template) = &chat_template {
                let path = folder.join("chat_template.jinja");
                fs::write(&path, template).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        io.add_tree("checkpoint")?;
        io.add_tree("tokenizer")?;
        io.count("parameters", params.count() as u64);
        io.count("vocabulary", decoder.config().vocabulary as u64);
        Ok(())
    }
}

const EXPECTED: &str = "a .gguf file, or a folder with config.json, model.safetensors and tokenizer.json";

enum Place<'a> {
    Gguf(&'a Path),
    Folder(&'a Path),
}

/// What kind of model these files are.
fn place(files: &[PathBuf]) -> anyhow::Result<Place<'_>> {
    if let [file] = files
        && file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
    {
        return Ok(Place::Gguf(file));
    }
    let config = files.iter().filter(|file| file.file_name().is_some_and(|name| name == "config.json"));
    // the outermost: training may have left others below
    let folder = config.filter_map(|file| file.parent()).min_by_key(|folder| folder.components().count());
    if let Some(folder) = folder {
        return Ok(Place::Folder(folder));
    }
    let names: Vec<_> =
        files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy()).collect();
    let fault = Fault::new("this is no model").got(names.join(", ")).expected(EXPECTED);
    let fault = files.first().map_or(fault.clone(), |file| fault.at(file, None));
    Err(Error::Input(fault.cure("correct `model`")).into())
}

/// What is wrong with a file, as an input's fault.
fn refused(file: &Path, got: impl std::fmt::Display, expected: &str, cure: &str) -> anyhow::Error {
    let fault = Fault::new("a model cannot be read").at(file, None).got(got.to_string());
    Error::Input(fault.expected(expected).cure(cure)).into()
}
