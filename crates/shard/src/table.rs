//! The seam: what a row layout has to say about itself.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::Result;

/// A row layout with a version: one Arrow schema, and the row that Rust code sees.
///
/// A value of the implementing type is one *batch* with its columns checked and downcast, so that reading
/// a row neither fails nor copies a text.
///
/// A table of one's own is one file, and may be narrower than the shard it reads: columns that it does not
/// name are never decoded.
///
/// ```
/// use std::sync::Arc;
/// use shard::arrow_array::{ArrayRef, RecordBatch, StringArray, builder::StringBuilder};
/// use shard::arrow_schema::{DataType, Field, Schema, SchemaRef};
/// use shard::{Builder, Reader, Result, Table, Writer, column};
///
/// /// Only the addresses.
/// struct Urls(StringArray);
///
/// impl Table for Urls {
///     const NAME: &'static str = "urls/1";
///     type Row<'a> = &'a str;
///     type Builder = UrlsBuilder;
///     fn schema() -> SchemaRef {
///         Arc::new(Schema::new(vec![Field::new("url", DataType::Utf8, false)]))
///     }
///     fn bind(batch: &RecordBatch) -> Result<Self> {
///         Ok(Self(column(batch, "url")?))
///     }
///     fn row(&self, at: usize) -> &str {
///         self.0.value(at)
///     }
///     fn reads(name: &str) -> bool {
///         name == Self::NAME || name == "documents/1"
///     }
/// }
///
/// #[derive(Default)]
/// struct UrlsBuilder(StringBuilder);
///
/// impl Builder<Urls> for UrlsBuilder {
///     fn append(&mut self, row: &&str) -> Result<usize> {
///         self.0.append_value(row);
///         Ok(row.len())
///     }
///     fn finish(&mut self) -> Vec<ArrayRef> {
///         vec![Arc::new(self.0.finish())]
///     }
/// }
///
/// let dir = tempfile::tempdir().unwrap();
/// let mut writer = Writer::<Urls>::create(dir.path(), "part-00000.parquet", "recipe")?;
/// writer.push(&"https://example.org/")?;
/// writer.finish()?;
/// for batch in Reader::<Urls>::open(&dir.path().join("part-00000.parquet"))? {
///     assert_eq!(batch?.rows().next(), Some("https://example.org/"));
/// }
/// # Ok::<(), shard::Error>(())
/// ```
pub trait Table: Sized + Send + 'static {
    /// Name and version, kept in the Parquet footer.
    const NAME: &'static str;
    /// One row, borrowed from its batch.
    type Row<'a>;
    /// Collects rows to write.
    type Builder: Builder<Self>;

    /// All columns that the table knows, in order. A file may lack the nullable ones.
    fn schema() -> SchemaRef;

    /// Takes the columns of a batch whose types are those of [`Table::schema`]; [`Reader`](crate::Reader)
    /// sees to that, whatever types the file has.
    fn bind(batch: &RecordBatch) -> Result<Self>;

    /// The row at `at`, which is below the batch's length.
    fn row(&self, at: usize) -> Self::Row<'_>;

    /// Whether shards whose footer names the table `name` can be read as this one. A file without a
    /// name, made by another program, is judged by its columns alone.
    fn reads(name: &str) -> bool {
        name == Self::NAME
    }
}

/// Collects rows and gives them back as Arrow columns; [`Writer`](crate::Writer) drives it.
///
/// The value decides what its file holds where a table leaves a choice: the width of ids, or which optional
/// columns are there. `Default` is the table's usual choice.
pub trait Builder<T: Table>: Default + Send {
    /// Appends a row and returns the bytes it takes. On an error, nothing was appended.
    fn append(&mut self, row: &T::Row<'_>) -> Result<usize>;

    /// The columns of [`Builder::schema`] with all rows since the last call; leaves the builder empty.
    fn finish(&mut self) -> Vec<arrow_array::ArrayRef>;

    /// The columns of the file.
    fn schema(&self) -> SchemaRef {
        T::schema()
    }
}

/// Rows that were read together.
#[derive(Debug)]
pub struct Batch<T> {
    table: T,
    len: usize,
}

impl<T: Table> Batch<T> {
    /// Binds the columns of `batch`, whose types are those of [`Table::schema`].
    pub fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self { table: T::bind(batch)?, len: batch.num_rows() })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The row at `at`.
    ///
    /// # Panics
    /// If `at` is not below [`Batch::len`], like a slice.
    pub fn row(&self, at: usize) -> T::Row<'_> {
        assert!(at < self.len, "row {at} of a batch of {}", self.len);
        self.table.row(at)
    }

    /// The rows in the order of the file.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = T::Row<'_>> {
        (0..self.len).map(|at| self.table.row(at))
    }
}
