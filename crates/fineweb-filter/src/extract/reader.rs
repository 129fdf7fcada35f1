//! From markup to tree, by `lol_html`'s events.
//!
//! `lol_html` builds no tree: it neither ends elements that HTML ends silently, nor reports what is open at the
//! end of the page. The [`Builder`] does both. The page is given in one write, so that all source positions
//! are positions in it and tag and attribute names are read without a copy.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{HtmlRewriter, Settings, doc_text, element, end_tag};

use super::head::Head;
use super::hints::of_attribute;
use super::linked_data::SEPARATOR;
use super::tag::Tag;
use super::tree::{Builder, Tree};

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
    let builder = Rc::new(RefCell::new(Builder::new(max_nodes)));
    let raw = RefCell::new(String::new());
    let json = Cell::new(false);
    let on_element = |element: &mut Element<'_, '_>| {
        let name = name(html, element);
        let tag = Tag::from_name(name);
        if matches!(tag, Tag::Void | Tag::Link) {
            builder.borrow_mut().head().about_use(name, attributes(html, element));
        }
        let mut hints = 0;
        match tag {
            Tag::Void => meta(html, element, builder.borrow_mut().head()),
            Tag::Mute => {
                json.set(is_linked_data(html, element));
                if json.get() {
                    builder.borrow_mut().head().linked_data(&SEPARATOR.to_string());
                }
            }
            _ => {
                hints = attributes(html, element)
                    .fold(0, |hints, (name, value)| hints | of_attribute(name.as_bytes(), value));
            }
        }
        let id = builder.borrow_mut().start(tag, hints);
        if let (Some(id), Some(ends)) = (id, element.end_tag_handlers()) {
            let builder = Rc::clone(&builder);
            ends.push(end_tag!(move |_| {
                builder.borrow_mut().end(id);
                Ok(())
            }));
        } else if let Some(id) = id {
            builder.borrow_mut().end(id);
        }
        Ok(())
    };
    let on_text = |chunk: &mut TextChunk<'_>| {
        let mut raw = raw.borrow_mut();
        match chunk.text_type() {
            TextType::Data | TextType::RCData | TextType::CDataSection => raw.push_str(chunk.as_str()),
            TextType::ScriptData if json.get() => builder.borrow_mut().head().linked_data(chunk.as_str()),
            TextType::RawText => builder.borrow_mut().raw(chunk.as_str()),
            _ => {}
        }
        // A text node is whole only now: a reference may be cut between chunks.
        if chunk.last_in_text_node() {
            let mut builder = builder.borrow_mut();
            if !builder.is_mute() {
                builder.text(&raw);
            }
            raw.clear();
        }
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!("*", on_element))
        .append_document_content_handler(doc_text!(on_text))
        .with_strict(false);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    // An error ends the reading; what was read until then is the page.
    let _ = rewriter.write(html.as_bytes()).and_then(|()| rewriter.end());
    builder.replace(Builder::new(1)).finish()
}

fn name<'h>(html: &'h str, element: &Element<'_, '_>) -> &'h [u8] {
    let source = html.as_bytes().get(element.source_location().bytes()).unwrap_or(b"");
    let name = source.strip_prefix(b"<").unwrap_or(source);
    let end = name.iter().position(|c| c.is_ascii_whitespace() || matches!(c, b'/' | b'>'));
    &name[..end.unwrap_or(name.len())]
}

/// Names and values of an element's attributes, as they stand.
fn attributes<'h>(html: &'h str, element: &Element<'_, '_>) -> impl Iterator<Item = (&'h str, &'h str)> {
    let slice = |location: lol_html::html_content::SourceLocation| html.get(location.bytes()).unwrap_or("");
    element.attributes().iter().map(move |attribute| {
        let name = attribute.name_source_location().map_or("", slice);
        (name, attribute.value_source_location().map_or("", slice))
    })
}

/// Reads a `meta` element.
fn meta(html: &str, element: &Element<'_, '_>, head: &mut Head) {
    let (mut meta_name, mut content) = ("", "");
    for (name, value) in attributes(html, element) {
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

fn is_linked_data(html: &str, element: &Element<'_, '_>) -> bool {
    attributes(html, element).any(|(name, value)| {
        name.eq_ignore_ascii_case("type") && value.trim().eq_ignore_ascii_case("application/ld+json")
    })
}
