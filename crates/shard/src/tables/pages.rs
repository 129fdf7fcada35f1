//! `pages/1`: web pages before anything was extracted from them.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::{Result, Table};

/// HTML as text, decoded from whatever charset it came in.
#[derive(Debug)]
pub struct Pages {
    id: StringArray,
    url: StringArray,
    date: StringArray,
    http_status: Int32Array,
    content_type: StringArray,
    charset: StringArray,
    html: StringArray,
    source: StringArray,
    offset: Int64Array,
}

/// One page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The record's id, `<urn:uuid:…>`.
    pub id: &'a str,
    /// Where it was fetched.
    pub url: &'a str,
    /// When, in ISO 8601.
    pub date: &'a str,
    /// The server's status code.
    pub http_status: i32,
    /// What the server said the page is.
    pub content_type: Option<&'a str>,
    /// The charset that the page was decoded from.
    pub charset: &'a str,
    /// The page.
    pub html: &'a str,
    /// The logical name of the archive that it lay in.
    pub source: &'a str,
    /// The byte of the archive at which its record begins.
    pub offset: i64,
}

impl Table for Pages {
    const NAME: &'static str = "pages/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("id", DataType::Utf8),
            required("url", DataType::Utf8),
            required("date", DataType::Utf8),
            required("http_status", DataType::Int32),
            nullable("content_type", DataType::Utf8),
            required("charset", DataType::Utf8),
            required("html", DataType::Utf8),
            required("source", DataType::Utf8),
            required("offset", DataType::Int64),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            id: column(batch, "id")?,
            url: column(batch, "url")?,
            date: column(batch, "date")?,
            http_status: column(batch, "http_status")?,
            content_type: column(batch, "content_type")?,
            charset: column(batch, "charset")?,
            html: column(batch, "html")?,
            source: column(batch, "source")?,
            offset: column(batch, "offset")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            id: self.id.value(at),
            url: self.url.value(at),
            date: self.date.value(at),
            http_status: self.http_status.value(at),
            content_type: value(&self.content_type, at),
            charset: self.charset.value(at),
            html: self.html.value(at),
            source: self.source.value(at),
            offset: self.offset.value(at),
        }
    }
}

/// Collects pages.
#[derive(Debug, Default)]
pub struct Builder {
    id: StringBuilder,
    url: StringBuilder,
    date: StringBuilder,
    http_status: Int32Builder,
    content_type: StringBuilder,
    charset: StringBuilder,
    html: StringBuilder,
    source: StringBuilder,
    offset: Int64Builder,
}

impl crate::Builder<Pages> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let Row { id, url, date, content_type, charset, html, source, .. } = *row;
        let texts = [id, url, date, content_type.unwrap_or_default(), charset, html, source];
        let text = text_bytes(Pages::NAME, &texts)?;
        self.id.append_value(id);
        self.url.append_value(url);
        self.date.append_value(date);
        self.http_status.append_value(row.http_status);
        self.content_type.append_option(content_type);
        self.charset.append_value(charset);
        self.html.append_value(html);
        self.source.append_value(source);
        self.offset.append_value(row.offset);
        Ok(text + 12)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.id.finish()),
            Arc::new(self.url.finish()),
            Arc::new(self.date.finish()),
            Arc::new(self.http_status.finish()),
            Arc::new(self.content_type.finish()),
            Arc::new(self.charset.finish()),
            Arc::new(self.html.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.offset.finish()),
        ]
    }
}
