//! `scores/1`: how good something is, measured.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::{Result, Table};

/// Results of benchmarks, of models as of stages.
#[derive(Debug)]
pub struct Scores {
    checkpoint: StringArray,
    benchmark: StringArray,
    item: StringArray,
    metric: StringArray,
    value: Float64Array,
    low: Float64Array,
    high: Float64Array,
}

/// One figure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// What was measured: a checkpoint, or a stage.
    pub checkpoint: &'a str,
    /// By what, such as `rules`.
    pub benchmark: &'a str,
    /// Which part of it, such as a rule.
    pub item: &'a str,
    /// Which figure, such as `recall`.
    pub metric: &'a str,
    /// The figure.
    pub value: f64,
    /// Lower end of its interval, where it has one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Table for Scores {
    const NAME: &'static str = "scores/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("checkpoint", DataType::Utf8),
            required("benchmark", DataType::Utf8),
            required("item", DataType::Utf8),
            required("metric", DataType::Utf8),
            required("value", DataType::Float64),
            nullable("low", DataType::Float64),
            nullable("high", DataType::Float64),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            checkpoint: column(batch, "checkpoint")?,
            benchmark: column(batch, "benchmark")?,
            item: column(batch, "item")?,
            metric: column(batch, "metric")?,
            value: column(batch, "value")?,
            low: column(batch, "low")?,
            high: column(batch, "high")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            checkpoint: self.checkpoint.value(at),
            benchmark: self.benchmark.value(at),
            item: self.item.value(at),
            metric: self.metric.value(at),
            value: self.value.value(at),
            low: value(&self.low, at),
            high: value(&self.high, at),
        }
    }
}

/// Collects scores.
#[derive(Debug, Default)]
pub struct Builder {
    checkpoint: StringBuilder,
    benchmark: StringBuilder,
    item: StringBuilder,
    metric: StringBuilder,
    value: Float64Builder,
    low: Float64Builder,
    high: Float64Builder,
}

impl crate::Builder<Scores> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let bytes = text_bytes(Scores::NAME, &[row.checkpoint, row.benchmark, row.item, row.metric])?;
        self.checkpoint.append_value(row.checkpoint);
        self.benchmark.append_value(row.benchmark);
        self.item.append_value(row.item);
        self.metric.append_value(row.metric);
        self.value.append_value(row.value);
        self.low.append_option(row.low);
        self.high.append_option(row.high);
        Ok(bytes + 24)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.checkpoint.finish()),
            Arc::new(self.benchmark.finish()),
            Arc::new(self.item.finish()),
            Arc::new(self.metric.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.low.finish()),
            Arc::new(self.high.finish()),
        ]
    }
}
