//! Shards appear whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use crate::hashing::Hashing;
use crate::{Builder, Error, Result, Table};

/// Footer key of the table's name.
pub(crate) const TABLE: &str = "deepdive.table";
/// Footer key of the recipe that the shard was made by.
pub(crate) const RECIPE: &str = "deepdive.recipe";

const ROWS_PER_GROUP: usize = 1_024;
const BYTES_PER_GROUP: usize = 64 << 20;

/// A finished shard, as a manifest remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its file name.
    pub name: String,
    /// How many rows it holds.
    pub rows: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// The BLAKE3 hash of these bytes, 64 hexadecimal digits.
    pub blake3: String,
}

/// Writes one shard. Its file appears under its name only when [`Writer::finish`] succeeds.
///
/// The bytes depend on the rows, their order, the recipe and nothing else. Until then they lie in
/// `.NAME.tmp` in the same directory, which is removed when the writer is dropped; what a killed process
/// leaves there is overwritten by the next. One writer a name at a time: the caller holds the lock.
///
/// A row group is closed at 1,024 rows, or by the row that takes it to 64 MiB, so memory is bounded by that
/// plus one row.
#[derive(Debug)]
pub struct Writer<T: Table> {
    name: String,
    path: PathBuf,
    parquet: ArrowWriter<Hashing<File>>,
    // after `parquet`: fields drop in order, and the file is closed before it is removed
    temporary: Temporary,
    builder: T::Builder,
    pending_rows: usize,
    pending_bytes: usize,
    rows: u64,
}

impl<T: Table> Writer<T> {
    /// Begins the shard `name` in `dir`, which exists; `recipe` is kept in the footer.
    pub fn create(dir: &Path, name: &str, recipe: &str) -> Result<Self> {
        Self::with_builder(dir, name, recipe, T::Builder::default())
    }

    /// As [`Writer::create`], with a choice of what the file holds: `tokens::Builder::for_vocabulary`,
    /// `documents::Builder::with`.
    pub fn with_builder(dir: &Path, name: &str, recipe: &str, builder: T::Builder) -> Result<Self> {
        if Path::new(name).file_name().is_none_or(|file| file != name) {
            return Err(Error::Name { name: name.to_owned() });
        }
        let temporary = Temporary { path: dir.join(format!(".{name}.tmp")) };
        let file = File::create(&temporary.path).map_err(Error::io(&temporary.path))?;
        let schema = builder.schema();
        let properties = properties(T::NAME, recipe, &schema);
        let parquet = ArrowWriter::try_new(Hashing::new(file), schema, Some(properties))
            .map_err(Error::parquet(&temporary.path))?;
        Ok(Self {
            name: name.to_owned(),
            path: dir.join(name),
            parquet,
            temporary,
            builder,
            pending_rows: 0,
            pending_bytes: 0,
            rows: 0,
        })
    }

    /// Appends a row. After an [`Error::Row`] the writer goes on without it; after any other error it is
    /// of no more use.
    pub fn push(&mut self, row: &T::Row<'_>) -> Result<()> {
        self.pending_bytes += self.builder.append(row)?;
        self.pending_rows += 1;
        if self.pending_rows == ROWS_PER_GROUP || self.pending_bytes >= BYTES_PER_GROUP {
            self.close_group()?;
        }
        Ok(())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows + self.pending_rows as u64
    }

    /// Writes what is left and gives the file its name, both down to the disk.
    pub fn finish(mut self) -> Result<Part> {
        self.close_group()?;
        let Self { name, path, parquet, temporary, rows, .. } = self;
        let hashing = parquet.into_inner().map_err(Error::parquet(&path))?;
        hashing.inner.sync_all().map_err(Error::io(&path))?;
        let digest = hashing.digest();
        temporary.rename(&path)?;
        Ok(Part { name, rows, bytes: digest.bytes, blake3: digest.blake3 })
    }

    fn close_group(&mut self) -> Result<()> {
        if self.pending_rows == 0 {
            return Ok(());
        }
        let columns = self.builder.finish();
        let error = Error::parquet(&self.path);
        let batch = match RecordBatch::try_new(self.builder.schema(), columns) {
            Ok(batch) => batch,
            Err(source) => return Err(error(source.into())),
        };
        self.parquet.write(&batch).and_then(|()| self.parquet.flush()).map_err(error)?;
        self.rows += self.pending_rows as u64;
        (self.pending_rows, self.pending_bytes) = (0, 0);
        Ok(())
    }
}

/// Pages of a megabyte and an index of them, so that a viewer fetches only what it shows.
///
/// Content-defined chunking, which would let stores share equal rows of different files, is off: parquet 59
/// writes an empty page wherever a chunk begins with the first row of a batch, or where a page is full at the
/// end of one (arrow-rs #10929), and pyarrow cannot read such a file. Turn it on when that is fixed; the test
/// `no_page_is_empty` stands guard.
///
/// Texts have no dictionary, as zstd sees their repetitions. Neither have ids (unsigned): zstd finds more in them
/// as they are than in the codes of a dictionary, packed to a width at which no byte begins a token. Ranks (signed)
/// are few different numbers and have one.
fn properties(table: &str, recipe: &str, schema: &Schema) -> WriterProperties {
    let zstd = ZstdLevel::try_new(3).expect("3 is a level of zstd");
    let metadata = [(TABLE, table), (RECIPE, recipe)]
        .map(|(key, value)| KeyValue { key: key.to_owned(), value: Some(value.to_owned()) });
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_dictionary_page_size_limit(usize::MAX)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(metadata.to_vec()));
    for field in schema.fields() {
        if let DataType::List(element) = field.data_type()
            && element.data_type().is_signed_integer()
        {
            let leaf = [field.name(), "list", element.name()].map(str::to_owned);
            properties = properties.set_column_dictionary_enabled(ColumnPath::new(leaf.to_vec()), true);
        }
    }
    properties.build()
}

/// A file that is removed unless it was renamed.
#[derive(Debug)]
pub(crate) struct Temporary {
    pub(crate) path: PathBuf,
}

impl Temporary {
    /// Renames the file, and waits until its directory says so.
    pub(crate) fn rename(mut self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path).map_err(Error::io(path))?;
        self.path.clear();
        sync_directory_of(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // nothing can be done about a failure, and the name is not one that anybody reads
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a rename survive a power cut.
pub(crate) fn sync_directory_of(path: &Path) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(Error::io(directory))
}
