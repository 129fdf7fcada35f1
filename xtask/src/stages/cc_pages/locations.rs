//! Where records lie, as an index of a crawl says it.

use std::path::PathBuf;
use std::sync::Arc;

use shard::arrow_array::builder::{Int64Builder, StringBuilder};
use shard::arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use shard::arrow_schema::{DataType, Field, Schema, SchemaRef};
use shard::{Builder, Reader, Result, Table, column};

/// The columns of Common Crawl's index that say where a record lies, under the names they have there.
#[derive(Debug)]
pub struct Locations {
    file: StringArray,
    offset: Int64Array,
    length: Int64Array,
    url: StringArray,
}

/// One record of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The archive, below the host.
    pub file: String,
    /// The first byte of the record's gzip member.
    pub offset: i64,
    /// How many bytes that member has.
    pub length: i64,
    /// The page, where the index says it.
    pub url: Option<String>,
}

impl Table for Locations {
    const NAME: &'static str = "locations/1";
    type Row<'a> = Location;
    type Builder = LocationsBuilder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("warc_filename", DataType::Utf8, false),
            Field::new("warc_record_offset", DataType::Int64, false),
            Field::new("warc_record_length", DataType::Int64, false),
            Field::new("url", DataType::Utf8, true),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            file: column(batch, "warc_filename")?,
            offset: column(batch, "warc_record_offset")?,
            length: column(batch, "warc_record_length")?,
            url: column(batch, "url")?,
        })
    }

    fn row(&self, at: usize) -> Location {
        Location {
            file: self.file.value(at).to_owned(),
            offset: self.offset.value(at),
            length: self.length.value(at),
            url: self.url.is_valid(at).then(|| self.url.value(at).to_owned()),
        }
    }

    /// Whoever made the file: its columns say enough.
    fn reads(_: &str) -> bool {
        true
    }
}

/// Collects locations.
#[derive(Debug, Default)]
pub struct LocationsBuilder {
    file: StringBuilder,
    offset: Int64Builder,
    length: Int64Builder,
    url: StringBuilder,
}

impl Builder<Locations> for LocationsBuilder {
    fn append(&mut self, row: &Location) -> Result<usize> {
        self.file.append_value(&row.file);
        self.offset.append_value(row.offset);
        self.length.append_value(row.length);
        self.url.append_option(row.url.as_deref());
        Ok(row.file.len() + row.url.as_ref().map_or(0, String::len) + 16)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.file.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.length.finish()),
            Arc::new(self.url.finish()),
        ]
    }
}

/// How many rows `files` have together; each has the columns, or there is an error.
pub(super) fn count(files: &[PathBuf]) -> Result<u64> {
    files.iter().map(|file| Ok(Reader::<Locations>::open(file)?.rows())).sum()
}

/// At most `most` rows from row `first` on, of all files in their order.
pub(super) fn some(files: &[PathBuf], mut first: u64, most: u64) -> Result<Vec<Location>> {
    let mut found: Vec<Location> = vec![];
    for file in files {
        let rows = Reader::<Locations>::open(file)?.rows();
        if first >= rows {
            first -= rows;
            continue;
        }
        for batch in Reader::<Locations>::open_at(file, first)? {
            let batch = batch?;
            let left = usize::try_from(most).unwrap_or(usize::MAX) - found.len();
            found.extend(batch.rows().take(left));
            if found.len() as u64 >= most {
                return Ok(found);
            }
        }
        first = 0;
    }
    Ok(found)
}
