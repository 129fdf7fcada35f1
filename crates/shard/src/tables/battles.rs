//! `battles/1`: which of two models' answers to one prompt was better.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{check_words, column, required, text_bytes};
use crate::{Result, Table};

/// Battles between models, each with both answers, so that whoever reads them can judge for himself.
#[derive(Debug)]
pub struct Battles {
    prompt_id: UInt64Array,
    asked: StringArray,
    left: StringArray,
    right: StringArray,
    judge: StringArray,
    outcome: StringArray,
    left_text: StringArray,
    right_text: StringArray,
}

/// One battle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The number of the problem that was asked.
    pub prompt_id: u64,
    /// What was asked, as people read it.
    pub asked: &'a str,
    /// The model whose answer stood on the left.
    pub left: &'a str,
    /// The other one.
    pub right: &'a str,
    /// Who judged, such as `verifier` or `person`.
    pub judge: &'a str,
    /// Who won.
    pub outcome: Outcome,
    /// The left model's answer.
    pub left_text: &'a str,
    /// The right model's answer.
    pub right_text: &'a str,
}

/// How a battle ended; stored by [`Outcome::name`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The left answer is better.
    Left,
    /// The right one is.
    Right,
    /// Neither is.
    #[default]
    Tie,
}

impl Outcome {
    /// The word that stands in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Tie => "tie",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Left, Self::Right, Self::Tie].into_iter().find(|outcome| outcome.name() == name)
    }
}

impl Table for Battles {
    const NAME: &'static str = "battles/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("prompt_id", DataType::UInt64),
            required("asked", DataType::Utf8),
            required("left", DataType::Utf8),
            required("right", DataType::Utf8),
            required("judge", DataType::Utf8),
            required("outcome", DataType::Utf8),
            required("left_text", DataType::Utf8),
            required("right_text", DataType::Utf8),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        let outcome: StringArray = column(batch, "outcome")?;
        check_words("outcome", &outcome, "left, right or tie", |name| Outcome::from_name(name).is_some())?;
        Ok(Self {
            prompt_id: column(batch, "prompt_id")?,
            asked: column(batch, "asked")?,
            left: column(batch, "left")?,
            right: column(batch, "right")?,
            judge: column(batch, "judge")?,
            outcome,
            left_text: column(batch, "left_text")?,
            right_text: column(batch, "right_text")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            prompt_id: self.prompt_id.value(at),
            asked: self.asked.value(at),
            left: self.left.value(at),
            right: self.right.value(at),
            judge: self.judge.value(at),
            outcome: Outcome::from_name(self.outcome.value(at)).expect("checked when the batch was bound"),
            left_text: self.left_text.value(at),
            right_text: self.right_text.value(at),
        }
    }
}

/// Collects battles.
#[derive(Debug, Default)]
pub struct Builder {
    prompt_id: UInt64Builder,
    asked: StringBuilder,
    left: StringBuilder,
    right: StringBuilder,
    judge: StringBuilder,
    outcome: StringBuilder,
    left_text: StringBuilder,
    right_text: StringBuilder,
}

impl crate::Builder<Battles> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let Row { asked, left, right, judge, left_text, right_text, .. } = *row;
        let bytes = text_bytes(Battles::NAME, &[asked, left, right, judge, left_text, right_text])?;
        self.prompt_id.append_value(row.prompt_id);
        self.asked.append_value(asked);
        self.left.append_value(left);
        self.right.append_value(right);
        self.judge.append_value(judge);
        self.outcome.append_value(row.outcome.name());
        self.left_text.append_value(left_text);
        self.right_text.append_value(right_text);
        Ok(bytes + 16)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.prompt_id.finish()),
            Arc::new(self.asked.finish()),
            Arc::new(self.left.finish()),
            Arc::new(self.right.finish()),
            Arc::new(self.judge.finish()),
            Arc::new(self.outcome.finish()),
            Arc::new(self.left_text.finish()),
            Arc::new(self.right_text.finish()),
        ]
    }
}
