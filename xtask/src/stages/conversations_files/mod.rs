//! `conversations-files`: conversations of this machine enter a run, in whichever of the usual shapes they are kept.

pub(super) mod shape;

use std::path::Path;

use pipeline::{Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Conversations, Dropped, Message, MessagePart, PartKind, Table, conversations};

use super::import::{self, Import, Sought};
use super::{brought, rows};
use shape::{Said, Sort};

/// JSON lines, JSON lists, CSV, TSV and Parquet files of conversations, `.gz` and `.zst` too: messages, ShareGPT, prompt
/// and completion, Alpaca, chosen and rejected.
///
/// A row that cannot be read is left out and told in `dropped`, with its line; a file without any row that can be read ends
/// the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConversationsFiles {
    /// Paths, directories or patterns (`talks/*.jsonl`), relative to the pipeline file; or `package:PATTERN`, below the slot
    /// `packages`.
    pub files: Vec<String>,
    /// What stands under `source`, for weights of a training; by default a file's name without what follows the first dot.
    pub source: Option<String>,
}

impl Stage for ConversationsFiles {
    fn signature(&self) -> Signature {
        let signature = Signature {
            writes: vec![
                Output::new("conversations", Conversations::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            ..Signature::exact(2)
        };
        brought::declared(signature, brought::outside("files", &self.files))
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "path/to/*.jsonl")
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let mut import = Import::<Conversations>::begin(io, "conversations", &task)?;
        let expected = "one in a shape that `explain conversations-files` lists";
        import.each_file(&self.files, Sought { one: "conversation", expected }, |import, path| {
            self.import(path, import)
        })?;
        import.finish("conversations")
    }
}

/// A message as rows have it.
pub(super) fn message(said: &Said) -> Message<'_> {
    let parts = said.parts.iter();
    Message {
        role: &said.role,
        content: parts
            .map(|(sort, text)| MessagePart { kind: kind(*sort), text: Some(text), ids: None })
            .collect(),
        train: said.train,
    }
}

fn kind(sort: Sort) -> PartKind {
    match sort {
        Sort::Text => PartKind::Text,
        Sort::Thought => PartKind::Thought,
        Sort::Call => PartKind::ToolCall,
        Sort::Output => PartKind::ToolOutput,
    }
}

/// Why a line is left out that is JSON, but of no shape that is known.
const UNKNOWN: &str = "unknown_shape";

impl ConversationsFiles {
    fn import(&self, path: &Path, import: &mut Import<'_, Conversations>) -> anyhow::Result<()> {
        let name = import::name(path);
        let source = self.source.as_deref().unwrap_or_else(|| import::source(&name));
        rows::each(path, &mut |line, row| {
            let read = row.and_then(|row| shape::conversation(&row).map_err(|problem| (UNKNOWN, problem)));
            match read {
                Ok(talk) => {
                    let messages = talk.iter().map(message).collect();
                    import.keep(&conversations::Row { id: import.id, source, messages })
                }
                Err(refusal) => import.leave(&name, line, refusal),
            }
        })
    }
}
