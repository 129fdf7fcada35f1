//! What serde says of a settings table, in words for whoever wrote the file.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Fault, Result, nearest};
use crate::toml_lines::{Lines, child};

/// Deserialises `value`, and points errors at the line of the key they are about.
pub(crate) fn deserialize<T: serde::de::DeserializeOwned>(
    value: Value,
    lines: &Lines,
    file: &Path,
) -> Result<T> {
    serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let (pointer, fault) = explain(&error, "");
        let mut parent = pointer.as_str();
        while !lines.contains_key(parent) && !parent.is_empty() {
            parent = parent.rfind('/').map_or("", |cut| &parent[..cut]);
        }
        Error::Wiring(fault.at(file, lines.get(parent).copied()))
    })
}

/// The pointer that a serde error is about, and the error as a refusal without a place.
pub(crate) fn explain(
    error: &serde_path_to_error::Error<serde_json::Error>,
    prefix: &str,
) -> (String, Fault) {
    let (pointer, spelled) = place(error, prefix);
    let message = error.inner().to_string();
    if let Some((unknown, known)) = names(&message, "unknown field ") {
        return unknown_setting(pointer, &spelled, &unknown, &known);
    }
    if let Some((unknown, known)) = names(&message, "unknown variant ") {
        let fault = Fault::new(format!("`{spelled}` has no such value")).got(format!("\"{unknown}\""));
        let quoted: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
        let cure = nearest(&unknown, known.iter().map(String::as_str));
        let cure = cure.map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
        return (pointer, fault.expected(format!("one of {}", quoted.join(", "))).cure(cure));
    }
    if let Some((missing, _)) = names(&message, "missing field ") {
        let whole = if spelled.is_empty() { "the table".to_owned() } else { format!("`{spelled}`") };
        return (
            pointer,
            Fault::new(format!("{whole} lacks `{missing}`")).cure(format!("write {missing} = …")),
        );
    }
    let (got, expected) = message.split_once(", expected ").unwrap_or((&message, ""));
    let what = if spelled.is_empty() {
        "the settings are wrong".to_owned()
    } else {
        format!("`{spelled}` has a wrong value")
    };
    let got = got.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ");
    (pointer, Fault::new(what).got(got).expected(in_words(expected)))
}

/// Where the error is: as a JSON pointer, and as one writes it in TOML.
fn place(error: &serde_path_to_error::Error<serde_json::Error>, prefix: &str) -> (String, String) {
    use serde_path_to_error::Segment;
    let (mut pointer, mut spelled) = (prefix.to_owned(), String::new());
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => {
                pointer = child(&pointer, &index.to_string());
                write!(spelled, "[{index}]").expect("a String takes all");
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer = child(&pointer, key);
                let dot = if spelled.is_empty() { "" } else { "." };
                write!(spelled, "{dot}{key}").expect("a String takes all");
            }
            Segment::Unknown => {}
        }
    }
    (pointer, spelled)
}

fn unknown_setting(mut pointer: String, spelled: &str, unknown: &str, known: &[String]) -> (String, Fault) {
    // an untagged or tagged enum reads its table a second time, and then the path lacks the last key
    let parent = match spelled.strip_suffix(unknown) {
        Some(parent) if parent.is_empty() || parent.ends_with('.') => parent.trim_end_matches('.'),
        _ => spelled,
    };
    if parent == spelled {
        pointer = child(&pointer, unknown);
    }
    let place = if parent.is_empty() { String::new() } else { format!(" in `{parent}`") };
    let cure = nearest(unknown, known.iter().map(String::as_str));
    let cure = cure.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    let expected =
        if known.is_empty() { "no setting".to_owned() } else { format!("one of {}", known.join(", ")) };
    (pointer, Fault::new(format!("there is no setting `{unknown}`{place}")).expected(expected).cure(cure))
}

/// Takes serde's sentences apart: "unknown field `a`, expected one of `b`, `c`".
///
/// The first name comes from the file and may itself hold backticks, so it ends where the sentence goes on.
fn names(message: &str, sentence: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix(sentence)?.strip_prefix('`')?;
    let (name, rest) = rest
        .split_once("`, expected ")
        .or_else(|| rest.split_once("`, there are no ").map(|(name, _)| (name, "")))
        .or_else(|| rest.rsplit_once('`'))?;
    Some((name.to_owned(), rest.split('`').skip(1).step_by(2).map(str::to_owned).collect()))
}

/// Rust's names of types, for people who write TOML.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number, 1 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list: […]",
        "a map" => "a table: { … }",
        other => other,
    }
}
