//! `conversations-files`: conversations of this machine enter a run, in whichever of the usual shapes they are kept.

pub(super) mod shape;

use std::path::Path;

use pipeline::{Error, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Conversations, Dropped, Message, MessagePart, PartKind, Table, Writer, conversations, dropped};

use super::{brought, rows, shards};
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
        let mut import = Import {
            io,
            kept: shards::create::<Conversations>(io, "conversations", &task.shard())?,
            fallen: shards::create::<Dropped>(io, "dropped", &task.shard())?,
            id: 0,
            first: None,
        };
        let paths = brought::all(io, "files", &self.files)?;
        for path in paths {
            let before = import.id;
            self.import(&path, &mut import)?;
            if import.id == before {
                let (line, problem) = import.first.take().unwrap_or((1, "nothing is in it".to_owned()));
                let fault = Fault::new("no conversation could be read").at(&path, Some(line)).got(problem);
                let fault = fault.expected("one in a shape that `explain conversations-files` lists");
                return Err(Error::Input(fault.cure("correct the file")).into());
            }
            import.first = None;
            io.count("files", 1);
        }
        let Import { kept, fallen, .. } = import;
        shards::finish(io, "conversations", kept)?;
        shards::finish(io, "dropped", fallen)
    }
}

/// Rows on their way.
struct Import<'a> {
    io: &'a Io<'a>,
    kept: Writer<Conversations>,
    fallen: Writer<Dropped>,
    /// Number of the next conversation.
    id: u64,
    /// The first row of the present file that could not be read.
    first: Option<(usize, String)>,
}

impl Import<'_> {
    /// Takes what was read of a row, or notes why nothing was.
    fn take(
        &mut self,
        file: &str,
        source: &str,
        line: usize,
        read: Result<Vec<Said>, (&str, String)>,
    ) -> anyhow::Result<()> {
        self.io.count("in", 1);
        match read {
            Ok(talk) => {
                let messages = talk.iter().map(message).collect();
                self.kept.push(&conversations::Row { id: self.id, source, messages })?;
                self.id += 1;
                self.io.count("kept", 1);
            }
            Err((reason, problem)) => {
                self.fallen.push(&dropped::Row {
                    source: file,
                    offset: line as i64,
                    stage: self.io.stage(),
                    reason,
                    detail: Some(&format!("line {line}: {problem}")),
                    kind: dropped::Kind::Damage,
                    ..dropped::Row::default()
                })?;
                self.io.count(&format!("dropped.{reason}"), 1);
                self.first.get_or_insert((line, problem));
            }
        }
        Ok(())
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
    fn import(&self, path: &Path, import: &mut Import<'_>) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = match &self.source {
            Some(source) => source.clone(),
            None => name.split('.').next().unwrap_or(&name).to_owned(),
        };
        rows::each(path, &mut |line, row| {
            let read = row.and_then(|row| shape::conversation(&row).map_err(|problem| (UNKNOWN, problem)));
            import.take(&name, &source, line, read)
        })
    }
}
