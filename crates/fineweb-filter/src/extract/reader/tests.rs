//! The same pages by `lol_html`, which the scanner must equal.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{HtmlRewriter, Settings, doc_text, element, end_tag};
use proptest::prelude::*;

use super::super::hints::of_attribute;
use super::super::linked_data::SEPARATOR;
use super::super::tag::Tag;
use super::super::tree::{Builder, Tree};
use super::{meta, read_markup};

/// Reads markup by `lol_html`'s events.
fn by_lol_html(html: &str, max_nodes: usize) -> Tree {
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
            Tag::Void => meta(attributes(html, element), builder.borrow_mut().head()),
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

fn is_linked_data(html: &str, element: &Element<'_, '_>) -> bool {
    attributes(html, element).any(|(name, value)| {
        name.eq_ignore_ascii_case("type") && value.trim().eq_ignore_ascii_case("application/ld+json")
    })
}

/// All that can be seen of a tree.
fn seen(tree: &Tree) -> String {
    let nodes: Vec<String> = tree
        .nodes
        .iter()
        .map(|node| {
            format!("{:?} {:x} {} {} {:?}", node.tag, node.hints, node.parent, node.end, tree.text_of(node))
        })
        .collect();
    format!("{}\nnoscript {:?}\n{:?}", nodes.join("\n"), tree.noscript, tree.head)
}

fn same(html: &str) {
    assert_eq!(seen(&read_markup(html, 10_000)), seen(&by_lol_html(html, 10_000)), "{html}");
}

#[test]
fn pages_are_read_as_by_lol_html() {
    for html in [
        "<p class=a id='b'>one<p>two<div>three</div>",
        "a<!-- x -->b<!--->c<!---->d<!-- -- --!>e<!-- <p> --->f",
        "<!doctype html><?xml x?><html><title>a<b>&amp;</title><body>x</body></html>y",
        "1 < 2 <3 </> </ x> <",
        "<a href=x/>y</a><br/><img src='>'>z<p/>w",
        "<script>if (a < b) '</p>'</script>x<script><!-- <script> </script> --></script>y",
        "<style>a{}</style><noscript><p>n</noscript><textarea><p></textarea><xmp><b></xmp>t",
        "<svg><title>t</title><style><p>x</style><![CDATA[c<d]]><path/><foreignObject><p>f</foreignObject></svg>o",
        "<math><mi>x</mi><mo><b>y</b></mo></math>z<![CDATA[q]]>r",
        "<ul><li>a<li>b</ul>c</span>d</ul>e<UL>f</uL>g",
        "<div a = 'b' =c d=e'f>x<p a=>y<p a=b/>z<p/a>w",
        "<script type='application/ld+json'>{\"a\": 1}</script><meta name=robots content=noai><x-y z>q</x-y>",
        "<p title=\"unclosed>text",
        "<p>unfinished <b",
        "x</",
    ] {
        same(html);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_page_is_read_as_by_lol_html(
        parts in prop::collection::vec(
            prop_oneof![
                "[a-z &;<>/=\"'!-]{0,12}",
                "</?(p|div|li|ul|table|tr|td|a|pre|b|span|h1|br|nav|main|img|x-y)( class=[a-z\"'/>]{0,4}| id='nav'| hidden|/|)>",
                "</?(script|style|noscript|title|textarea|xmp|iframe|template)>",
                // whole: out of drawings in drawings `lol_html` comes one at a time, HTML all at once
                "<svg( class=[a-z/]{0,2}|)>(<path/>|<title>t</title>|<style><p></style>|a|<!-- b -->){0,3}</svg>",
                "<math>(<mi>x</mi>|<mo><b>y</b></mo>|z){0,3}</math>",
                "<!--[a-z -]{0,6}-->",
                Just("<script type=application/ld+json>".to_owned()),
            ],
            0..24,
        ),
    ) {
        same(&parts.concat());
    }
}
