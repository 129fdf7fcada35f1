//! Rows of any Parquet file as JSON: for files of others whose layout is no table of ours.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use serde_json::{Map, Value};

use crate::Error;
use crate::convert::convert;
use crate::decode::{guarded, open};

/// Shows `visit` every row of a file, as an object by column; it ends the reading by an error.
///
/// Texts, numbers, booleans, lists and groups become what they are in JSON; anything else a word for its type, as
/// `<Timestamp(…)>`.
pub fn each_value<E: From<Error>>(
    path: &Path,
    mut visit: impl FnMut(Value) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut batches = guarded(path, || open(path)?.build().map_err(Error::parquet(path)))?;
    while let Some(batch) =
        guarded(path, || batches.next().transpose().map_err(|error| Error::parquet(path)(error.into())))?
    {
        let schema = batch.schema();
        for at in 0..batch.num_rows() {
            let columns = schema.fields().iter().zip(batch.columns());
            let row: Map<String, Value> =
                columns.map(|(field, array)| (field.name().clone(), value(array, at))).collect();
            visit(Value::Object(row))?;
        }
    }
    Ok(())
}

fn value(array: &ArrayRef, at: usize) -> Value {
    if array.is_null(at) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(at).into(),
        DataType::Boolean => array.as_boolean().value(at).into(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(at).into(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(at).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(at).into(),
        DataType::List(_) => list(&array.as_list::<i32>().value(at)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(at)),
        DataType::Struct(fields) => {
            let members = fields.iter().zip(array.as_struct().columns());
            members
                .map(|(field, column)| (field.name().clone(), value(column, at)))
                .collect::<Map<_, _>>()
                .into()
        }
        kind if kind.is_integer() => {
            let wide = convert(&array.slice(at, 1), &DataType::Int64).expect("64 bits hold what is narrower");
            wide.as_primitive::<Int64Type>().value(0).into()
        }
        kind => format!("<{kind}>").into(),
    }
}

fn list(values: &ArrayRef) -> Value {
    (0..values.len()).map(|at| value(values, at)).collect::<Vec<_>>().into()
}
