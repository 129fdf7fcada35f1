//! `dropped/1`: what did not become a document, and why.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::column::{check_words, column, nullable, required, text_bytes, value};
use crate::tables::signals;
use crate::{Error, Result, Table};

/// Nothing is lost without a row here: pages that a rule refused, and records that were damaged.
#[derive(Debug)]
pub struct Dropped {
    id: StringArray,
    url: StringArray,
    source: StringArray,
    offset: Int64Array,
    stage: StringArray,
    reason: StringArray,
    detail: StringArray,
    kind: StringArray,
    text: StringArray,
    signals: signals::Column,
}

/// One page or record that was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The record's id, where damage has not eaten it.
    pub id: Option<&'a str>,
    /// Where it was fetched, where that is known.
    pub url: Option<&'a str>,
    /// The logical name of the file that it lay in.
    pub source: &'a str,
    /// The byte of an archive, or the row of a shard, at which it begins.
    pub offset: i64,
    /// The stage that left it out.
    pub stage: &'a str,
    /// A stable name, such as `gopher_short_doc`.
    pub reason: &'a str,
    /// What exactly was found, for people.
    pub detail: Option<&'a str>,
    /// Whose decision it was.
    pub kind: Kind,
    /// The text or a sample of it, where the stage was asked to keep that.
    pub text: Option<&'a str>,
    /// What the rules of a filter measured, where it was asked to keep that and there was a text; only in files made
    /// with [`Builder::with_signals`].
    pub signals: Option<signals::Values>,
}

/// Whether a rule decided or damage did; stored by [`Kind::name`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A rule refused a sound page.
    #[default]
    Rule,
    /// The bytes were broken.
    Damage,
}

impl Kind {
    /// The word that stands in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Damage => "damage",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rule, Self::Damage].into_iter().find(|kind| kind.name() == name)
    }
}

impl Table for Dropped {
    const NAME: &'static str = "dropped/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        layout([signals::field()])
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        let kind: StringArray = column(batch, "kind")?;
        check_words("kind", &kind, "rule or damage", |name| Kind::from_name(name).is_some())?;
        Ok(Self {
            id: column(batch, "id")?,
            url: column(batch, "url")?,
            source: column(batch, "source")?,
            offset: column(batch, "offset")?,
            stage: column(batch, "stage")?,
            reason: column(batch, "reason")?,
            detail: column(batch, "detail")?,
            kind,
            text: column(batch, "text")?,
            signals: signals::Column::bind(batch)?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: value(&self.id, at),
            url: value(&self.url, at),
            source: self.source.value(at),
            offset: self.offset.value(at),
            stage: self.stage.value(at),
            reason: self.reason.value(at),
            detail: value(&self.detail, at),
            kind: Kind::from_name(self.kind.value(at)).expect("checked when the batch was bound"),
            text: value(&self.text, at),
            signals: self.signals.value(at),
        }
    }
}

fn layout(optional: impl IntoIterator<Item = Field>) -> SchemaRef {
    let mut fields = vec![
        nullable("id", DataType::Utf8),
        nullable("url", DataType::Utf8),
        required("source", DataType::Utf8),
        required("offset", DataType::Int64),
        required("stage", DataType::Utf8),
        required("reason", DataType::Utf8),
        nullable("detail", DataType::Utf8),
        required("kind", DataType::Utf8),
        nullable("text", DataType::Utf8),
    ];
    fields.extend(optional);
    Arc::new(Schema::new(fields))
}

/// Collects what was left out.
#[derive(Debug, Default)]
pub struct Builder {
    id: StringBuilder,
    url: StringBuilder,
    source: StringBuilder,
    offset: Int64Builder,
    stage: StringBuilder,
    reason: StringBuilder,
    detail: StringBuilder,
    kind: StringBuilder,
    text: StringBuilder,
    signals: Option<signals::Builder>,
}

impl Builder {
    /// A file that also has the column `signals`.
    pub fn with_signals() -> Self {
        Self { signals: Some(signals::Builder::default()), ..Self::default() }
    }
}

impl crate::Builder<Dropped> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let Row { id, url, source, stage, reason, detail, text, .. } = *row;
        let optional = [id, url, detail, text].map(Option::unwrap_or_default);
        let bytes = text_bytes(Dropped::NAME, &[&[source, stage, reason][..], &optional[..]].concat())?;
        if self.signals.is_none() && row.signals.is_some() {
            return Err(Error::Row {
                table: Dropped::NAME,
                column: signals::NAME,
                expected: "no value in a file made without this column (see dropped::Builder::with_signals)"
                    .to_owned(),
                got: "a value".to_owned(),
            });
        }
        if let Some(signals) = &mut self.signals {
            signals.push(row.signals.as_ref());
        }
        self.id.append_option(id);
        self.url.append_option(url);
        self.source.append_value(source);
        self.offset.append_value(row.offset);
        self.stage.append_value(stage);
        self.reason.append_value(reason);
        self.detail.append_option(detail);
        self.kind.append_value(row.kind.name());
        self.text.append_option(text);
        Ok(bytes + 8 + row.signals.map_or(0, |signals| size_of_val(&signals)))
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.url.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.stage.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.detail.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.text.finish()),
        ];
        columns.extend(self.signals.as_mut().map(signals::Builder::finish));
        columns
    }

    fn schema(&self) -> SchemaRef {
        layout(self.signals.as_ref().map(|_| signals::field()))
    }
}
