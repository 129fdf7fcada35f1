//! Finding the text of a page.
//!
//! `scanner` reads the markup and tells of tags and texts; `tree` keeps them as a light tree, `main_text` decides
//! what of it is the page's content, and `render` writes that down.

mod blocks;
mod choose;
mod entities;
mod features;
mod forest;
mod head;
mod hints;
mod linked_data;
mod main_text;
mod page_words;
mod prose;
mod reader;
mod render;
mod scanner;
mod tag;
mod title;
mod tree;
mod weights;

pub use entities::decode_entities;
pub use main_text::{MainText, Measured};

use crate::Page;
use crate::rights::Rights;

/// What an extractor found in one page. A worker reuses it from page to page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// The text, paragraphs separated by `\n`.
    pub text: String,
    /// What the page calls itself; empty where it does not.
    pub title: String,
    /// What the page says about its use. Headers are taken into account by [`Filter`](crate::Filter).
    pub rights: Rights,
}

impl Extract {
    /// Forgets the page, keeps the buffers.
    pub fn clear(&mut self) {
        self.text.clear();
        self.title.clear();
        self.rights = Rights::default();
    }
}

/// Finds the text of a page, and what the page says of itself.
///
/// ```
/// use fineweb_filter::extract::{Extract, Extractor};
/// use fineweb_filter::Page;
///
/// /// The paragraphs, whatever stands around them.
/// struct Paragraphs;
///
/// impl Extractor for Paragraphs {
///     fn extract(&self, page: &Page<'_>, out: &mut Extract) {
///         for paragraph in page.html.split("<p>").skip(1) {
///             out.text.push_str(paragraph.split('<').next().unwrap_or_default().trim());
///             out.text.push('\n');
///         }
///     }
/// }
/// ```
pub trait Extractor: Send + Sync {
    /// Fills `out`, which the caller has cleared.
    ///
    /// Never fails: a page without text leaves it empty. Effort is bounded by the size of the page,
    /// never by a clock, so that the same page gives the same text on every machine.
    fn extract(&self, page: &Page<'_>, out: &mut Extract);
}

/// All visible text of a page, navigation and all.
#[derive(Clone, Debug)]
pub struct AllText {
    /// What stands behind this many elements and texts is not read.
    pub max_nodes: usize,
}

impl Extractor for AllText {
    fn extract(&self, page: &Page<'_>, out: &mut Extract) {
        let tree = reader::read(page.html, self.max_nodes);
        render::render(&tree, &blocks::blocks(&tree), |_| true, &mut out.text);
        out.rights = tree.head.rights();
    }
}
