//! From markup to tree, by `lol_html`'s events.
//!
//! `lol_html` builds no tree: it neither ends elements that HTML ends silently, nor reports what is open at the
//! end of the page. The [`Builder`] does both. The page is given in one write, so that all source positions
//! are positions in it and tag and attribute names are read without a copy.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{HtmlRewriter, Settings, doc_text, element, end_tag};

use super::hints::Hints;
use super::tag::Tag;
use super::tree::{Builder, Tree};

/// Linked data behind this many bytes of one script is not read.
const MAX_JSON_LD: usize = 1 << 20;

/// Reads a page; what stands behind `max_nodes` nodes is left out.
pub(super) fn read(html: &str, max_nodes: usize) -> Tree {
    let builder = Rc::new(RefCell::new(Builder::new(max_nodes)));
    let raw = RefCell::new(String::new());
    let in_json_ld = Cell::new(false);
    let on_element = |element: &mut Element<'_, '_>| {
        let name = name(html, element);
        let tag = Tag::from_name(name);
        if ["meta", "link", "a"].into_iter().any(|told| name.eq_ignore_ascii_case(told)) {
            builder.borrow_mut().rights().element(name, attributes(html, element));
        }
        in_json_ld.set(name.eq_ignore_ascii_case("script") && is_json_ld(html, element));
        let id = builder.borrow_mut().start(tag, hints(html, element));
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
            TextType::RawText => builder.borrow_mut().raw(chunk.as_str()),
            TextType::ScriptData if in_json_ld.get() && raw.len() < MAX_JSON_LD => {
                raw.push_str(chunk.as_str());
            }
            _ => {}
        }
        // A text node is whole only now: a reference may be cut between chunks.
        if chunk.last_in_text_node() {
            let mut builder = builder.borrow_mut();
            if chunk.text_type() == TextType::ScriptData {
                builder.rights().json_ld(&raw);
            } else if !builder.is_mute() {
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

fn name<'h>(html: &'h str, element: &Element<'_, '_>) -> &'h str {
    let source = html.get(element.source_location().bytes()).unwrap_or("");
    let name = source.strip_prefix('<').unwrap_or(source);
    let end = name.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(name.len());
    &name[..end]
}

/// Names and raw values of the element's attributes.
fn attributes<'h>(html: &'h str, element: &Element<'_, '_>) -> impl Iterator<Item = (&'h str, &'h str)> {
    let slice = |location: lol_html::html_content::SourceLocation| html.get(location.bytes()).unwrap_or("");
    element.attributes().iter().map(move |attribute| {
        let name = attribute.name_source_location().map_or("", slice);
        (name, attribute.value_source_location().map_or("", slice))
    })
}

fn is_json_ld(html: &str, element: &Element<'_, '_>) -> bool {
    attributes(html, element).any(|(name, value)| {
        name.eq_ignore_ascii_case("type") && value.trim().eq_ignore_ascii_case("application/ld+json")
    })
}

fn hints(html: &str, element: &Element<'_, '_>) -> Hints {
    let mut hints = Hints::default();
    for (name, value) in attributes(html, element) {
        hints.read(name, value);
    }
    hints
}
