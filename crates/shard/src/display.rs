//! Values as text, for people.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::convert::convert;

/// Appends the value of `array` at `at`: texts as they are, lists as `[a, b]`, structs as `{name: value}`,
/// nulls inside of them as `null`.
pub(crate) fn display(array: &ArrayRef, at: usize, out: &mut String) {
    if array.is_null(at) {
        out.push_str("null");
        return;
    }
    match array.data_type() {
        DataType::Utf8 => out.push_str(array.as_string::<i32>().value(at)),
        DataType::Boolean => push(out, &array.as_boolean().value(at)),
        DataType::Float64 => push(out, &array.as_primitive::<Float64Type>().value(at)),
        DataType::Float32 => push(out, &array.as_primitive::<Float32Type>().value(at)),
        DataType::UInt64 => push(out, &array.as_primitive::<UInt64Type>().value(at)),
        DataType::List(_) => list(&array.as_list::<i32>().value(at), out),
        DataType::Struct(fields) => {
            for (number, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                out.push_str(if number == 0 { "{" } else { ", " });
                out.push_str(field.name());
                out.push_str(": ");
                display(column, at, out);
            }
            out.push('}');
        }
        kind if kind.is_integer() => match convert(&array.slice(at, 1), &DataType::Int64) {
            Ok(wide) => push(out, &wide.as_primitive::<Int64Type>().value(0)),
            Err(value) => out.push_str(&value),
        },
        DataType::Binary => push(out, &format_args!("<{} bytes>", array.as_binary::<i32>().value(at).len())),
        // dates and decimals are in no table of ours
        kind => push(out, &format_args!("<{kind}>")),
    }
}

fn list(values: &ArrayRef, out: &mut String) {
    out.push('[');
    for at in 0..values.len() {
        if at > 0 {
            out.push_str(", ");
        }
        display(values, at, out);
    }
    out.push(']');
}

fn push(out: &mut String, value: &impl std::fmt::Display) {
    write!(out, "{value}").expect("a string takes everything");
}
