//! `samples/1`: what a model wrote.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, required, text_bytes};
use crate::{Result, Table};

/// Continuations of prompts, unedited.
#[derive(Debug)]
pub struct Samples {
    step: Int64Array,
    prompt: StringArray,
    text: StringArray,
    tokens: Int64Array,
    ended_by: StringArray,
}

/// One continuation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Optimizer steps that the model had taken.
    pub step: i64,
    /// What it was given; may be empty.
    pub prompt: &'a str,
    /// What it added.
    pub text: &'a str,
    /// How many tokens it added.
    pub tokens: i64,
    /// Why it ended: `stop`, a token that ends a text, or `length`.
    pub ended_by: &'a str,
}

impl Table for Samples {
    const NAME: &'static str = "samples/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("step", DataType::Int64),
            required("prompt", DataType::Utf8),
            required("text", DataType::Utf8),
            required("tokens", DataType::Int64),
            required("ended_by", DataType::Utf8),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            step: column(batch, "step")?,
            prompt: column(batch, "prompt")?,
            text: column(batch, "text")?,
            tokens: column(batch, "tokens")?,
            ended_by: column(batch, "ended_by")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            step: self.step.value(at),
            prompt: self.prompt.value(at),
            text: self.text.value(at),
            tokens: self.tokens.value(at),
            ended_by: self.ended_by.value(at),
        }
    }
}

/// Collects samples.
#[derive(Debug, Default)]
pub struct Builder {
    step: Int64Builder,
    prompt: StringBuilder,
    text: StringBuilder,
    tokens: Int64Builder,
    ended_by: StringBuilder,
}

impl crate::Builder<Samples> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let bytes = text_bytes(Samples::NAME, &[row.prompt, row.text, row.ended_by])?;
        self.step.append_value(row.step);
        self.prompt.append_value(row.prompt);
        self.text.append_value(row.text);
        self.tokens.append_value(row.tokens);
        self.ended_by.append_value(row.ended_by);
        Ok(bytes + 16)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.step.finish()),
            Arc::new(self.prompt.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.tokens.finish()),
            Arc::new(self.ended_by.finish()),
        ]
    }
}
