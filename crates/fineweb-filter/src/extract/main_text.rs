//! The main text of a page.

use super::{Extractor, reader, render};
use crate::Page;

/// The main text: the page without navigation, advertising and the like.
#[derive(Clone, Debug)]
pub struct MainText {
    /// What stands behind this many elements and texts is not read.
    pub max_nodes: usize,
}

impl Extractor for MainText {
    fn extract(&self, page: &Page<'_>, out: &mut String) {
        let tree = reader::read(page.html, self.max_nodes);
        render::render(&tree, 0, |at| !tree.nodes[at].hints.frame && !tree.nodes[at].hints.hidden, out);
    }
}
