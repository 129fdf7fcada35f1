//! The fields of one line, asked for by name.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// Bytes of a value that an error shows.
const SHOWN: usize = 80;

/// One line's object.
pub(super) struct Fields {
    object: Map<String, Value>,
    line: usize,
    /// What a request of oe-eval is about, as it stands there.
    requested: Option<String>,
}

impl Fields {
    pub(super) fn parse(text: &str, line: usize) -> Result<Self> {
        let wrong = |got: String| Error::Line { line, expected: "a JSON object".to_owned(), got };
        match serde_json::from_str(text) {
            Ok(Value::Object(mut object)) if object.contains_key("request_type") => {
                match object.get_mut("doc").map(Value::take) {
                    Some(Value::Object(doc)) => {
                        let requested = Some(Value::Object(doc.clone()).to_string());
                        Ok(Self { object: doc, line, requested })
                    }
                    other => Err(wrong(format!("a request whose `doc` is {}", shown(&other.into())))),
                }
            }
            Ok(Value::Object(object)) => Ok(Self { object, line, requested: None }),
            Ok(other) => Err(wrong(shown(&other))),
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// The document of a request; none of a line that is a question itself.
    pub(super) fn requested(&self) -> Option<String> {
        self.requested.clone()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<String> {
        let text = self.object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.wrong(name, "a text that is not empty"))
    }

    /// At least one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let texts = self.object.get(name).and_then(Value::as_array);
        let texts = texts.and_then(|texts| texts.iter().map(text).collect::<Option<Vec<_>>>());
        texts.filter(|texts| !texts.is_empty()).ok_or_else(|| self.wrong(name, "texts that are not empty"))
    }

    pub(super) fn index(&self, name: &str, end: usize) -> Result<usize> {
        let index = self.object.get(name).and_then(Value::as_u64).map(|index| index as usize);
        index.filter(|&index| index < end).ok_or_else(|| self.wrong(name, &format!("a number below {end}")))
    }

    /// The subject or category; empty where there is none.
    pub(super) fn group(&self) -> String {
        let named = ["category", "subject"].into_iter().find_map(|name| self.object.get(name)?.as_str());
        named.unwrap_or_default().to_owned()
    }

    pub(super) fn wrong(&self, name: &str, expected: &str) -> Error {
        let got = self.object.get(name).map_or("nothing".to_owned(), shown);
        Error::Line { line: self.line, expected: format!("{expected} in `{name}`"), got }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let cut = text.floor_char_boundary(SHOWN);
    if cut < text.len() { format!("{}…", &text[..cut]) } else { text }
}
