//! Rows of an answer: as text for people, or as a file.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::arrow::json::writer::{LineDelimited, WriterBuilder};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::DataFrame;
use futures_util::StreamExt;
use pipeline::{Error, Fault};

/// Rows of a row group, so that whoever asks such a file again can pass over most of it.
const GROUP: usize = 1 << 16;

/// What a query found, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names of columns, and whether they hold numbers.
    pub columns: Vec<(String, bool)>,
    /// The first rows. `None` is a null; a value that was cut ends in `…`.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows there are in all.
    pub count: u64,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet with zstd.
    Parquet,
    /// Comma-separated values under a line of names (RFC 4180). It holds no lists.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// The format that a file's ending stands for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// Why there is no answer: the query, or the disk it was to be written to.
pub(super) enum Stopped {
    Refused(DataFusionError),
    Unwritten(Error),
}

impl From<DataFusionError> for Stopped {
    fn from(error: DataFusionError) -> Self {
        Self::Refused(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Unwritten(error)
    }
}

/// The first `most` rows as text; the others are counted.
pub(super) async fn show(frame: DataFrame, most: usize, characters: usize) -> Result<Answer, Stopped> {
    let fields = frame.schema().fields().iter();
    let columns = fields.map(|field| (field.name().clone(), field.data_type().is_numeric())).collect();
    let mut answer = Answer { columns, ..Answer::default() };
    let mut batches = frame.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        answer.count += batch.num_rows() as u64;
        let wanted = batch.num_rows().min(most - answer.rows.len());
        if wanted > 0 {
            answer.rows.extend(texts(&batch.slice(0, wanted), characters).map_err(DataFusionError::from)?);
        }
    }
    Ok(answer)
}

fn texts(batch: &RecordBatch, characters: usize) -> Result<Vec<Vec<Option<String>>>, ArrowError> {
    let options = FormatOptions::default().with_null("null");
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for array in batch.columns() {
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
        for (at, row) in rows.iter_mut().enumerate() {
            let text = if array.is_null(at) { None } else { Some(formatter.value(at).try_to_string()?) };
            row.push(text.map(|text| cut(text, characters)));
        }
    }
    Ok(rows)
}

fn cut(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Writes all rows to `file`, under another name until they are whole.
pub(super) async fn write(frame: DataFrame, file: &Path, format: Format) -> Result<u64, Stopped> {
    let mut batches = frame.execute_stream().await?;
    let mut sink = Sink::create(file, format, &batches.schema())?;
    let mut count = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        sink.push(&batch)?;
    }
    sink.finish()?;
    Ok(count)
}

/// A file on its way to its name.
struct Sink {
    file: PathBuf,
    temporary: Temporary,
    rows: Rows,
}

/// Removed when it is dropped, unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // renamed, or of no use
        let _ = fs::remove_file(&self.0);
    }
}

enum Rows {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
    JsonLines(LineDelimitedWriter<BufWriter<File>>),
}

impl Sink {
    fn create(file: &Path, format: Format, schema: &SchemaRef) -> Result<Self, Error> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let temporary = Temporary(file.with_file_name(format!(".{name}.{}", std::process::id())));
        let refuse = |source| Error::Io { action: "create", path: file.to_owned(), source };
        let out = BufWriter::new(File::create(&temporary.0).map_err(refuse)?);
        let rows = match format {
            Format::Parquet => {
                let level = ZstdLevel::try_new(3).expect("3 is a level");
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .set_max_row_group_row_count(Some(GROUP))
                    .build();
                let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties));
                Rows::Parquet(Box::new(writer.map_err(|error| unwritten(file, error))?))
            }
            Format::Csv => Rows::Csv(Box::new(csv::WriterBuilder::new().with_header(true).build(out))),
            Format::JsonLines => {
                let builder = WriterBuilder::new().with_explicit_nulls(true);
                Rows::JsonLines(builder.build::<_, LineDelimited>(out))
            }
        };
        let mut sink = Self { file: file.to_owned(), temporary, rows };
        // names of columns stand there without rows, too
        sink.push(&RecordBatch::new_empty(schema.clone()))?;
        Ok(sink)
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        match &mut self.rows {
            Rows::Parquet(rows) => rows.write(batch).map_err(|error| unwritten(&self.file, error)),
            Rows::Csv(rows) => rows.write(batch).map_err(|error| unwritten(&self.file, error.into())),
            Rows::JsonLines(rows) => rows.write(batch).map_err(|error| unwritten(&self.file, error.into())),
        }
    }

    fn finish(self) -> Result<(), Error> {
        let file = self.file;
        let out = match self.rows {
            Rows::Parquet(rows) => rows.into_inner().map_err(|error| unwritten(&file, error))?,
            Rows::Csv(rows) => rows.into_inner(),
            Rows::JsonLines(mut rows) => {
                rows.finish().map_err(|error| unwritten(&file, error.into()))?;
                rows.into_inner()
            }
        };
        let named = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|mut out| out.flush().and_then(|()| out.sync_all()))
            .and_then(|()| fs::rename(&self.temporary.0, &file));
        named.map_err(|source| Error::Io { action: "write", path: file, source })
    }
}

/// A full disk as itself; anything else is a value that the format cannot hold.
fn unwritten(file: &Path, error: ParquetError) -> Error {
    let path = file.to_owned();
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::Io { action: "write", path, source: *source },
            Err(other) => match other.downcast::<ArrowError>().map(|error| *error) {
                Ok(ArrowError::IoError(_, source)) => Error::Io { action: "write", path, source },
                Ok(other) => unfit(file, &other),
                Err(other) => unfit(file, &other),
            },
        },
        other => unfit(file, &other),
    }
}

fn unfit(file: &Path, got: &dyn std::fmt::Display) -> Error {
    let fault = Fault::new("this answer cannot be written in the file's format").at(file, None);
    Error::Wiring(fault.got(got.to_string()).cure("write .jsonl or .parquet, which hold lists and groups"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("äöü".to_owned(), 3), "äöü");
        assert_eq!(cut("äöüß".to_owned(), 3), "äöü…");
    }

    #[test]
    fn endings_say_the_format() {
        let of = |name: &str| Format::of(Path::new(name));
        assert_eq!(of("a/b.PARQUET"), Some(Format::Parquet));
        assert_eq!((of("a.csv"), of("a.jsonl")), (Some(Format::Csv), Some(Format::JsonLines)));
        assert_eq!((of("a.json"), of("parquet"), of("a.parquet.gz")), (None, None, None));
    }
}
