//! From markup to tree, by `lol_html`'s events.
//!
//! `lol_html` builds no tree: it neither ends elements that HTML ends silently, nor reports what is open at the
//! end of the page. The [`Builder`] does both. The page is given in one write, so that all source positions
//! are positions in it and tag and attribute names are read without a copy.

use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{HtmlRewriter, Settings, doc_text, element, end_tag};

use super::hints::Hints;
use super::tag::Tag;
use super::tree::{Builder, Tree};

/// Reads a page; what stands behind `max_nodes` nodes is left out.
pub(super) fn read(html: &str, max_nodes: usize) -> Tree {
    let builder = Rc::new(RefCell::new(Builder::new(max_nodes)));
    let raw = RefCell::new(String::new());
    let on_element = |element: &mut Element<'_, '_>| {
        let tag = tag(html, element);
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

fn tag(html: &str, element: &Element<'_, '_>) -> Tag {
    let source = html.get(element.source_location().bytes()).unwrap_or("");
    let name = source.strip_prefix('<').unwrap_or(source);
    let end = name.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(name.len());
    Tag::from_name(&name[..end])
}

fn hints(html: &str, element: &Element<'_, '_>) -> Hints {
    let mut hints = Hints::default();
    for attribute in element.attributes() {
        let slice =
            |location: lol_html::html_content::SourceLocation| html.get(location.bytes()).unwrap_or("");
        let name = attribute.name_source_location().map_or("", slice);
        let value = attribute.value_source_location().map_or("", slice);
        hints.read(name, value);
    }
    hints
}
