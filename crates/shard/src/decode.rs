//! The door to the Parquet decoder.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::{Error, Result};

/// Opens a Parquet file and reads its footer.
///
/// The Arrow types that its writer had in memory are ignored: a string is a string in Parquet, whether it was
/// large, a view or dictionary-encoded there.
pub(crate) fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(Error::io(path))?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    guarded(path, || {
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(Error::parquet(path))
    })
}

/// Runs the decoder on bytes that may be damaged: parquet 59 answers some damage with a panic (flipped bits in
/// a schema, a page header or a level), which is turned into an error here. What `work` leaves half done must
/// not be used after an error.
pub(crate) fn guarded<R>(path: &Path, work: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(Error::Corrupt { path: path.to_path_buf(), detail: message(&*panic).to_owned() })
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("the decoder panicked")
}
