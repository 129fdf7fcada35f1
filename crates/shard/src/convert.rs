//! The same values in another type, or the first that does not fit.
//!
//! Arrow's own cast does more and is a quarter of this crate's build; what is needed here is a page.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, PrimitiveArray, StructArray, new_null_array};
use arrow_schema::{DataType, Field, Fields};

/// Whether values of type `got` can be read as `expected`: equal types, numbers of another width, and lists
/// and groups of such. A group may lack the columns that may be null.
pub(crate) fn convertible(expected: &DataType, got: &DataType) -> bool {
    match (expected, got) {
        (DataType::Float64, DataType::Float32) => true,
        (DataType::List(expected), DataType::List(got)) => convertible(expected.data_type(), got.data_type()),
        (DataType::Struct(expected), DataType::Struct(got)) => expected.iter().all(|field| {
            let named = got.find(field.name()).map(|(_, got)| got.data_type());
            named.map_or(field.is_nullable(), |got| convertible(field.data_type(), got))
        }),
        _ => expected == got || expected.is_integer() && got.is_integer(),
    }
}

/// Brings an array to a type that is [`convertible`] from its own. The error says what does not fit.
pub(crate) fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    match to {
        _ if array.data_type() == to => Ok(Arc::clone(array)),
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => integers::<UInt64Type>(array),
        DataType::Float64 => {
            let narrow = array.as_primitive_opt::<Float32Type>().ok_or_else(|| mismatch(array))?;
            let wide: Float64Array = narrow.unary::<_, Float64Type>(f64::from);
            Ok(Arc::new(wide))
        }
        DataType::List(element) => {
            let list = array.as_list_opt::<i32>().ok_or_else(|| mismatch(array))?;
            let values = convert(list.values(), element.data_type())?;
            let list = ListArray::try_new(
                Arc::clone(element),
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            );
            list.map(|list| Arc::new(list) as ArrayRef).map_err(|error| error.to_string())
        }
        DataType::Struct(fields) => {
            let group = array.as_struct_opt().ok_or_else(|| mismatch(array))?;
            let column = |field: &Arc<Field>| match group.column_by_name(field.name()) {
                Some(column) => convert(column, field.data_type()),
                None => Ok(new_null_array(field.data_type(), group.len())),
            };
            let columns: Result<Vec<ArrayRef>, String> = fields.iter().map(column).collect();
            let group = StructArray::try_new(Fields::clone(fields), columns?, group.nulls().cloned());
            group.map(|group| Arc::new(group) as ArrayRef).map_err(|error| error.to_string())
        }
        _ => Err(mismatch(array)),
    }
}

fn integers<T>(array: &ArrayRef) -> Result<ArrayRef, String>
where
    T: ArrowPrimitiveType<Native: TryFrom<i128>>,
{
    match array.data_type() {
        DataType::Int8 => checked::<Int8Type, T>(array.as_primitive()),
        DataType::Int16 => checked::<Int16Type, T>(array.as_primitive()),
        DataType::Int32 => checked::<Int32Type, T>(array.as_primitive()),
        DataType::Int64 => checked::<Int64Type, T>(array.as_primitive()),
        DataType::UInt8 => checked::<UInt8Type, T>(array.as_primitive()),
        DataType::UInt16 => checked::<UInt16Type, T>(array.as_primitive()),
        DataType::UInt32 => checked::<UInt32Type, T>(array.as_primitive()),
        DataType::UInt64 => checked::<UInt64Type, T>(array.as_primitive()),
        _ => Err(mismatch(array)),
    }
}

fn checked<S, T>(array: &PrimitiveArray<S>) -> Result<ArrayRef, String>
where
    S: ArrowPrimitiveType<Native: Into<i128>>,
    T: ArrowPrimitiveType<Native: TryFrom<i128>>,
{
    let fit = |value: S::Native| {
        let value: i128 = value.into();
        T::Native::try_from(value).map_err(|_| value.to_string())
    };
    let array: PrimitiveArray<T> = array.try_unary(fit)?;
    Ok(Arc::new(array))
}

fn mismatch(array: &ArrayRef) -> String {
    array.data_type().to_string()
}
