//! What a shard says about itself, and a look inside without knowing its table.

use std::fs::File;
use std::path::Path;

use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::conform::Conform;
use crate::decode::{guarded, open};
use crate::display::display;
use crate::writer::{RECIPE, TABLE};
use crate::{Error, Result, tables};

/// What stands in the footer of a Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// The table it names; other programs' files name none.
    pub table: Option<String>,
    /// The recipe it was made by.
    pub recipe: Option<String>,
    /// How many rows there are.
    pub rows: u64,
    /// Names and types of its columns, in order.
    pub columns: Vec<(String, String)>,
}

impl Footer {
    /// Reads the footer of the file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        Ok(Self::of(&open(path)?))
    }

    pub(crate) fn of(builder: &ParquetRecordBatchReaderBuilder<File>) -> Self {
        let file = builder.metadata().file_metadata();
        let value = |key: &str| {
            let pairs = file.key_value_metadata()?;
            pairs.iter().find(|pair| pair.key == key)?.value.clone()
        };
        let fields = builder.schema().fields().iter();
        Self {
            table: value(TABLE),
            recipe: value(RECIPE),
            rows: u64::try_from(file.num_rows()).unwrap_or(0),
            columns: fields.map(|field| (field.name().clone(), field.data_type().to_string())).collect(),
        }
    }
}

/// Checks that the file at `path` can be read as the table `table`, such as `documents/1`, and returns its
/// number of rows. Only the footer is read: values are checked as they are read.
pub fn check(path: &Path, table: &str) -> Result<u64> {
    let Some(schema) = tables::schema(table) else {
        let known: Vec<_> = tables::names().collect();
        return Err(Error::UnknownTable { name: table.to_owned(), known: known.join(", ") });
    };
    let builder = open(path)?;
    let footer = Footer::of(&builder);
    if let Some(got) = footer.table.filter(|name| !tables::reads(table, name)) {
        return Err(Error::WrongTable { path: path.to_path_buf(), expected: table.to_owned(), got });
    }
    Conform::plan(path, table, schema, builder.schema())?;
    Ok(footer.rows)
}

/// The first `rows` rows of any Parquet file as text, for people: pairs of column and value, nulls left out.
pub fn preview(path: &Path, rows: usize) -> Result<Vec<Vec<(String, String)>>> {
    let builder = open(path)?.with_limit(rows);
    guarded(path, || {
        let mut shown = Vec::new();
        for batch in builder.build().map_err(Error::parquet(path))? {
            let batch = batch.map_err(|error| Error::parquet(path)(error.into()))?;
            shown.extend((0..batch.num_rows()).map(|at| show(&batch, at)));
        }
        Ok(shown)
    })
}

fn show(batch: &RecordBatch, at: usize) -> Vec<(String, String)> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter(|(_, array)| array.is_valid(at));
    let text = |array| {
        let mut text = String::new();
        display(array, at, &mut text);
        text
    };
    columns.map(|(field, array)| (field.name().clone(), text(array))).collect()
}
