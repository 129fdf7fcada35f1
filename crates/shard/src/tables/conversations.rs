//! `conversations/1`: talks to learn from.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, required, text_bytes};
use crate::tables::messages::{Message, Messages, MessagesBuilder, message_bytes, messages};
use crate::{Result, Table};

/// What a chat model is tuned on.
#[derive(Debug)]
pub struct Conversations {
    id: UInt64Array,
    source: StringArray,
    messages: Messages,
}

/// One conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its number.
    pub id: u64,
    /// Where it comes from.
    pub source: &'a str,
    /// What is said, in turn.
    pub messages: Vec<Message<'a>>,
}

impl Table for Conversations {
    const NAME: &'static str = "conversations/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::UInt64),
            required("source", DataType::Utf8),
            required("messages", messages()),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            source: column(batch, "source")?,
            messages: Messages::bind(batch, "messages")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row { id: self.id.value(at), source: self.source.value(at), messages: self.messages.row(at) }
    }
}

/// Collects conversations.
#[derive(Debug, Default)]
pub struct Builder {
    id: UInt64Builder,
    source: StringBuilder,
    messages: MessagesBuilder,
}

impl crate::Builder<Conversations> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let bytes = text_bytes(Conversations::NAME, &[row.source])?
            + message_bytes(Conversations::NAME, &row.messages)?;
        self.id.append_value(row.id);
        self.source.append_value(row.source);
        self.messages.push(&row.messages);
        Ok(bytes + 8)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![Arc::new(self.id.finish()), Arc::new(self.source.finish()), self.messages.finish()]
    }
}
