//! `tokens/1`: documents as ids.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::column::{column, id_bytes, required, text_bytes};
use crate::{Error, Result, Table};

/// Ids of documents, without special tokens.
///
/// A file whose vocabulary fits holds 16-bit ids; reading widens them once a batch, so that code sees `u32`
/// whatever the file has.
#[derive(Debug)]
pub struct Tokens {
    document_id: StringArray,
    ids: ListArray,
    flat: UInt32Array,
    validation: BooleanArray,
}

/// One document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The id of the document, `<urn:uuid:…>`.
    pub document_id: &'a str,
    /// Its tokens.
    pub ids: &'a [u32],
    /// Whether it is held out from training.
    pub validation: bool,
}

impl Table for Tokens {
    const NAME: &'static str = "tokens/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        layout(DataType::UInt32)
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        let ids: ListArray = column(batch, "ids")?;
        let flat = ids.values().as_primitive_opt::<UInt32Type>().cloned().ok_or_else(|| Error::Bind {
            column: "ids".to_owned(),
            expected: "a list of UInt32".to_owned(),
            got: ids.data_type().to_string(),
        })?;
        Ok(Self {
            document_id: column(batch, "document_id")?,
            ids,
            flat,
            validation: column(batch, "validation")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        let ends = self.ids.value_offsets();
        Row {
            document_id: self.document_id.value(at),
            ids: &self.flat.values()[ends[at] as usize..ends[at + 1] as usize],
            validation: self.validation.value(at),
        }
    }
}

fn layout(id: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![
        required("document_id", DataType::Utf8),
        required("ids", DataType::List(Arc::new(element(id)))),
        required("validation", DataType::Boolean),
    ]))
}

fn element(id: DataType) -> Field {
    required("element", id)
}

/// Collects token rows; the default holds 32-bit ids.
#[derive(Debug)]
pub struct Builder {
    document_id: StringBuilder,
    ids: Ids,
    validation: BooleanBuilder,
}

#[derive(Debug)]
enum Ids {
    Narrow(ListBuilder<PrimitiveBuilder<UInt16Type>>),
    Wide(ListBuilder<PrimitiveBuilder<UInt32Type>>),
}

impl Builder {
    /// For ids below `size`: a file of 16-bit ids where they suffice, of 32-bit ids otherwise.
    pub fn for_vocabulary(size: usize) -> Self {
        let ids = if size <= 1 << 16 {
            Ids::Narrow(ListBuilder::new(PrimitiveBuilder::new()).with_field(element(DataType::UInt16)))
        } else {
            Ids::Wide(ListBuilder::new(PrimitiveBuilder::new()).with_field(element(DataType::UInt32)))
        };
        Self { document_id: StringBuilder::new(), ids, validation: BooleanBuilder::new() }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::for_vocabulary(usize::MAX)
    }
}

impl crate::Builder<Tokens> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let bytes = text_bytes(Tokens::NAME, &[row.document_id])? + id_bytes(Tokens::NAME, row.ids.len())?;
        match &mut self.ids {
            Ids::Narrow(ids) => {
                if let Some(id) = row.ids.iter().find(|id| **id > u32::from(u16::MAX)) {
                    return Err(Error::Row {
                        table: Tokens::NAME,
                        column: "ids",
                        expected: "ids below 65,536 in a file of 16-bit ids".to_owned(),
                        got: id.to_string(),
                    });
                }
                ids.values().extend(row.ids.iter().map(|id| Some(*id as u16)));
                ids.append(true);
            }
            Ids::Wide(ids) => {
                ids.values().append_slice(row.ids);
                ids.append(true);
            }
        }
        self.document_id.append_value(row.document_id);
        self.validation.append_value(row.validation);
        Ok(bytes)
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let ids: ArrayRef = match &mut self.ids {
            Ids::Narrow(ids) => Arc::new(ids.finish()),
            Ids::Wide(ids) => Arc::new(ids.finish()),
        };
        vec![Arc::new(self.document_id.finish()), ids, Arc::new(self.validation.finish())]
    }

    fn schema(&self) -> SchemaRef {
        match self.ids {
            Ids::Narrow(_) => layout(DataType::UInt16),
            Ids::Wide(_) => layout(DataType::UInt32),
        }
    }
}
