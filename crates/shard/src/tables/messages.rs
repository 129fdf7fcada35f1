//! Messages: who says what, as the tables of conversations, problems and preferences hold them.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow_schema::DataType;

use crate::Result;
use crate::column::{check_words, id_bytes, nullable, required, text_bytes, value};
use crate::nested::{Lengths, Lists, NumberLists, group, list_of, member, struct_of};

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who speaks: `system`, `user`, `assistant`, `tool`.
    pub role: &'a str,
    /// What is said, in pieces.
    pub content: Vec<Part<'a>>,
    /// Whether a model learns to say it; where nothing is said, the role decides.
    pub train: Option<bool>,
}

impl<'a> Message<'a> {
    /// A message of nothing but text.
    pub fn text(role: &'a str, text: &'a str) -> Self {
        let part = Part { kind: PartKind::Text, text: Some(text), ids: None };
        Self { role, content: vec![part], train: None }
    }
}

/// A piece of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part<'a> {
    /// What sort of piece it is.
    pub kind: PartKind,
    /// Its text, where it is one.
    pub text: Option<&'a str>,
    /// Its codes, where it is an image or a sound.
    pub ids: Option<&'a [u32]>,
}

/// The sort of a piece; stored by [`PartKind::name`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartKind {
    /// Words.
    #[default]
    Text,
    /// What the assistant thinks before it answers.
    Thought,
    /// What the assistant asks of a tool.
    ToolCall,
    /// What the tool answers.
    ToolOutput,
    /// A picture, as codes.
    Image,
    /// A sound, as codes.
    Audio,
}

impl PartKind {
    const ALL: [Self; 6] =
        [Self::Text, Self::Thought, Self::ToolCall, Self::ToolOutput, Self::Image, Self::Audio];

    /// The word that stands in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Thought => "thought",
            Self::ToolCall => "tool_call",
            Self::ToolOutput => "tool_output",
            Self::Image => "image",
            Self::Audio => "audio",
        }
    }

    /// The sort of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The type of a column of messages.
pub(crate) fn messages() -> DataType {
    list_of(message())
}

fn message() -> DataType {
    let content = required("content", list_of(part()));
    struct_of(vec![required("role", DataType::Utf8), content, nullable("train", DataType::Boolean)])
}

fn part() -> DataType {
    struct_of(vec![
        required("kind", DataType::Utf8),
        nullable("text", DataType::Utf8),
        nullable("ids", list_of(DataType::UInt32)),
    ])
}

/// A column of messages, its parts taken out.
#[derive(Debug)]
pub(crate) struct Messages {
    rows: Lists<StructArray>,
    role: StringArray,
    content: Lists<StructArray>,
    kind: StringArray,
    text: StringArray,
    ids: Lists<UInt32Array>,
    train: BooleanArray,
}

impl Messages {
    pub(crate) fn bind(batch: &RecordBatch, name: &str) -> Result<Self> {
        let rows: Lists<StructArray> = Lists::bind(batch, name)?;
        let content: Lists<StructArray> = Lists::of(member(&rows.elements, "content")?, "content")?;
        let kind: StringArray = member(&content.elements, "kind")?;
        let known = PartKind::ALL.map(PartKind::name).join(", ");
        check_words("kind", &kind, &known, |name| PartKind::from_name(name).is_some())?;
        Ok(Self {
            role: member(&rows.elements, "role")?,
            train: member(&rows.elements, "train")?,
            text: member(&content.elements, "text")?,
            ids: Lists::of(member(&content.elements, "ids")?, "ids")?,
            kind,
            rows,
            content,
        })
    }

    pub(crate) fn row(&self, at: usize) -> Vec<Message<'_>> {
        self.rows.range(at).unwrap_or_default().map(|at| self.message(at)).collect()
    }

    fn message(&self, at: usize) -> Message<'_> {
        let content = self.content.range(at).unwrap_or_default().map(|at| self.part(at)).collect();
        Message { role: self.role.value(at), content, train: value(&self.train, at) }
    }

    fn part(&self, at: usize) -> Part<'_> {
        let kind = PartKind::from_name(self.kind.value(at)).expect("checked when the batch was bound");
        Part { kind, text: value(&self.text, at), ids: self.ids.numbers(at) }
    }
}

/// Collects rows of messages.
#[derive(Debug, Default)]
pub(crate) struct MessagesBuilder {
    rows: Lengths,
    role: StringBuilder,
    content: Lengths,
    kind: StringBuilder,
    text: StringBuilder,
    ids: NumberLists<UInt32Type>,
    train: BooleanBuilder,
}

impl MessagesBuilder {
    pub(crate) fn push(&mut self, messages: &[Message<'_>]) {
        self.rows.push(Some(messages.len()));
        for Message { role, content, train } in messages {
            self.role.append_value(role);
            self.train.append_option(*train);
            self.content.push(Some(content.len()));
            for Part { kind, text, ids } in content {
                self.kind.append_value(kind.name());
                self.text.append_option(*text);
                self.ids.push(*ids);
            }
        }
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        let parts: Vec<ArrayRef> =
            vec![Arc::new(self.kind.finish()), Arc::new(self.text.finish()), self.ids.finish()];
        let content = self.content.finish(group(part(), parts));
        let messages: Vec<ArrayRef> =
            vec![Arc::new(self.role.finish()), Arc::new(content), Arc::new(self.train.finish())];
        Arc::new(self.rows.finish(group(message(), messages)))
    }
}

/// The bytes that messages take, refused where Arrow could not hold them.
pub(crate) fn message_bytes(table: &'static str, messages: &[Message<'_>]) -> Result<usize> {
    let parts = messages.iter().flat_map(|message| &message.content);
    let texts: Vec<&str> = parts.clone().filter_map(|part| part.text).collect();
    let roles: Vec<&str> = messages.iter().map(|message| message.role).collect();
    let ids = id_bytes(table, parts.filter_map(|part| part.ids).map(<[_]>::len).sum())?;
    Ok(text_bytes(table, &texts)? + text_bytes(table, &roles)? + ids)
}
