//! `preferences/1`: which of several answers is better.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{ArrayRef, Float32Array, Int32Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::nested::{Lists, NumberLists, TextLists, list_of};
use crate::tables::messages::{Message, Messages, MessagesBuilder, message_bytes, messages};
use crate::{Result, Table};

/// What reward models and direct preference optimisation learn from. A pair is a ranking of two.
#[derive(Debug)]
pub struct Preferences {
    id: UInt64Array,
    source: StringArray,
    prompt: Messages,
    responses: Lists<StringArray>,
    ranks: Lists<Int32Array>,
    margin: Lists<Float32Array>,
    labeler: StringArray,
    policies: Lists<StringArray>,
}

/// One ranking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// Its number.
    pub id: u64,
    /// Where it comes from.
    pub source: &'a str,
    /// What was asked.
    pub prompt: Vec<Message<'a>>,
    /// The answers.
    pub responses: Vec<&'a str>,
    /// The rank of each answer, 1 the best; equal ranks are a tie.
    pub ranks: &'a [i32],
    /// How much better each is than the worst, where somebody said so.
    pub margin: Option<&'a [f32]>,
    /// Who judged.
    pub labeler: Option<&'a str>,
    /// Who wrote each answer.
    pub policies: Option<Vec<&'a str>>,
}

impl Table for Preferences {
    const NAME: &'static str = "preferences/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::UInt64),
            required("source", DataType::Utf8),
            required("prompt", messages()),
            required("responses", list_of(DataType::Utf8)),
            required("ranks", list_of(DataType::Int32)),
            nullable("margin", list_of(DataType::Float32)),
            nullable("labeler", DataType::Utf8),
            nullable("policies", list_of(DataType::Utf8)),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            source: column(batch, "source")?,
            prompt: Messages::bind(batch, "prompt")?,
            responses: Lists::bind(batch, "responses")?,
            ranks: Lists::bind(batch, "ranks")?,
            margin: Lists::bind(batch, "margin")?,
            labeler: column(batch, "labeler")?,
            policies: Lists::bind(batch, "policies")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: self.id.value(at),
            source: self.source.value(at),
            prompt: self.prompt.row(at),
            responses: self.responses.texts(at).unwrap_or_default(),
            ranks: self.ranks.numbers(at).unwrap_or_default(),
            margin: self.margin.numbers(at),
            labeler: value(&self.labeler, at),
            policies: self.policies.texts(at),
        }
    }
}

/// Collects rankings.
#[derive(Debug, Default)]
pub struct Builder {
    id: UInt64Builder,
    source: StringBuilder,
    prompt: MessagesBuilder,
    responses: TextLists,
    ranks: NumberLists<Int32Type>,
    margin: NumberLists<Float32Type>,
    labeler: StringBuilder,
    policies: TextLists,
}

impl crate::Builder<Preferences> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let mut texts = vec![row.source];
        texts.extend([row.labeler].into_iter().flatten());
        texts.extend(row.responses.iter());
        texts.extend(row.policies.iter().flatten());
        let bytes = text_bytes(Preferences::NAME, &texts)?
            + message_bytes(Preferences::NAME, &row.prompt)?
            + 4 * row.ranks.len()
            + 4 * row.margin.map_or(0, <[_]>::len);
        self.id.append_value(row.id);
        self.source.append_value(row.source);
        self.prompt.push(&row.prompt);
        self.responses.push(Some(&row.responses));
        self.ranks.push(Some(row.ranks));
        self.margin.push(row.margin);
        self.labeler.append_option(row.labeler);
        self.policies.push(row.policies.as_deref());
        Ok(bytes + 8)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.source.finish()),
            self.prompt.finish(),
            self.responses.finish(),
            self.ranks.finish(),
            self.margin.finish(),
            Arc::new(self.labeler.finish()),
            self.policies.finish(),
        ]
    }
}
