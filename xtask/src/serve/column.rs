//! One column of words out of a shard, the others unread: what rows are looked for by.

use std::marker::PhantomData;
use std::sync::Arc;

use shard::arrow_array::{ArrayRef, RecordBatch, StringArray};
use shard::arrow_schema::{DataType, Field, Schema, SchemaRef};
use shard::{Documents, Dropped, Error, Result, Table, column};

/// A column that every row has.
pub(super) trait Named: Send + 'static {
    /// The table that it is read from.
    const TABLE: &'static str;
    /// Its name.
    const NAME: &'static str;
}

/// The ids of documents.
pub(super) struct Ids;

impl Named for Ids {
    const TABLE: &'static str = Documents::NAME;
    const NAME: &'static str = "id";
}

/// The reasons of what was dropped.
pub(super) struct Reasons;

impl Named for Reasons {
    const TABLE: &'static str = Dropped::NAME;
    const NAME: &'static str = "reason";
}

/// One column.
pub(super) struct Column<C>(StringArray, PhantomData<fn() -> C>);

impl<C: Named> Table for Column<C> {
    const NAME: &'static str = C::TABLE;
    type Row<'a> = &'a str;
    type Builder = Unwritten;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new(C::NAME, DataType::Utf8, false)]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        Ok(Self(column(batch, C::NAME)?, PhantomData))
    }

    fn row(&self, at: usize) -> &str {
        self.0.value(at)
    }
}

/// Such a table is only read.
#[derive(Default)]
pub(super) struct Unwritten;

impl<C: Named> shard::Builder<Column<C>> for Unwritten {
    fn append(&mut self, row: &&str) -> Result<usize> {
        let (expected, got) = ("a table that is written".to_owned(), format!("`{row}`"));
        Err(Error::Row { table: C::TABLE, column: C::NAME, expected, got })
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![]
    }
}
