//! What can go wrong at rest and on the way here, with what was expected and what was found.

use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why rows or remote bytes could not be read or written.
///
/// Nothing here describes a document: a bad document is a row of [`Dropped`](crate::Dropped), not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused; a full disk is reported here.
    #[error("{}: {source}{}", path.display(), hint(source))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not Parquet, was cut short or was altered.
    #[error("{}: not a readable Parquet file ({detail}); make or fetch it again", path.display())]
    Corrupt {
        /// The shard.
        path: PathBuf,
        /// What the decoder said.
        detail: String,
    },
    /// The footer names another table. Programs that hand on the metadata of what they read, as pyarrow does
    /// with a table's schema, hand on its name too.
    #[error(
        "{}: expected a shard of {expected}, got {got}; a program that makes one table from another must not \
         copy `deepdive.table` into the footer",
        path.display()
    )]
    WrongTable {
        /// The shard.
        path: PathBuf,
        /// The table that was asked for.
        expected: String,
        /// The table that the footer names.
        got: String,
    },
    /// A column that the table needs is not in the file.
    #[error("{}: {table} needs column `{column}` ({expected}); the file has {got}", path.display())]
    MissingColumn {
        /// The shard.
        path: PathBuf,
        /// The table that was asked for.
        table: String,
        /// The absent column.
        column: String,
        /// Its type.
        expected: String,
        /// The columns that are there.
        got: String,
    },
    /// A column is there with a type that cannot be read as the table's.
    #[error("{}: column `{column}`: expected {expected}, got {got}", path.display())]
    ColumnType {
        /// The shard.
        path: PathBuf,
        /// The column.
        column: String,
        /// The table's type.
        expected: String,
        /// The file's type.
        got: String,
    },
    /// A column has the right type and a value that the table does not allow.
    #[error("{}: column `{column}`: expected {expected}, got {got}", path.display())]
    ColumnValue {
        /// The shard.
        path: PathBuf,
        /// The column.
        column: String,
        /// What the table allows.
        expected: String,
        /// What the file holds.
        got: String,
    },
    /// A batch that did not come from a [`Reader`](crate::Reader) was bound, or one whose values break the
    /// table's own rule; the reader adds the path and turns this into [`Error::ColumnValue`].
    #[error("column `{column}`: expected {expected}, got {got}")]
    Bind {
        /// The column.
        column: String,
        /// What the table expects.
        expected: String,
        /// What the batch holds.
        got: String,
    },
    /// A row that this file cannot hold was pushed.
    #[error("{table}: a row does not fit: column `{column}`: expected {expected}, got {got}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What the file can hold.
        expected: String,
        /// What the row has.
        got: String,
    },
    /// No table of this crate has that name.
    #[error("no table `{name}`; there are {known}")]
    UnknownTable {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A shard's name has to be one plain file name.
    #[error("`{name}` is not a file name; expected one such as part-00000.parquet")]
    Name {
        /// The name as given.
        name: String,
    },
    /// The address cannot be fetched.
    #[error("{url}: {detail}")]
    Url {
        /// The address as given.
        url: String,
        /// What is wrong with it, and what would be right.
        detail: String,
    },
    /// No HTTP client could be made: the user agent is not ASCII, or the system has no root certificates.
    #[error("cannot make an HTTP client: {detail}")]
    Client {
        /// What is wrong.
        detail: String,
    },
    /// The server answered, and asking again would not help.
    #[error("{url}: the server answered {status}; {cure}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What to do about it.
        cure: &'static str,
    },
    /// The server stayed busy, broken or silent; what was fetched is kept and the next call goes on from there.
    #[error("{url}: gave up after {attempts} attempts, last: {last}; run again to go on")]
    GaveUp {
        /// The address.
        url: String,
        /// Attempts without enough progress.
        attempts: u32,
        /// What happened last.
        last: String,
    },
    /// The file ends before the range does.
    #[error(
        "{url}: there are no {length} bytes from byte {from} on{}",
        total.map_or_else(String::new, |total| format!("; the file has {total}"))
    )]
    OutOfRange {
        /// The address.
        url: String,
        /// The first byte that was asked for.
        from: u64,
        /// How many were asked for.
        length: u64,
        /// How many there are, where the server says it.
        total: Option<u64>,
    },
    /// The server sends whole files, whatever range is asked for.
    #[error(
        "{url}: the server ignores ranges and sends the whole file; fetch whole archives from it, or ask another"
    )]
    NoRanges {
        /// The address.
        url: String,
    },
    /// An object of a bucket could not be had or put.
    #[error("{name}: {detail}")]
    Object {
        /// Its address.
        name: String,
        /// What the server or the network said.
        detail: String,
    },
    /// The file changed while it was being fetched, twice.
    #[error(
        "{url}: the file keeps changing under us (ETag {was}, then {now}); pin another version or try later"
    )]
    Changed {
        /// The address.
        url: String,
        /// The ETag when the fetch began.
        was: String,
        /// The ETag that came later.
        now: String,
    },
}

impl Error {
    /// Attaches `path` to what the operating system said.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }

    /// Attaches `path` to what Parquet said; an I/O error inside, as of a full disk, comes out as itself.
    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self + '_ {
        move |error| match error {
            ParquetError::External(source) => match source.downcast::<std::io::Error>() {
                Ok(source) => Self::Io { path: path.to_path_buf(), source: *source },
                Err(other) => Self::Corrupt { path: path.to_path_buf(), detail: other.to_string() },
            },
            other => Self::Corrupt { path: path.to_path_buf(), detail: other.to_string() },
        }
    }

    /// Gives a [`Error::Bind`] the file it came from.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::Bind { column, expected, got } => {
                Self::ColumnValue { path: path.to_path_buf(), column, expected, got }
            }
            other => other,
        }
    }
}

fn hint(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "; free some space and run again, finished shards are kept"
        }
        _ => "",
    }
}
