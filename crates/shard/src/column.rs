//! Small helpers that table files share: naming columns, taking them out of a batch, checking words, reading nulls.

use std::any::type_name;

use arrow_array::{Array, ArrayAccessor, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field};

use crate::{Error, Result};

/// The most bytes that the text of one row may have. Arrow's text columns count in 31 bits, and a row group
/// is closed well before.
pub(crate) const ROW_BYTES: usize = 1 << 30;

/// Takes column `name` of `batch` as an array of type `A`.
///
/// An [`Error::Bind`] means that the batch did not come through a [`Reader`](crate::Reader).
pub fn column<A: Array + Clone + 'static>(batch: &RecordBatch, name: &str) -> Result<A> {
    typed(batch.column_by_name(name), name)
}

/// What was found under `name`, in a batch or in a group, as an array of type `A`.
pub(crate) fn typed<A: Array + Clone + 'static>(found: Option<&ArrayRef>, name: &str) -> Result<A> {
    found.and_then(|array| array.as_any().downcast_ref::<A>().cloned()).ok_or_else(|| Error::Bind {
        column: name.to_owned(),
        expected: type_name::<A>().rsplit("::").next().unwrap_or_default().to_owned(),
        got: found.map_or_else(|| "no such column".to_owned(), |array| array.data_type().to_string()),
    })
}

/// Refuses a column of words that has one which the table does not know.
pub(crate) fn check_words(
    name: &str,
    words: &StringArray,
    expected: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<()> {
    let Some(got) = words.iter().flatten().find(|word| !is_known(word)) else { return Ok(()) };
    Err(Error::Bind { column: name.to_owned(), expected: expected.to_owned(), got: format!("`{got}`") })
}

/// The value at `at`, or `None` for a null.
pub(crate) fn value<'a, A: Array>(array: &'a A, at: usize) -> Option<<&'a A as ArrayAccessor>::Item>
where
    &'a A: ArrayAccessor,
{
    array.is_valid(at).then(|| array.value(at))
}

pub(crate) fn required(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, false)
}

pub(crate) fn nullable(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, true)
}

/// The bytes of a row's texts, refused where Arrow could not hold them.
pub(crate) fn text_bytes(table: &'static str, texts: &[&str]) -> Result<usize> {
    let bytes = texts.iter().map(|text| text.len()).sum();
    if bytes > ROW_BYTES {
        let (expected, got) = (format!("at most {ROW_BYTES} bytes of text a row"), format!("{bytes} bytes"));
        return Err(Error::Row { table, column: "text", expected, got });
    }
    Ok(bytes)
}

/// The bytes of a row's ids, refused where Arrow could not hold them.
pub(crate) fn id_bytes(table: &'static str, ids: usize) -> Result<usize> {
    if ids > ROW_BYTES / 4 {
        let (expected, got) = ("at most 2^28 ids a row".to_owned(), ids.to_string());
        return Err(Error::Row { table, column: "ids", expected, got });
    }
    Ok(4 * ids)
}
