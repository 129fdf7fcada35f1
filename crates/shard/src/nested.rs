//! Columns of lists: built from lengths and flat values, read as ranges of them.

use std::any::type_name;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{PrimitiveBuilder, StringBuilder};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, ListArray, PrimitiveArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};

use crate::column::{column, required, typed};
use crate::{Error, Result};

/// A list whose elements are never null. `element` is Parquet's own name for them.
pub(crate) fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(required("element", element)))
}

/// A group of columns under one name.
pub(crate) fn struct_of(fields: Vec<Field>) -> DataType {
    DataType::Struct(fields.into())
}

/// How long the list of each row is, and whether there is one.
#[derive(Debug, Default)]
pub(crate) struct Lengths {
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Lengths {
    /// A row with so many elements; without a list where there is no length.
    pub(crate) fn push(&mut self, length: Option<usize>) {
        self.lengths.push(length.unwrap_or(0));
        self.valid.push(length.is_some());
    }

    /// The rows so far, over the elements `values`; leaves none.
    pub(crate) fn finish(&mut self, values: ArrayRef) -> ListArray {
        let Self { lengths, valid } = std::mem::take(self);
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        let element = Arc::new(required("element", values.data_type().clone()));
        ListArray::new(element, OffsetBuffer::from_lengths(lengths), values, nulls)
    }
}

/// The columns of a group, none of whose rows is null.
pub(crate) fn group(fields: DataType, columns: Vec<ArrayRef>) -> ArrayRef {
    let DataType::Struct(fields) = fields else { unreachable!("groups are made by `struct_of`") };
    Arc::new(StructArray::new(fields, columns, None))
}

/// A list column beside its flat elements.
#[derive(Debug)]
pub(crate) struct Lists<A> {
    rows: ListArray,
    pub(crate) elements: A,
}

impl<A: Array + Clone + 'static> Lists<A> {
    /// Takes the list column `name`.
    pub(crate) fn bind(batch: &RecordBatch, name: &str) -> Result<Self> {
        Self::of(column(batch, name)?, name)
    }

    /// Takes a list column that lies inside of another.
    pub(crate) fn of(rows: ListArray, name: &str) -> Result<Self> {
        let elements = rows.values().as_any().downcast_ref::<A>().cloned();
        let elements = elements.ok_or_else(|| Error::Bind {
            column: name.to_owned(),
            expected: format!("a list of {}", type_name::<A>().rsplit("::").next().unwrap_or_default()),
            got: rows.data_type().to_string(),
        })?;
        Ok(Self { rows, elements })
    }

    /// Where the elements of the row at `at` lie; none where the row has no list.
    pub(crate) fn range(&self, at: usize) -> Option<Range<usize>> {
        let ends = self.rows.value_offsets();
        self.rows.is_valid(at).then(|| ends[at] as usize..ends[at + 1] as usize)
    }
}

impl Lists<StringArray> {
    /// The texts of the row at `at`.
    pub(crate) fn texts(&self, at: usize) -> Option<Vec<&str>> {
        Some(self.range(at)?.map(|at| self.elements.value(at)).collect())
    }
}

impl<T: ArrowPrimitiveType> Lists<PrimitiveArray<T>> {
    /// The numbers of the row at `at`.
    pub(crate) fn numbers(&self, at: usize) -> Option<&[T::Native]> {
        Some(&self.elements.values()[self.range(at)?])
    }
}

/// Takes the column `name` of a group.
pub(crate) fn member<A: Array + Clone + 'static>(group: &StructArray, name: &str) -> Result<A> {
    typed(group.column_by_name(name), name)
}

/// Collects lists of texts.
#[derive(Debug, Default)]
pub(crate) struct TextLists {
    rows: Lengths,
    elements: StringBuilder,
}

impl TextLists {
    pub(crate) fn push(&mut self, texts: Option<&[&str]>) {
        self.rows.push(texts.map(<[_]>::len));
        texts.unwrap_or_default().iter().for_each(|text| self.elements.append_value(text));
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        Arc::new(self.rows.finish(Arc::new(self.elements.finish())))
    }
}

/// Collects lists of numbers.
#[derive(Debug)]
pub(crate) struct NumberLists<T: ArrowPrimitiveType> {
    rows: Lengths,
    elements: PrimitiveBuilder<T>,
}

impl<T: ArrowPrimitiveType> Default for NumberLists<T> {
    fn default() -> Self {
        Self { rows: Lengths::default(), elements: PrimitiveBuilder::new() }
    }
}

impl<T: ArrowPrimitiveType> NumberLists<T> {
    pub(crate) fn push(&mut self, numbers: Option<&[T::Native]>) {
        self.rows.push(numbers.map(<[_]>::len));
        self.elements.append_slice(numbers.unwrap_or_default());
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        Arc::new(self.rows.finish(Arc::new(self.elements.finish())))
    }
}
