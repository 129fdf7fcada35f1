//! `truth/1`: what each record of a generated archive really is.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, StructArray, UInt64Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::nested::{Lengths, Lists, NumberLists, group, list_of, member, struct_of};
use crate::{Result, Table};

/// Beside an archive whose every page was made on purpose: what a stage that reads it should find.
#[derive(Debug)]
pub struct Truth {
    id: StringArray,
    url: StringArray,
    kind: StringArray,
    page_type: StringArray,
    layout: StringArray,
    language: StringArray,
    main_text: StringArray,
    first_reason: StringArray,
    duplicate_of: StringArray,
    jaccard: Float64Array,
    spans: Spans,
    mentions: Lists<UInt64Array>,
    opt_out: StringArray,
    licence: StringArray,
    charset: StringArray,
    flaw: StringArray,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The record's id, `<urn:uuid:…>`.
    pub id: &'a str,
    /// Where it was fetched.
    pub url: &'a str,
    /// What was put there, such as `article` or `near_copy`.
    pub kind: &'a str,
    /// What the page is for, in WCXB's seven types; none where there is no page.
    pub page_type: Option<&'a str>,
    /// The layout around the text.
    pub layout: Option<&'a str>,
    /// Language of the main text.
    pub language: Option<&'a str>,
    /// What an extractor should find, a block a line.
    pub main_text: Option<&'a str>,
    /// The first rule that should drop it; none where every filter should let it pass.
    pub first_reason: Option<&'a str>,
    /// Id of the page that this one copies; the original has none.
    pub duplicate_of: Option<&'a str>,
    /// How alike the two main texts are, over 5-word shingles.
    pub jaccard: Option<f64>,
    /// Private data in the main text, and what only looks like it.
    pub spans: Vec<Span<'a>>,
    /// Ids of the facts that the main text states.
    pub mentions: &'a [u64],
    /// How the page says that it is not to be trained on.
    pub opt_out: Option<&'a str>,
    /// The licence that it declares.
    pub licence: Option<&'a str>,
    /// Its charset, and how that is declared.
    pub charset: Option<&'a str>,
    /// A defect put into a page that is otherwise good.
    pub flaw: Option<&'a str>,
}

/// A piece of private data in a text, or what only looks like it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span<'a> {
    /// What it is: `email`, `ipv4`, …; `decoy` for what only looks so.
    pub kind: &'a str,
    /// As it is written in the text.
    pub value: &'a str,
}

fn span() -> DataType {
    struct_of(vec![required("kind", DataType::Utf8), required("value", DataType::Utf8)])
}

#[derive(Debug)]
struct Spans {
    rows: Lists<StructArray>,
    kind: StringArray,
    value: StringArray,
}

impl Spans {
    fn bind(batch: &RecordBatch, name: &str) -> Result<Self> {
        let rows: Lists<StructArray> = Lists::bind(batch, name)?;
        Ok(Self { kind: member(&rows.elements, "kind")?, value: member(&rows.elements, "value")?, rows })
    }

    fn row(&self, at: usize) -> Vec<Span<'_>> {
        let span = |at| Span { kind: self.kind.value(at), value: self.value.value(at) };
        self.rows.range(at).unwrap_or_default().map(span).collect()
    }
}

#[derive(Debug, Default)]
struct SpansBuilder {
    rows: Lengths,
    kind: StringBuilder,
    value: StringBuilder,
}

impl SpansBuilder {
    fn push(&mut self, spans: &[Span<'_>]) {
        self.rows.push(Some(spans.len()));
        for Span { kind, value } in spans {
            self.kind.append_value(kind);
            self.value.append_value(value);
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let columns: Vec<ArrayRef> = vec![Arc::new(self.kind.finish()), Arc::new(self.value.finish())];
        Arc::new(self.rows.finish(group(span(), columns)))
    }
}

impl Table for Truth {
    const NAME: &'static str = "truth/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::Utf8),
            required("url", DataType::Utf8),
            required("kind", DataType::Utf8),
            nullable("page_type", DataType::Utf8),
            nullable("layout", DataType::Utf8),
            nullable("language", DataType::Utf8),
            nullable("main_text", DataType::Utf8),
            nullable("first_reason", DataType::Utf8),
            nullable("duplicate_of", DataType::Utf8),
            nullable("jaccard", DataType::Float64),
            required("spans", list_of(span())),
            required("mentions", list_of(DataType::UInt64)),
            nullable("opt_out", DataType::Utf8),
            nullable("licence", DataType::Utf8),
            nullable("charset", DataType::Utf8),
            nullable("flaw", DataType::Utf8),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            url: column(batch, "url")?,
            kind: column(batch, "kind")?,
            page_type: column(batch, "page_type")?,
            layout: column(batch, "layout")?,
            language: column(batch, "language")?,
            main_text: column(batch, "main_text")?,
            first_reason: column(batch, "first_reason")?,
            duplicate_of: column(batch, "duplicate_of")?,
            jaccard: column(batch, "jaccard")?,
            spans: Spans::bind(batch, "spans")?,
            mentions: Lists::bind(batch, "mentions")?,
            opt_out: column(batch, "opt_out")?,
            licence: column(batch, "licence")?,
            charset: column(batch, "charset")?,
            flaw: column(batch, "flaw")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: self.id.value(at),
            url: self.url.value(at),
            kind: self.kind.value(at),
            page_type: value(&self.page_type, at),
            layout: value(&self.layout, at),
            language: value(&self.language, at),
            main_text: value(&self.main_text, at),
            first_reason: value(&self.first_reason, at),
            duplicate_of: value(&self.duplicate_of, at),
            jaccard: value(&self.jaccard, at),
            spans: self.spans.row(at),
            mentions: self.mentions.numbers(at).unwrap_or_default(),
            opt_out: value(&self.opt_out, at),
            licence: value(&self.licence, at),
            charset: value(&self.charset, at),
            flaw: value(&self.flaw, at),
        }
    }
}

/// Collects the truth.
#[derive(Debug, Default)]
pub struct Builder {
    id: StringBuilder,
    url: StringBuilder,
    kind: StringBuilder,
    page_type: StringBuilder,
    layout: StringBuilder,
    language: StringBuilder,
    main_text: StringBuilder,
    first_reason: StringBuilder,
    duplicate_of: StringBuilder,
    jaccard: Float64Builder,
    spans: SpansBuilder,
    mentions: NumberLists<UInt64Type>,
    opt_out: StringBuilder,
    licence: StringBuilder,
    charset: StringBuilder,
    flaw: StringBuilder,
}

impl crate::Builder<Truth> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let mut texts = vec![row.id, row.url, row.kind];
        texts.extend(
            [
                row.page_type,
                row.layout,
                row.language,
                row.main_text,
                row.first_reason,
                row.duplicate_of,
                row.opt_out,
                row.licence,
                row.charset,
                row.flaw,
            ]
            .into_iter()
            .flatten(),
        );
        texts.extend(row.spans.iter().flat_map(|span| [span.kind, span.value]));
        let bytes = text_bytes(Truth::NAME, &texts)? + 8 * row.mentions.len();
        self.id.append_value(row.id);
        self.url.append_value(row.url);
        self.kind.append_value(row.kind);
        self.page_type.append_option(row.page_type);
        self.layout.append_option(row.layout);
        self.language.append_option(row.language);
        self.main_text.append_option(row.main_text);
        self.first_reason.append_option(row.first_reason);
        self.duplicate_of.append_option(row.duplicate_of);
        self.jaccard.append_option(row.jaccard);
        self.spans.push(&row.spans);
        self.mentions.push(Some(row.mentions));
        self.opt_out.append_option(row.opt_out);
        self.licence.append_option(row.licence);
        self.charset.append_option(row.charset);
        self.flaw.append_option(row.flaw);
        Ok(bytes + 8)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.url.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.page_type.finish()),
            Arc::new(self.layout.finish()),
            Arc::new(self.language.finish()),
            Arc::new(self.main_text.finish()),
            Arc::new(self.first_reason.finish()),
            Arc::new(self.duplicate_of.finish()),
            Arc::new(self.jaccard.finish()),
            self.spans.finish(),
            self.mentions.finish(),
            Arc::new(self.opt_out.finish()),
            Arc::new(self.licence.finish()),
            Arc::new(self.charset.finish()),
            Arc::new(self.flaw.finish()),
        ]
    }
}
