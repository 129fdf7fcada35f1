//! The keys and values at the head of a GGUF file.
//!
//! Integers of every width are one kind here, and so are floats: writers differ in which they choose.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::super::bytes::{Bytes, wrong};
use crate::Result;

/// What a GGUF file says about its model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The file, for errors.
    pub path: PathBuf,
    /// All entries.
    pub values: BTreeMap<String, Value>,
}

/// A value of any of the format's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// u8, u16, u32 or u64.
    Unsigned(u64),
    /// i8, i16, i32 or i64.
    Signed(i64),
    /// f32 or f64.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// UTF-8.
    Text(String),
    /// Values of one type, which may be arrays again.
    Array(Vec<Value>),
}

impl Value {
    /// A number from zero, whatever its type.
    pub fn as_whole(&self) -> Option<usize> {
        match *self {
            Self::Unsigned(number) => usize::try_from(number).ok(),
            Self::Signed(number) => usize::try_from(number).ok(),
            _ => None,
        }
    }

    /// A number, whatever its type.
    pub fn as_number(&self) -> Option<f64> {
        match *self {
            Self::Unsigned(number) => Some(number as f64),
            Self::Signed(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// A text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }
}

/// For errors: long values are cut.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => write!(f, "{number}"),
            Self::Signed(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{:?}", text.chars().take(40).collect::<String>()),
            Self::Array(values) => write!(f, "an array of {}", values.len()),
        }
    }
}

impl Metadata {
    /// The value of `key` as `convert` understands it, or none where the key is absent.
    pub fn find<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        match convert(value) {
            Some(converted) => Ok(Some(converted)),
            None => Err(wrong(&self.path, key, expected, value.to_string())),
        }
    }

    /// As [`Metadata::find`], of a key that must be there.
    pub fn need<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T> {
        self.find(key, expected, convert)?.ok_or_else(|| wrong(&self.path, key, expected, "nothing"))
    }

    /// Reads the number of entries, and them.
    pub(super) fn read(head: &mut Bytes<'_>) -> Result<Self> {
        let mut values = BTreeMap::new();
        for _ in 0..head.u64("number of entries")? {
            let key = text(head, "key")?;
            let code = head.u32(&key)?;
            let value = value(head, &key, code, 0)?;
            if let Some(earlier) = values.insert(key.clone(), value) {
                return Err(head.wrong(&key, "one entry", format!("another after {earlier}")));
            }
        }
        Ok(Self { path: head.path.to_owned(), values })
    }
}

/// A length and so many bytes of UTF-8.
pub(super) fn text(head: &mut Bytes<'_>, what: &str) -> Result<String> {
    let length = head.u64(what)?;
    let at = head.at;
    let bytes = head.take(length, what)?;
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(problem) => Err(head.wrong(what, format!("UTF-8 at byte {at}"), problem.to_string())),
    }
}

/// A value of the type that the format numbers `code`, within so many arrays.
fn value(head: &mut Bytes<'_>, key: &str, code: u32, depth: usize) -> Result<Value> {
    Ok(match code {
        0 => Value::Unsigned(u8::from_le_bytes(head.array(key)?).into()),
        1 => Value::Signed(i8::from_le_bytes(head.array(key)?).into()),
        2 => Value::Unsigned(u16::from_le_bytes(head.array(key)?).into()),
        3 => Value::Signed(i16::from_le_bytes(head.array(key)?).into()),
        4 => Value::Unsigned(u32::from_le_bytes(head.array(key)?).into()),
        5 => Value::Signed(i32::from_le_bytes(head.array(key)?).into()),
        6 => Value::Float(f32::from_le_bytes(head.array(key)?).into()),
        7 => Value::Bool(boolean(head, key)?),
        8 => Value::Text(text(head, key)?),
        9 => array(head, key, depth)?,
        10 => Value::Unsigned(u64::from_le_bytes(head.array(key)?)),
        11 => Value::Signed(i64::from_le_bytes(head.array(key)?)),
        12 => Value::Float(f64::from_le_bytes(head.array(key)?)),
        _ => return Err(head.wrong(key, "a type from 0 to 12", code.to_string())),
    })
}

fn boolean(head: &mut Bytes<'_>, key: &str) -> Result<bool> {
    match head.array(key)? {
        [0] => Ok(false),
        [1] => Ok(true),
        [byte] => Err(head.wrong(key, "0 or 1", byte.to_string())),
    }
}

fn array(head: &mut Bytes<'_>, key: &str, depth: usize) -> Result<Value> {
    let deepest = 4; // models have arrays of numbers and texts; a stack has an end
    if depth == deepest {
        return Err(head.wrong(key, format!("arrays at most {deepest} deep"), "more"));
    }
    let code = head.u32(key)?;
    let count = head.u64(key)?;
    // grown as elements appear, each of a byte at least: the count itself reserves nothing
    (0..count).map(|_| value(head, key, code, depth + 1)).collect::<Result<_>>().map(Value::Array)
}
