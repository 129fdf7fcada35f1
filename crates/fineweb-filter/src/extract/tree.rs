//! A page as a flat tree: nodes in document order, so that a subtree is a range.

use std::ops::Range;

use super::head::Head;
use super::hints::Hints;
use super::tag::Tag;

/// Deeper elements hang on the last one at this depth, as in browsers.
const MAX_DEPTH: usize = 512;

/// How far up an implied end is looked for; deeper ones are rare and would cost the square of the depth.
const IMPLIED_REACH: usize = 24;

/// An element or a run of text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) tag: Tag,
    pub(super) hints: Hints,
    pub(super) parent: u32,
    /// End of the subtree, exclusive.
    pub(super) end: u32,
    /// Where a run of text stands in [`Tree::text`].
    pub(super) text: Range<u32>,
}

/// Nodes in document order; node 0 is the root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// All text, character references decoded.
    pub(super) text: String,
    /// Markup inside `noscript`, as it stands.
    pub(super) noscript: String,
    pub(super) head: Head,
}

impl Tree {
    pub(super) fn text_of(&self, node: &Node) -> &str {
        &self.text[node.text.start as usize..node.text.end as usize]
    }

    /// What stands in the title element.
    pub(super) fn head_title(&self) -> &str {
        // Drawings have titles too.
        let is_title =
            |node: &Node| node.tag == Tag::Title && self.nodes[node.parent as usize].tag != Tag::Mute;
        let title = self.nodes.iter().position(is_title);
        let text = title.and_then(|at| self.nodes.get(at + 1)).filter(|node| node.tag == Tag::Text);
        text.map_or("", |text| self.text_of(text))
    }
}

/// Builds a tree from tags and texts in the order of the page.
pub(super) struct Builder {
    tree: Tree,
    /// Open elements; their ids rise.
    open: Vec<u32>,
    max_nodes: usize,
}

impl Builder {
    pub(super) fn new(max_nodes: usize) -> Self {
        let root = Node { tag: Tag::Html, hints: 0, parent: 0, end: 1, text: 0..0 };
        Self {
            tree: Tree {
                nodes: vec![root],
                text: String::new(),
                noscript: String::new(),
                head: Head::default(),
            },
            open: vec![0],
            max_nodes,
        }
    }

    pub(super) fn head(&mut self) -> &mut Head {
        &mut self.tree.head
    }

    fn top(&self) -> u32 {
        *self.open.last().expect("the root never closes")
    }

    fn push(&mut self, tag: Tag, hints: Hints, text: Range<u32>) -> Option<u32> {
        let id = self.tree.nodes.len();
        if id >= self.max_nodes {
            return None;
        }
        self.tree.nodes.push(Node { tag, hints, parent: self.top(), end: id as u32 + 1, text });
        Some(id as u32)
    }

    /// Opens an element, ending those that it ends, and returns its id if it can have content.
    pub(super) fn start(&mut self, tag: Tag, hints: Hints) -> Option<u32> {
        self.imply_ends(tag);
        let id = self.push(tag, hints, 0..0)?;
        if tag.is_void() || self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.open.push(id);
        Some(id)
    }

    fn imply_ends(&mut self, next: Tag) {
        let mut ended = None;
        for (depth, &id) in self.open.iter().enumerate().skip(1).rev().take(IMPLIED_REACH) {
            let tag = self.tree.nodes[id as usize].tag;
            if tag.ends_before(next) {
                ended = Some(depth);
            }
            if tag.is_scope(next) {
                break;
            }
        }
        if let Some(depth) = ended {
            self.close_to(depth);
        }
    }

    /// Closes the element and all that is open in it; nothing, if it is closed already.
    pub(super) fn end(&mut self, id: u32) {
        if let Ok(depth) = self.open.binary_search(&id) {
            self.close_to(depth.max(1));
        }
    }

    fn close_to(&mut self, depth: usize) {
        let end = self.tree.nodes.len() as u32;
        for id in self.open.drain(depth..) {
            self.tree.nodes[id as usize].end = end;
        }
    }

    /// Whether text is of no use here.
    pub(super) fn is_mute(&self) -> bool {
        // Mute elements hold few others, so the nearest open ones tell.
        self.open.iter().rev().take(IMPLIED_REACH).any(|&id| self.tree.nodes[id as usize].tag.is_mute())
            && self.tree.nodes[self.top() as usize].tag != Tag::Title
    }

    /// Adds a run of text, still with character references.
    pub(super) fn text(&mut self, raw: &str) {
        // Offsets are 32 bits wide; pages of 4 GiB are cut.
        if raw.is_empty() || self.tree.text.len() + raw.len() > u32::MAX as usize / 2 {
            return;
        }
        let start = self.tree.text.len();
        super::decode_entities(raw, &mut self.tree.text);
        let end = self.tree.text.len();
        self.push(Tag::Text, 0, start as u32..end as u32);
    }

    /// Adds markup inside `noscript`; elsewhere raw text is script or style and of no use.
    pub(super) fn raw(&mut self, markup: &str) {
        if self.tree.nodes[self.top() as usize].tag == Tag::Noscript {
            self.tree.noscript.push_str(markup);
        }
    }

    pub(super) fn finish(mut self) -> Tree {
        self.close_to(0);
        self.tree
    }
}
