//! `conversations-files`: conversations of this machine enter a run, in whichever of the usual shapes they are kept.

mod shape;

use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{Error, Fault, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shard::{Conversations, Dropped, Message, MessagePart, PartKind, Table, Writer, conversations, dropped};

use super::{shards, unpacked};
use shape::{Said, Sort};

/// JSON lines, JSON lists and Parquet files of conversations, `.gz` and `.zst` too: messages, ShareGPT, prompt and
/// completion, Alpaca, chosen and rejected.
///
/// A row that cannot be read is left out and told in `dropped`, with its line; a file without any row that can be read ends
/// the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConversationsFiles {
    /// Paths, directories or patterns (`talks/*.jsonl`), relative to the pipeline file.
    pub files: Vec<String>,
    /// What stands under `source`, for weights of a training; by default a file's name without what follows the first dot.
    pub source: Option<String>,
}

impl Stage for ConversationsFiles {
    fn signature(&self) -> Signature {
        let outside =
            self.files.iter().enumerate().map(|(i, file)| Outside::new(format!("/files/{i}"), file));
        Signature {
            writes: vec![
                Output::new("conversations", Conversations::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            outside: outside.collect(),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.files.is_empty() {
            let fault = Fault::new("`files` names nothing").on("/files").got("[]");
            return Err(fault.expected("at least one path").cure("write files = [\"path/to/*.jsonl\"]"));
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let mut import = Import {
            io,
            kept: shards::create::<Conversations>(io, "conversations", &task.shard())?,
            fallen: shards::create::<Dropped>(io, "dropped", &task.shard())?,
            id: 0,
            first: None,
        };
        let paths = (0..self.files.len()).flat_map(|setting| io.outside_files(&format!("/files/{setting}")));
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
                let parts = |said: &'_ Said| -> Vec<(PartKind, String)> {
                    said.parts.iter().map(|(sort, text)| (kind(*sort), text.clone())).collect()
                };
                let contents: Vec<Vec<(PartKind, String)>> = talk.iter().map(parts).collect();
                let messages = talk.iter().zip(&contents).map(|(said, content)| Message {
                    role: &said.role,
                    content: content
                        .iter()
                        .map(|(kind, text)| MessagePart { kind: *kind, text: Some(text), ids: None })
                        .collect(),
                    train: said.train,
                });
                self.kept.push(&conversations::Row { id: self.id, source, messages: messages.collect() })?;
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

fn kind(sort: Sort) -> PartKind {
    match sort {
        Sort::Text => PartKind::Text,
        Sort::Thought => PartKind::Thought,
        Sort::Call => PartKind::ToolCall,
        Sort::Output => PartKind::ToolOutput,
    }
}

/// Why a line is left out: it is no JSON, or JSON of no shape that is known.
const INVALID: &str = "invalid_json";
const UNKNOWN: &str = "unknown_shape";

impl ConversationsFiles {
    fn import(&self, path: &Path, import: &mut Import<'_>) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = match &self.source {
            Some(source) => source.clone(),
            None => name.split('.').next().unwrap_or(&name).to_owned(),
        };
        let read = |row: &Value| shape::conversation(row).map_err(|problem| (UNKNOWN, problem));
        if PathBuf::from(&name).extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet")) {
            let mut line = 0;
            return shard::each_value(path, |row| {
                line += 1;
                import.take(&name, &source, line, read(&row))
            });
        }
        let what = || format!("cannot read {}", path.display());
        let mut reader = unpacked::open(path)?;
        let begins =
            reader.fill_buf().with_context(what)?.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        if begins == Some(b'[') {
            let rows: Vec<Value> = match serde_json::from_reader(reader) {
                Ok(rows) => rows,
                Err(problem) => {
                    let said = (INVALID, problem.to_string());
                    return import.take(&name, &source, problem.line(), Err(said));
                }
            };
            // a list says nothing of lines: rows are counted instead
            return rows
                .iter()
                .zip(1..)
                .try_for_each(|(row, line)| import.take(&name, &source, line, read(row)));
        }
        for (text, line) in reader.split(b'\n').zip(1..) {
            let text = text.with_context(what)?;
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let row = serde_json::from_slice(&text).map_err(|problem| (INVALID, without_line(&problem)));
            import.take(&name, &source, line, row.and_then(|row| read(&row)))?;
        }
        Ok(())
    }
}

/// What is wrong with a line, without the number that it has in itself, which is always 1.
fn without_line(problem: &serde_json::Error) -> String {
    let (told, column) = (problem.to_string(), problem.column());
    let place = format!(" at line {} column {column}", problem.line());
    format!("{} at column {column}", told.strip_suffix(&place).unwrap_or(&told))
}
