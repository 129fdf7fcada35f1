//! Borrowed rows out of a shard, whoever wrote it.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::file::metadata::RowGroupMetaData;

use crate::conform::Conform;
use crate::decode::{guarded, open};
use crate::footer::Footer;
use crate::{Batch, Error, Result, Table};

/// Rows of a batch; a row group of our own shards.
const BATCH: usize = 1_024;

/// Reads one shard, batch by batch: an iterator of [`Batch`], so that rows are borrowed and none is copied.
///
/// It accepts any codec, strings and lists of every layout, integers of every width while their values fit,
/// columns in any order and columns that the table does not know. A nullable column that is missing reads
/// as null. After an error the iterator ends.
#[derive(Debug)]
pub struct Reader<T> {
    path: PathBuf,
    rows: u64,
    conform: Conform,
    batches: ParquetRecordBatchReader,
    failed: bool,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Reader<T> {
    /// Opens a shard and checks its table and columns; no row is read yet.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_at(path, 0)
    }

    /// The same from row `first` on. Row groups before it are passed over unread.
    pub fn open_at(path: &Path, first: u64) -> Result<Self> {
        let builder = open(path)?;
        let footer = Footer::of(&builder);
        if let Some(got) = footer.table.filter(|name| !T::reads(name)) {
            return Err(Error::WrongTable { path: path.to_path_buf(), expected: T::NAME.to_owned(), got });
        }
        let conform = Conform::plan(path, T::NAME, T::schema(), builder.schema())?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), conform.roots());
        let builder = if first > 0 {
            let (groups, skipped) = behind(first, builder.metadata().row_groups());
            builder.with_row_groups(groups).with_offset(skipped)
        } else {
            builder
        };
        let batches =
            builder.with_projection(mask).with_batch_size(BATCH).build().map_err(Error::parquet(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            rows: footer.rows,
            conform,
            batches,
            failed: false,
            table: PhantomData,
        })
    }

    /// How many rows the whole shard has, from its footer.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// The row groups that hold row `first` and all behind it, and how many rows of them stand before it.
fn behind(first: u64, groups: &[RowGroupMetaData]) -> (Vec<usize>, usize) {
    let mut left = usize::try_from(first).unwrap_or(usize::MAX);
    let passed = groups.iter().take_while(|group| {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let whole = left >= rows;
        left -= if whole { rows } else { 0 };
        whole
    });
    let passed = passed.count();
    ((passed..groups.len()).collect(), left)
}

impl<T: Table> Iterator for Reader<T> {
    type Item = Result<Batch<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let Self { path, conform, batches, .. } = self;
        let bound = guarded(path, || {
            let Some(batch) = batches.next() else { return Ok(None) };
            let batch = batch.map_err(|error| Error::parquet(path)(error.into()))?;
            let batch = conform.apply(&batch)?;
            Batch::bind(&batch).map(Some).map_err(|error| error.at(path))
        });
        self.failed = bound.is_err();
        bound.transpose()
    }
}
