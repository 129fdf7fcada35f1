//! `problems/1`: questions whose answers can be checked.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::tables::messages::{Message, Messages, MessagesBuilder, message_bytes, messages};
use crate::{Result, Table};

/// Tasks for training with verified rewards, and for tests.
#[derive(Debug)]
pub struct Problems {
    id: UInt64Array,
    source: StringArray,
    ability: StringArray,
    prompt: Messages,
    answer: StringArray,
    verifier: StringArray,
    meta: StringArray,
}

/// One problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its number.
    pub id: u64,
    /// Where it comes from.
    pub source: &'a str,
    /// What it asks for, such as `addition`.
    pub ability: &'a str,
    /// What is asked.
    pub prompt: Vec<Message<'a>>,
    /// What is right.
    pub answer: &'a str,
    /// How an answer is compared with that, such as `integer`.
    pub verifier: &'a str,
    /// More for the verifier, or for people.
    pub meta: Option<&'a str>,
}

impl Table for Problems {
    const NAME: &'static str = "problems/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::UInt64),
            required("source", DataType::Utf8),
            required("ability", DataType::Utf8),
            required("prompt", messages()),
            required("answer", DataType::Utf8),
            required("verifier", DataType::Utf8),
            nullable("meta", DataType::Utf8),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            source: column(batch, "source")?,
            ability: column(batch, "ability")?,
            prompt: Messages::bind(batch, "prompt")?,
            answer: column(batch, "answer")?,
            verifier: column(batch, "verifier")?,
            meta: column(batch, "meta")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: self.id.value(at),
            source: self.source.value(at),
            ability: self.ability.value(at),
            prompt: self.prompt.row(at),
            answer: self.answer.value(at),
            verifier: self.verifier.value(at),
            meta: value(&self.meta, at),
        }
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub struct Builder {
    id: UInt64Builder,
    source: StringBuilder,
    ability: StringBuilder,
    prompt: MessagesBuilder,
    answer: StringBuilder,
    verifier: StringBuilder,
    meta: StringBuilder,
}

impl crate::Builder<Problems> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let mut texts = vec![row.source, row.ability, row.answer, row.verifier];
        texts.extend([row.meta].into_iter().flatten());
        let bytes = text_bytes(Problems::NAME, &texts)? + message_bytes(Problems::NAME, &row.prompt)?;
        self.id.append_value(row.id);
        self.source.append_value(row.source);
        self.ability.append_value(row.ability);
        self.prompt.push(&row.prompt);
        self.answer.append_value(row.answer);
        self.verifier.append_value(row.verifier);
        self.meta.append_option(row.meta);
        Ok(bytes + 8)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.ability.finish()),
            self.prompt.finish(),
            Arc::new(self.answer.finish()),
            Arc::new(self.verifier.finish()),
            Arc::new(self.meta.finish()),
        ]
    }
}
