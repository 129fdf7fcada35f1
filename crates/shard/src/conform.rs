//! From the columns a file has to the columns a table wants.
//!
//! Other programs write the same rows with other types: pandas makes large strings, DuckDB views, datatrove
//! dictionaries, and Python counts in 64 bits. The layouts of strings and lists are no matter here, because
//! [`decode`](crate::decode) reads Parquet's own types; numbers of another width are accepted while their
//! values fit. The rest is refused with column, expected and got.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::convert::{convert, convertible};
use crate::{Error, Result};

/// How the batches of one file become batches of a table.
#[derive(Debug)]
pub(crate) struct Conform {
    path: PathBuf,
    schema: SchemaRef,
    /// For each column of `schema`, its root column in the file.
    sources: Vec<Option<usize>>,
}

impl Conform {
    /// Plans from the schemas alone, so that a wrong file is refused before a row is read.
    pub(crate) fn plan(path: &Path, table: &str, expected: SchemaRef, got: &Schema) -> Result<Self> {
        let mut sources = Vec::with_capacity(expected.fields().len());
        for field in expected.fields() {
            let found = got.fields().iter().position(|other| other.name() == field.name());
            // a column that never had a value has no type; it reads as one that is missing
            let source = found.filter(|at| *got.field(*at).data_type() != DataType::Null);
            match source {
                Some(at) if !convertible(field.data_type(), got.field(at).data_type()) => {
                    return Err(Error::ColumnType {
                        path: path.to_path_buf(),
                        column: field.name().clone(),
                        expected: field.data_type().to_string(),
                        got: got.field(at).data_type().to_string(),
                    });
                }
                None if !field.is_nullable() => {
                    let names: Vec<_> = got.fields().iter().map(|other| other.name().as_str()).collect();
                    return Err(Error::MissingColumn {
                        path: path.to_path_buf(),
                        table: table.to_owned(),
                        column: field.name().clone(),
                        expected: field.data_type().to_string(),
                        got: if names.is_empty() { "none".to_owned() } else { names.join(", ") },
                    });
                }
                _ => sources.push(source),
            }
        }
        Ok(Self { path: path.to_path_buf(), schema: expected, sources })
    }

    /// The root columns that have to be decoded.
    pub(crate) fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources.iter().flatten().copied()
    }

    /// Brings a batch, which holds the columns of [`Conform::roots`], to the table's schema.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.sources.len());
        for (field, source) in self.schema.fields().iter().zip(&self.sources) {
            let kind = field.data_type();
            let array = match source.and_then(|_| batch.column_by_name(field.name())) {
                None => new_null_array(kind, batch.num_rows()),
                Some(array) => {
                    convert(array, kind).map_err(|got| self.value(field.name(), kind.to_string(), got))?
                }
            };
            if !field.is_nullable() && array.null_count() > 0 {
                let got = format!("{} nulls among {} rows", array.null_count(), array.len());
                return Err(self.value(field.name(), "a value in each row".to_owned(), got));
            }
            columns.push(array);
        }
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows)
            .map_err(|error| Error::Corrupt { path: self.path.clone(), detail: error.to_string() })
    }

    fn value(&self, column: &str, expected: String, got: String) -> Error {
        Error::ColumnValue { path: self.path.clone(), column: column.to_owned(), expected, got }
    }
}
