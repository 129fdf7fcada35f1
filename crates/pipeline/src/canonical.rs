//! One spelling per value, so that equal settings have equal keys.

use serde_json::Value;
use std::fmt::Write as _;

/// JSON with sorted keys and no white space.
///
/// Settings come here parsed and with defaults filled in, so comments, order and spelling of a file
/// change nothing, and a changed default changes the key.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write!(out, "{}:", Value::from(key.as_str())).expect("a String takes all");
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => write!(out, "{scalar}").expect("a String takes all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_of_keys_is_forgotten_and_types_are_kept() {
        let a: Value = serde_json::from_str(r#"{"b": [1, 2.0], "a": {"y": null, "x": "é"}}"#).unwrap();
        assert_eq!(canonical(&a), r#"{"a":{"x":"é","y":null},"b":[1,2.0]}"#);
        assert_ne!(canonical(&json!(1)), canonical(&json!(1.0)));
    }
}
