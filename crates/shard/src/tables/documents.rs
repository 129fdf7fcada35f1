//! `documents/1`: text with its origin, in the columns of FineWeb.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::column::{column, nullable, required, text_bytes, value};
use crate::tables::signals;
use crate::{Error, Result, Table};

/// FineWeb's nine columns, in its order and with its types, then optional ones.
///
/// A file has the optional columns that its [`Builder`] was made with and no others, so a plain shard opens
/// as FineWeb does. Reading one that lacks them gives `None`.
#[derive(Debug)]
pub struct Documents {
    text: StringArray,
    id: StringArray,
    dump: StringArray,
    url: StringArray,
    date: StringArray,
    file_path: StringArray,
    language: StringArray,
    language_score: Float64Array,
    token_count: Int64Array,
    score: Float64Array,
    int_score: Int64Array,
    minhash_cluster_size: Int64Array,
    minhash_cluster_id: Int64Array,
    licence: StringArray,
    opt_out: StringArray,
    signals: signals::Column,
}

/// One document.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The text, paragraphs separated by `\n`.
    pub text: &'a str,
    /// The id of the record it came from, `<urn:uuid:…>`.
    pub id: &'a str,
    /// The crawl, such as `CC-MAIN-2024-10`.
    pub dump: &'a str,
    /// Where the page was fetched.
    pub url: &'a str,
    /// When, in ISO 8601.
    pub date: &'a str,
    /// The archive that the page lay in.
    pub file_path: &'a str,
    /// The language, as FineWeb writes it: `en`.
    pub language: &'a str,
    /// How sure the language identifier was, from 0 to 1.
    pub language_score: f64,
    /// Tokens of the text; FineWeb counts GPT-2's.
    pub token_count: Option<i64>,
    /// [`Optional::Score`].
    pub score: Option<f64>,
    /// [`Optional::IntScore`].
    pub int_score: Option<i64>,
    /// [`Optional::MinhashClusterSize`].
    pub minhash_cluster_size: Option<i64>,
    /// [`Optional::MinhashClusterId`].
    pub minhash_cluster_id: Option<i64>,
    /// [`Optional::Licence`].
    pub licence: Option<&'a str>,
    /// [`Optional::OptOut`].
    pub opt_out: Option<&'a str>,
    /// [`Optional::Signals`].
    pub signals: Option<signals::Values>,
}

/// A column that only some files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Optional {
    /// A quality classifier's score, as in FineWeb-Edu.
    Score,
    /// The score, rounded.
    IntScore,
    /// How many near copies, this one included, the document stands for, as in FineWeb-2.
    MinhashClusterSize,
    /// Shared by all documents of one cluster of near copies.
    MinhashClusterId,
    /// The licence that the page declares.
    Licence,
    /// The signal by which the page's owner opts out of training; null where there is none.
    OptOut,
    /// What the rules of a filter measured.
    Signals,
}

impl Optional {
    /// Every one, in the order in which they stand in a file.
    pub const ALL: [Self; 7] = [
        Self::Score,
        Self::IntScore,
        Self::MinhashClusterSize,
        Self::MinhashClusterId,
        Self::Licence,
        Self::OptOut,
        Self::Signals,
    ];

    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::IntScore => "int_score",
            Self::MinhashClusterSize => "minhash_cluster_size",
            Self::MinhashClusterId => "minhash_cluster_id",
            Self::Licence => "licence",
            Self::OptOut => "opt_out",
            Self::Signals => signals::NAME,
        }
    }

    fn field(self) -> Field {
        nullable(
            self.name(),
            match self {
                Self::Score => DataType::Float64,
                Self::IntScore | Self::MinhashClusterSize | Self::MinhashClusterId => DataType::Int64,
                Self::Licence | Self::OptOut => DataType::Utf8,
                Self::Signals => return signals::field(),
            },
        )
    }

    fn is_set(self, row: &Row<'_>) -> bool {
        match self {
            Self::Score => row.score.is_some(),
            Self::IntScore => row.int_score.is_some(),
            Self::MinhashClusterSize => row.minhash_cluster_size.is_some(),
            Self::MinhashClusterId => row.minhash_cluster_id.is_some(),
            Self::Licence => row.licence.is_some(),
            Self::OptOut => row.opt_out.is_some(),
            Self::Signals => row.signals.is_some(),
        }
    }
}

impl Table for Documents {
    const NAME: &'static str = "documents/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        layout(&Optional::ALL)
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            text: column(batch, "text")?,
            id: column(batch, "id")?,
            dump: column(batch, "dump")?,
            url: column(batch, "url")?,
            date: column(batch, "date")?,
            file_path: column(batch, "file_path")?,
            language: column(batch, "language")?,
            language_score: column(batch, "language_score")?,
            token_count: column(batch, "token_count")?,
            score: column(batch, "score")?,
            int_score: column(batch, "int_score")?,
            minhash_cluster_size: column(batch, "minhash_cluster_size")?,
            minhash_cluster_id: column(batch, "minhash_cluster_id")?,
            licence: column(batch, "licence")?,
            opt_out: column(batch, "opt_out")?,
            signals: signals::Column::bind(batch)?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            text: self.text.value(at),
            id: self.id.value(at),
            dump: self.dump.value(at),
            url: self.url.value(at),
            date: self.date.value(at),
            file_path: self.file_path.value(at),
            language: self.language.value(at),
            language_score: self.language_score.value(at),
            token_count: value(&self.token_count, at),
            score: value(&self.score, at),
            int_score: value(&self.int_score, at),
            minhash_cluster_size: value(&self.minhash_cluster_size, at),
            minhash_cluster_id: value(&self.minhash_cluster_id, at),
            licence: value(&self.licence, at),
            opt_out: value(&self.opt_out, at),
            signals: self.signals.value(at),
        }
    }
}

fn layout(optional: &[Optional]) -> SchemaRef {
    let mut fields = vec![
        required("text", DataType::Utf8),
        required("id", DataType::Utf8),
        required("dump", DataType::Utf8),
        required("url", DataType::Utf8),
        required("date", DataType::Utf8),
        required("file_path", DataType::Utf8),
        required("language", DataType::Utf8),
        required("language_score", DataType::Float64),
        nullable("token_count", DataType::Int64),
    ];
    fields.extend(optional.iter().map(|column| column.field()));
    Arc::new(Schema::new(fields))
}

/// Collects documents; the default has FineWeb's nine columns.
#[derive(Debug, Default)]
pub struct Builder {
    optional: Vec<Optional>,
    text: StringBuilder,
    id: StringBuilder,
    dump: StringBuilder,
    url: StringBuilder,
    date: StringBuilder,
    file_path: StringBuilder,
    language: StringBuilder,
    language_score: Float64Builder,
    token_count: Int64Builder,
    score: Float64Builder,
    int_score: Int64Builder,
    minhash_cluster_size: Int64Builder,
    minhash_cluster_id: Int64Builder,
    licence: StringBuilder,
    opt_out: StringBuilder,
    signals: signals::Builder,
}

impl Builder {
    /// A file that also has the columns `optional`; their order in the file is the table's.
    pub fn with(optional: &[Optional]) -> Self {
        let optional = Optional::ALL.into_iter().filter(|column| optional.contains(column)).collect();
        Self { optional, ..Self::default() }
    }
}

impl crate::Builder<Documents> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let Row { text, id, dump, url, date, file_path, language, licence, opt_out, .. } = *row;
        let optional = [licence.unwrap_or_default(), opt_out.unwrap_or_default()];
        let required = [text, id, dump, url, date, file_path, language];
        let bytes = text_bytes(Documents::NAME, &[&required[..], &optional[..]].concat())?;
        let lost = |column: &Optional| column.is_set(row) && !self.optional.contains(column);
        if let Some(column) = Optional::ALL.iter().find(|column| lost(column)) {
            return Err(Error::Row {
                table: Documents::NAME,
                column: column.name(),
                expected: "no value in a file made without this column (see documents::Builder::with)"
                    .to_owned(),
                got: "a value".to_owned(),
            });
        }
        self.text.append_value(text);
        self.id.append_value(id);
        self.dump.append_value(dump);
        self.url.append_value(url);
        self.date.append_value(date);
        self.file_path.append_value(file_path);
        self.language.append_value(language);
        self.language_score.append_value(row.language_score);
        self.token_count.append_option(row.token_count);
        self.score.append_option(row.score);
        self.int_score.append_option(row.int_score);
        self.minhash_cluster_size.append_option(row.minhash_cluster_size);
        self.minhash_cluster_id.append_option(row.minhash_cluster_id);
        self.licence.append_option(licence);
        self.opt_out.append_option(opt_out);
        self.signals.push(row.signals.as_ref());
        Ok(bytes + 40 + row.signals.map_or(0, |signals| size_of_val(&signals)))
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let optional: [ArrayRef; 7] = [
            Arc::new(self.score.finish()),
            Arc::new(self.int_score.finish()),
            Arc::new(self.minhash_cluster_size.finish()),
            Arc::new(self.minhash_cluster_id.finish()),
            Arc::new(self.licence.finish()),
            Arc::new(self.opt_out.finish()),
            self.signals.finish(),
        ];
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.text.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.dump.finish()),
            Arc::new(self.url.finish()),
            Arc::new(self.date.finish()),
            Arc::new(self.file_path.finish()),
            Arc::new(self.language.finish()),
            Arc::new(self.language_score.finish()),
            Arc::new(self.token_count.finish()),
        ];
        let present = Optional::ALL.iter().zip(optional).filter(|(column, _)| self.optional.contains(column));
        columns.extend(present.map(|(_, array)| array));
        columns
    }

    fn schema(&self) -> SchemaRef {
        layout(&self.optional)
    }
}
