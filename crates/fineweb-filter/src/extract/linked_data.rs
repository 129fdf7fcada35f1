//! The text that a page repeats for machines, as JSON-LD (<https://schema.org>): what is left of pages that scripts draw.

use serde_json::{Map, Value};

use super::head::Head;
use super::{blocks, reader, render};

/// Between scripts in [`Head::linked_data`].
pub(super) const SEPARATOR: char = '\0';

/// Appends articles, posts, questions with answers, and descriptions of products, a line each.
pub(super) fn text(head: &Head, out: &mut String) {
    for script in head.linked_data.split(SEPARATOR) {
        // serde_json goes 128 levels deep at most; what is no JSON says nothing.
        if let Ok(value) = serde_json::from_str(script) {
            walk(&value, out);
        }
    }
}

fn walk(value: &Value, out: &mut String) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, out)),
        Value::Object(object) => {
            let texts = texts_of(object);
            texts.iter().filter_map(|key| object.get(*key)).for_each(|value| property(value, out));
            let others = object.iter().filter(|(key, _)| !texts.contains(&key.as_str()));
            others.for_each(|(_, value)| walk(value, out));
        }
        _ => {}
    }
}

/// A property that is text, or a list of texts and of objects that hold some.
fn property(value: &Value, out: &mut String) {
    match value {
        Value::String(markup) => line(markup, out),
        Value::Array(values) => values.iter().for_each(|value| property(value, out)),
        _ => walk(value, out),
    }
}

/// The properties of an object that are text for readers, by its type.
fn texts_of(object: &Map<String, Value>) -> &'static [&'static str] {
    let names: Vec<&str> = match object.get("@type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let any = |known: &[&str]| names.iter().any(|name| known.contains(name));
    if any(&["DiscussionForumPosting", "SocialMediaPosting", "Comment", "Answer"]) {
        &["headline", "articleBody", "text"]
    } else if any(&["Question"]) {
        &["name", "text"]
    } else if any(&["Product", "ProductGroup", "Course", "Event", "JobPosting", "SoftwareApplication"]) {
        &["name", "description"]
    } else if any(&["Recipe"]) {
        &["name", "description", "recipeIngredient", "recipeInstructions"]
    } else if any(&["HowToStep"]) {
        &["text"]
    } else {
        &["articleBody"]
    }
}

/// Properties may hold markup.
fn line(markup: &str, out: &mut String) {
    let tree = reader::read(markup, MOST_NODES);
    let mut text = String::new();
    render::render(&tree, &blocks::blocks(&tree), |_| true, &mut text);
    if !text.is_empty() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&text);
    }
}

/// What stands behind this many elements and texts of one property is not read.
const MOST_NODES: usize = 100_000;
