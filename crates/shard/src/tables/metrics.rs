//! `metrics/1`: what a stage measured, step by step.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, required, text_bytes};
use crate::{Result, Table};

/// Deterministic values only; speed and memory belong in the store's `timings.jsonl`.
#[derive(Debug)]
pub struct Metrics {
    step: Int64Array,
    name: StringArray,
    value: Float64Array,
}

/// One value at one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The step it belongs to; 0 where a stage has no steps.
    pub step: i64,
    /// What was measured, such as `loss`.
    pub name: &'a str,
    /// The value, in the unit that the name implies.
    pub value: f64,
}

impl Table for Metrics {
    const NAME: &'static str = "metrics/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("step", DataType::Int64),
            required("name", DataType::Utf8),
            required("value", DataType::Float64),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            step: column(batch, "step")?,
            name: column(batch, "name")?,
            value: column(batch, "value")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row { step: self.step.value(at), name: self.name.value(at), value: self.value.value(at) }
    }
}

/// Collects metrics.
#[derive(Debug, Default)]
pub struct Builder {
    step: Int64Builder,
    name: StringBuilder,
    value: Float64Builder,
}

impl crate::Builder<Metrics> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let text = text_bytes(Metrics::NAME, &[row.name])?;
        self.step.append_value(row.step);
        self.name.append_value(row.name);
        self.value.append_value(row.value);
        Ok(text + 16)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![Arc::new(self.step.finish()), Arc::new(self.name.finish()), Arc::new(self.value.finish())]
    }
}
