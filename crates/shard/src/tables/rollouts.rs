//! `rollouts/1`: what a policy answered while it learned, and what that was worth.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float32Builder, Int64Builder, StringBuilder, UInt64Builder};
use arrow_array::types::{Float32Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray, StructArray,
    UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::nested::{Lengths, Lists, NumberLists, group, list_of, member, struct_of};
use crate::{Result, Table};

/// Answers of a policy, in groups to one problem.
#[derive(Debug)]
pub struct Rollouts {
    step: Int64Array,
    problem_id: UInt64Array,
    asked: StringArray,
    answer: StringArray,
    group: Int64Array,
    sample: Int64Array,
    ids: Lists<UInt32Array>,
    log_probs: Lists<Float32Array>,
    rewards: Lists<StructArray>,
    names: StringArray,
    values: Float32Array,
    reward: Float32Array,
    advantage: Float32Array,
    truncated: BooleanArray,
    text: StringArray,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The round, counted from 1.
    pub step: i64,
    /// The problem's number.
    pub problem_id: u64,
    /// What was asked, as people read it.
    pub asked: &'a str,
    /// What would have been right.
    pub answer: &'a str,
    /// The group in its round.
    pub group: i64,
    /// The answer in its group.
    pub sample: i64,
    /// Its tokens, the one that ended it included.
    pub ids: &'a [u32],
    /// log π of each, as it was drawn.
    pub log_probs: &'a [f32],
    /// What the reward is made of, before weights; a part that could not be told is missing.
    pub rewards: Vec<(&'a str, Option<f32>)>,
    /// All in all; missing where nobody could tell.
    pub reward: Option<f32>,
    /// How much better it was than the others of its group.
    pub advantage: f32,
    /// Whether it ran out of room.
    pub truncated: bool,
    /// Its words.
    pub text: &'a str,
}

fn part() -> DataType {
    struct_of(vec![required("name", DataType::Utf8), nullable("value", DataType::Float32)])
}

impl Table for Rollouts {
    const NAME: &'static str = "rollouts/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("step", DataType::Int64),
            required("problem_id", DataType::UInt64),
            required("asked", DataType::Utf8),
            required("answer", DataType::Utf8),
            required("group", DataType::Int64),
            required("sample", DataType::Int64),
            required("ids", list_of(DataType::UInt32)),
            required("log_probs", list_of(DataType::Float32)),
            required("rewards", list_of(part())),
            nullable("reward", DataType::Float32),
            required("advantage", DataType::Float32),
            required("truncated", DataType::Boolean),
            required("text", DataType::Utf8),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        let rewards: Lists<StructArray> = Lists::bind(batch, "rewards")?;
        Ok(Self {
            step: column(batch, "step")?,
            problem_id: column(batch, "problem_id")?,
            asked: column(batch, "asked")?,
            answer: column(batch, "answer")?,
            group: column(batch, "group")?,
            sample: column(batch, "sample")?,
            ids: Lists::bind(batch, "ids")?,
            log_probs: Lists::bind(batch, "log_probs")?,
            names: member(&rewards.elements, "name")?,
            values: member(&rewards.elements, "value")?,
            rewards,
            reward: column(batch, "reward")?,
            advantage: column(batch, "advantage")?,
            truncated: column(batch, "truncated")?,
            text: column(batch, "text")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        let part = |at: usize| {
            let value: &Float32Array = &self.values;
            (self.names.value(at), value.is_valid(at).then(|| value.value(at)))
        };
        Row {
            step: self.step.value(at),
            problem_id: self.problem_id.value(at),
            asked: self.asked.value(at),
            answer: self.answer.value(at),
            group: self.group.value(at),
            sample: self.sample.value(at),
            ids: self.ids.numbers(at).unwrap_or_default(),
            log_probs: self.log_probs.numbers(at).unwrap_or_default(),
            rewards: self.rewards.range(at).unwrap_or_default().map(part).collect(),
            reward: value(&self.reward, at),
            advantage: self.advantage.value(at),
            truncated: self.truncated.value(at),
            text: self.text.value(at),
        }
    }
}

/// Collects answers.
#[derive(Debug, Default)]
pub struct Builder {
    step: Int64Builder,
    problem_id: UInt64Builder,
    asked: StringBuilder,
    answer: StringBuilder,
    group: Int64Builder,
    sample: Int64Builder,
    ids: NumberLists<UInt32Type>,
    log_probs: NumberLists<Float32Type>,
    rewards: Lengths,
    names: StringBuilder,
    values: Float32Builder,
    reward: Float32Builder,
    advantage: Float32Builder,
    truncated: BooleanBuilder,
    text: StringBuilder,
}

impl crate::Builder<Rollouts> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let mut texts = vec![row.asked, row.answer, row.text];
        texts.extend(row.rewards.iter().map(|(name, _)| *name));
        let bytes = text_bytes(Rollouts::NAME, &texts)? + 4 * (row.ids.len() + row.log_probs.len());
        self.step.append_value(row.step);
        self.problem_id.append_value(row.problem_id);
        self.asked.append_value(row.asked);
        self.answer.append_value(row.answer);
        self.group.append_value(row.group);
        self.sample.append_value(row.sample);
        self.ids.push(Some(row.ids));
        self.log_probs.push(Some(row.log_probs));
        self.rewards.push(Some(row.rewards.len()));
        for (name, value) in &row.rewards {
            self.names.append_value(name);
            self.values.append_option(*value);
        }
        self.reward.append_option(row.reward);
        self.advantage.append_value(row.advantage);
        self.truncated.append_value(row.truncated);
        self.text.append_value(row.text);
        Ok(bytes + 48)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let parts = group(part(), vec![Arc::new(self.names.finish()), Arc::new(self.values.finish())]);
        vec![
            Arc::new(self.step.finish()),
            Arc::new(self.problem_id.finish()),
            Arc::new(self.asked.finish()),
            Arc::new(self.answer.finish()),
            Arc::new(self.group.finish()),
            Arc::new(self.sample.finish()),
            self.ids.finish(),
            self.log_probs.finish(),
            Arc::new(self.rewards.finish(parts)),
            Arc::new(self.reward.finish()),
            Arc::new(self.advantage.finish()),
            Arc::new(self.truncated.finish()),
            Arc::new(self.text.finish()),
        ]
    }
}
