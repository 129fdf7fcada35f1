//! `facts/1`: what a generated country holds true.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, required, text_bytes};
use crate::nested::{Lists, TextLists, list_of};
use crate::{Result, Table};

/// Knowledge that texts state a known number of times, so that what a model knows can be counted.
#[derive(Debug)]
pub struct Facts {
    id: UInt64Array,
    subject: StringArray,
    relation: StringArray,
    object: StringArray,
    exposures: Int32Array,
    prompts: Lists<StringArray>,
}

/// One fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its number; `mentions` of `truth/1` name it.
    pub id: u64,
    /// Whom or what it is about.
    pub subject: &'a str,
    /// What is said, such as `birthplace`; facts of one relation have objects of one sort.
    pub relation: &'a str,
    /// The answer.
    pub object: &'a str,
    /// How many pages state it.
    pub exposures: i32,
    /// Beginnings of sentences that the object completes, in words that no page has.
    pub prompts: Vec<&'a str>,
}

impl Table for Facts {
    const NAME: &'static str = "facts/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::UInt64),
            required("subject", DataType::Utf8),
            required("relation", DataType::Utf8),
            required("object", DataType::Utf8),
            required("exposures", DataType::Int32),
            required("prompts", list_of(DataType::Utf8)),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            subject: column(batch, "subject")?,
            relation: column(batch, "relation")?,
            object: column(batch, "object")?,
            exposures: column(batch, "exposures")?,
            prompts: Lists::bind(batch, "prompts")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: self.id.value(at),
            subject: self.subject.value(at),
            relation: self.relation.value(at),
            object: self.object.value(at),
            exposures: self.exposures.value(at),
            prompts: self.prompts.texts(at).unwrap_or_default(),
        }
    }
}

/// Collects facts.
#[derive(Debug, Default)]
pub struct Builder {
    id: UInt64Builder,
    subject: StringBuilder,
    relation: StringBuilder,
    object: StringBuilder,
    exposures: Int32Builder,
    prompts: TextLists,
}

impl crate::Builder<Facts> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let mut texts = vec![row.subject, row.relation, row.object];
        texts.extend(row.prompts.iter());
        let bytes = text_bytes(Facts::NAME, &texts)?;
        self.id.append_value(row.id);
        self.subject.append_value(row.subject);
        self.relation.append_value(row.relation);
        self.object.append_value(row.object);
        self.exposures.append_value(row.exposures);
        self.prompts.push(Some(&row.prompts));
        Ok(bytes + 12)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.subject.finish()),
            Arc::new(self.relation.finish()),
            Arc::new(self.object.finish()),
            Arc::new(self.exposures.finish()),
            self.prompts.finish(),
        ]
    }
}
