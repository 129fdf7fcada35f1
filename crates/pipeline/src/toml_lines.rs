//! TOML as a JSON value, with the line of every key.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// JSON pointer (RFC 6901) to line, from 1.
pub(crate) type Lines = BTreeMap<String, usize>;

/// Parses `text`; an error is its message and line.
pub(crate) fn parse(text: &str) -> Result<(Value, Lines), (String, Option<usize>)> {
    let starts = LineStarts::of(text);
    let table = DeTable::parse(text)
        .map_err(|error| (error.message().to_owned(), error.span().map(|span| starts.line(span.start))))?;
    let mut lines = Lines::new();
    let value = from_table(&starts, table.get_ref(), "", &mut lines)?;
    Ok((value, lines))
}

/// Offsets at which lines begin, so that a file of many keys costs no walk of the text per key.
pub(crate) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(crate) fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|&start| start <= offset)
    }
}

type Converted = Result<Value, (String, Option<usize>)>;

fn from_table(starts: &LineStarts, table: &DeTable<'_>, at: &str, lines: &mut Lines) -> Converted {
    let mut map = Map::new();
    for (key, value) in table {
        let pointer = child(at, key.get_ref());
        lines.insert(pointer.clone(), starts.line(key.span().start));
        map.insert(key.get_ref().to_string(), from_value(starts, value, &pointer, lines)?);
    }
    Ok(Value::Object(map))
}

fn from_value(starts: &LineStarts, value: &Spanned<DeValue<'_>>, at: &str, lines: &mut Lines) -> Converted {
    let line = starts.line(value.span().start);
    Ok(match value.get_ref() {
        DeValue::String(string) => Value::from(string.as_ref()),
        DeValue::Boolean(boolean) => Value::from(*boolean),
        DeValue::Integer(integer) => {
            let parsed = i64::from_str_radix(integer.as_str(), integer.radix());
            let fault = |_| {
                (
                    format!("the integer {integer} is too large: whole numbers have 64 bits and a sign"),
                    Some(line),
                )
            };
            Value::from(parsed.map_err(fault)?)
        }
        DeValue::Float(float) => {
            let parsed = float.as_str().parse::<f64>().ok().filter(|number| number.is_finite());
            Value::from(parsed.ok_or((format!("{float} is not a finite number"), Some(line)))?)
        }
        DeValue::Datetime(datetime) => Value::from(datetime.to_string()),
        DeValue::Table(table) => from_table(starts, table, at, lines)?,
        DeValue::Array(items) => {
            let mut array = Vec::with_capacity(items.len());
            for (i, item) in items.iter().enumerate() {
                let pointer = child(at, &i.to_string());
                lines.insert(pointer.clone(), starts.line(item.span().start));
                array.push(from_value(starts, item, &pointer, lines)?);
            }
            Value::Array(array)
        }
    })
}

/// The pointer of `key` below `at`.
pub(crate) fn child(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
