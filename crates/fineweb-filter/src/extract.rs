//! Finding the text of a page.
//!
//! `lol_html` reads the markup and tells of tags and texts; `tree` keeps them as a light tree, `main_text`
//! decides what of it is the page's content, and `render` writes that down.

mod entities;
mod hints;
mod main_text;
mod reader;
mod render;
mod tag;
mod tree;

pub use entities::decode_entities;
pub use main_text::MainText;

use crate::Page;

/// Finds the text of a page.
pub trait Extractor: Send + Sync {
    /// Appends the text of `page` to `out`, paragraphs separated by `\n`.
    ///
    /// Never fails: a page without text appends nothing. Effort is bounded by the size of the page,
    /// never by a clock, so that the same page gives the same text on every machine.
    fn extract(&self, page: &Page<'_>, out: &mut String);
}

/// All visible text of a page, navigation and all.
#[derive(Clone, Debug)]
pub struct AllText {
    /// What stands behind this many elements and texts is not read.
    pub max_nodes: usize,
}

impl Extractor for AllText {
    fn extract(&self, page: &Page<'_>, out: &mut String) {
        let tree = reader::read(page.html, self.max_nodes);
        render::render(&tree, 0, |_| true, out);
    }
}
