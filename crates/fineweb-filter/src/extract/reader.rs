//! From markup to tree.
//!
//! The [`Scanner`] tells tags and texts, the [`Builder`] makes a tree of them, with the ends that HTML leaves out.

use rustc_hash::FxHashMap;

use super::head::Head;
use super::hints::of_attribute;
use super::linked_data::SEPARATOR;
use super::scanner::{Kind, Scanner, Token};
use super::tag::Tag;
use super::tree::{Builder, Tree};
use crate::hash::xxh64;

/// Bytes of text below which a page may be one that scripts draw.
const LITTLE: usize = 1_000;

/// Reads a page, or what it shows to readers without scripts where that is more.
pub(super) fn read(html: &str, max_nodes: usize) -> Tree {
    let mut tree = read_markup(html, max_nodes);
    if tree.text.len() < LITTLE && tree.noscript.len() > tree.text.len() {
        let without_scripts = read_markup(&tree.noscript, max_nodes);
        if without_scripts.text.len() > tree.text.len() {
            tree = Tree { head: tree.head, ..without_scripts };
        }
    }
    tree
}

/// Reads markup; what stands behind `max_nodes` nodes is left out.
fn read_markup(html: &str, max_nodes: usize) -> Tree {
    let mut builder = Builder::new(max_nodes);
    let mut scanner = Scanner::new(html);
    let mut open = OpenNames::default();
    let mut in_linked_data = false;
    while let Some(token) = scanner.next() {
        match token {
            Token::Start { name, empty } => {
                let tag = Tag::from_name(name);
                let hints = match tag {
                    Tag::Void => {
                        builder.head().about_use(name, scanner.attributes());
                        meta(scanner.attributes(), builder.head());
                        0
                    }
                    Tag::Mute => {
                        in_linked_data = is_linked_data(&scanner);
                        if in_linked_data {
                            builder.head().linked_data(&SEPARATOR.to_string());
                        }
                        0
                    }
                    _ => {
                        if tag == Tag::Link {
                            builder.head().about_use(name, scanner.attributes());
                        }
                        let hint = |(name, value): (&str, &str)| of_attribute(name.as_bytes(), value);
                        scanner.attributes().map(hint).fold(0, |all, hint| all | hint)
                    }
                };
                let id = builder.start(tag, hints);
                if !empty {
                    open.push(name, id);
                } else if let Some(id) = id {
                    builder.end(id);
                }
            }
            Token::End { name } => open.close(name, |id| builder.end(id)),
            Token::Text(text, Kind::Text | Kind::Cdata) if !builder.is_mute() => builder.text(text),
            Token::Text(text, Kind::Script) if in_linked_data => builder.head().linked_data(text),
            Token::Text(text, Kind::Raw) => builder.raw(text),
            Token::Text(..) => {}
        }
    }
    builder.finish()
}

/// Elements whose end tag has not come yet, by name: an end tag ends the last one of its name and all within it.
#[derive(Default)]
struct OpenNames {
    open: Vec<(u64, Option<u32>)>,
    /// How many of a name are open: an end tag without a beginning is told at once, however much is open.
    count: FxHashMap<u64, u32>,
}

impl OpenNames {
    fn push(&mut self, name: &[u8], id: Option<u32>) {
        let key = key(name);
        *self.count.entry(key).or_default() += 1;
        self.open.push((key, id));
    }

    fn close(&mut self, name: &[u8], mut end: impl FnMut(u32)) {
        let name = key(name);
        if self.count.get(&name).is_none_or(|&count| count == 0) {
            return;
        }
        while let Some((key, id)) = self.open.pop() {
            *self.count.entry(key).or_default() -= 1;
            id.into_iter().for_each(&mut end);
            if key == name {
                break;
            }
        }
    }
}

/// A key that names share which differ in case only.
fn key(name: &[u8]) -> u64 {
    let mut short = [0; 8];
    match short.get_mut(..name.len()) {
        Some(lower) => {
            lower.copy_from_slice(name);
            lower.make_ascii_lowercase();
            u64::from_le_bytes(short)
        }
        None => xxh64(&name.to_ascii_lowercase(), 0),
    }
}

/// Reads the attributes of a `meta` element.
fn meta<'h>(attributes: impl Iterator<Item = (&'h str, &'h str)>, head: &mut Head) {
    let (mut meta_name, mut content) = ("", "");
    for (name, value) in attributes {
        match name.len() {
            4 if name.eq_ignore_ascii_case("name") => meta_name = value,
            8 if name.eq_ignore_ascii_case("property") => meta_name = value,
            7 if name.eq_ignore_ascii_case("content") => content = value,
            _ => {}
        }
    }
    if !meta_name.is_empty() {
        head.meta(meta_name, content);
    }
}

fn is_linked_data(scanner: &Scanner<'_>) -> bool {
    scanner.attributes().any(|(name, value)| {
        name.eq_ignore_ascii_case("type") && value.trim().eq_ignore_ascii_case("application/ld+json")
    })
}

#[cfg(test)]
mod tests;
