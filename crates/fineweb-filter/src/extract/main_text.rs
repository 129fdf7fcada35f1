//! The main text of a page: what is left when its frame is taken away.
//!
//! Three steps, each on sums over subtrees. (1) *Frame*: navigation, footers, advertising, hidden parts, by element
//! and by the names that sites use for them. (2) *Scope*: where the page marks its content (`main`, `article`,
//! `articleBody`) and most of the remaining text is there, only that. (3) *Link lists*: blocks that are mostly
//! links. A mark that would take most of the text away is not believed: sites misname their parts, and the content
//! of some pages is a list of links.

use super::tag::Tag;
use super::tree::{Node, Tree};
use super::{Extract, Extractor, reader, render};
use crate::Page;

/// A part marked as frame that holds more of the page's text than this is not frame.
const MOST_FRAME: f64 = 0.4;

/// A part marked as content that holds less of the page's text than this is not all of it.
const LEAST_SCOPE: f64 = 0.4;

/// A block with a greater share of its text in links is a list of links.
const MOST_LINKS: f64 = 0.5;

/// Where less than this is left without lists of links, they are the content.
const LEAST_PROSE: f64 = 0.3;

/// Bytes of text below which a page is taken to be drawn by scripts.
const ALMOST_NOTHING: usize = 250;

/// The main text: the page without navigation, advertising and the like.
#[derive(Clone, Debug)]
pub struct MainText {
    /// What stands behind this many elements and texts is not read.
    pub max_nodes: usize,
}

impl Extractor for MainText {
    fn extract(&self, page: &Page<'_>, out: &mut Extract) {
        let mut tree = reader::read(page.html, self.max_nodes);
        out.rights = std::mem::take(&mut tree.rights);
        let out = &mut out.text;
        let start = out.len();
        main_text(&tree, out);
        // Pages drawn by scripts often carry their text for readers without.
        if out.len() - start < ALMOST_NOTHING && tree.noscript.len() > ALMOST_NOTHING {
            out.truncate(start);
            main_text(&reader::read(&tree.noscript, self.max_nodes), out);
        }
    }
}

fn main_text(tree: &Tree, out: &mut String) {
    let mut dropped = frame(tree);
    let sums = Sums::of(tree, &dropped);
    let root = scope(tree, &sums);
    drop_link_lists(tree, &sums, root, &mut dropped);
    render::render(tree, root, |at| !dropped[at], out);
}

/// Text below each node, in bytes without white space: all of it, and what stands in links.
struct Sums {
    text: Vec<u32>,
    links: Vec<u32>,
}

impl Sums {
    /// Sums over subtrees without those that are dropped.
    fn of(tree: &Tree, dropped: &[bool]) -> Self {
        let count = tree.nodes.len();
        let mut sums = Self { text: vec![0; count], links: vec![0; count] };
        for at in (0..count).rev() {
            let node = &tree.nodes[at];
            if node.tag == Tag::Text {
                let words = tree.text_of(node).split_ascii_whitespace();
                sums.text[at] = words.map(str::len).sum::<usize>() as u32;
            }
            if node.tag.is_mute() || dropped[at] {
                (sums.text[at], sums.links[at]) = (0, 0);
            }
            if node.tag == Tag::Link {
                sums.links[at] = sums.text[at];
            }
            if at > 0 {
                let parent = node.parent as usize;
                sums.text[parent] += sums.text[at];
                sums.links[parent] += sums.links[at];
            }
        }
        sums
    }

    fn share(&self, at: usize, of: usize) -> f64 {
        f64::from(self.text[at]) / f64::from(self.text[of].max(1))
    }

    fn link_share(&self, at: usize) -> f64 {
        f64::from(self.links[at]) / f64::from(self.text[at].max(1))
    }
}

/// Marks the parts that are not content.
fn frame(tree: &Tree) -> Vec<bool> {
    let mut dropped = vec![false; tree.nodes.len()];
    let sums = Sums::of(tree, &dropped);
    let mut at = 0;
    while at < tree.nodes.len() {
        let node = &tree.nodes[at];
        if is_frame(node) && sums.share(at, 0) <= MOST_FRAME {
            dropped[at] = true;
            at = node.end as usize;
        } else {
            at += 1;
        }
    }
    dropped
}

fn is_frame(node: &Node) -> bool {
    match node.tag {
        Tag::Nav | Tag::Footer | Tag::Button => true,
        Tag::Html | Tag::Body | Tag::Main | Tag::Article => node.hints.hidden && node.tag == Tag::Article,
        Tag::Aside => !node.hints.content,
        _ => node.hints.hidden || node.hints.frame,
    }
}

/// The node under which the content stands.
fn scope(tree: &Tree, sums: &Sums) -> usize {
    let most_text = |is: &dyn Fn(&Node) -> bool| {
        let marked = (1..tree.nodes.len()).filter(|&at| is(&tree.nodes[at]));
        marked.max_by_key(|&at| (sums.text[at], std::cmp::Reverse(at)))
    };
    let mut root = 0;
    let marks: [&dyn Fn(&Node) -> bool; 2] =
        [&|node| node.tag == Tag::Main || node.hints.main, &|node| node.tag == Tag::Article];
    for mark in marks {
        let inside = |&at: &usize| tree.subtree(root).contains(&at) && sums.share(at, root) >= LEAST_SCOPE;
        root = most_text(mark).filter(inside).unwrap_or(root);
    }
    root
}

/// Drops the blocks below `root` that are mostly links, unless they are most of what there is.
fn drop_link_lists(tree: &Tree, sums: &Sums, root: usize, dropped: &mut [bool]) {
    let mut lists = Vec::new();
    let mut listed = 0;
    let range = tree.subtree(root);
    let mut at = range.start + 1;
    while at < range.end {
        let node = &tree.nodes[at];
        let container =
            node.tag.is_block() && !matches!(node.tag, Tag::Heading | Tag::Item | Tag::Row | Tag::Break);
        if container && sums.text[at] > 0 && sums.link_share(at) > MOST_LINKS {
            lists.push(at);
            listed += sums.text[at];
            at = node.end as usize;
        } else {
            at = if dropped[at] { node.end as usize } else { at + 1 };
        }
    }
    let prose = f64::from(sums.text[root] - listed) / f64::from(sums.text[root].max(1));
    if prose >= LEAST_PROSE {
        for at in lists {
            dropped[at] = true;
        }
    }
}
