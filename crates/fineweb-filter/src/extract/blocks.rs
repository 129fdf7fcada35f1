//! The page as a list of blocks: runs of text that stand on lines of their own, the units that are kept or dropped.

use super::tag::Tag;
use super::tree::Tree;

/// What stands between a piece of text and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    None,
    Space,
    Tab,
    /// A line break within a block.
    Break,
    /// The end of a block.
    Block,
}

/// A run of text within a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The text node.
    pub(super) node: u32,
    pub(super) gap: Gap,
    /// White space counts.
    pub(super) preformatted: bool,
}

/// Pieces that belong together: a paragraph, a heading, a row of a table, an item of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First piece; the next block's first is the end.
    pub(super) first: u32,
    /// The nearest element that is not inline.
    pub(super) container: u32,
    pub(super) shape: Shape,
    /// It starts an item of a list, and is all that the item holds.
    pub(super) item: bool,
}

/// Counts of what a text consists of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) words: u32,
    /// Characters without white space, and those that stand in links.
    pub(super) letters: u32,
    pub(super) linked: u32,
    pub(super) links: u32,
    pub(super) digits: u32,
    /// Words that start with a capital letter.
    pub(super) capitals: u32,
    pub(super) commas: u32,
    /// Marks that end sentences.
    pub(super) ends: u32,
    /// Bars, bullets and arrows, as between links.
    pub(super) bars: u32,
    /// The last character is a mark that ends a sentence.
    pub(super) ended: bool,
}

impl Shape {
    /// Counts of both texts, `other` behind `self`.
    pub(super) fn add(&mut self, other: &Self) {
        self.words += other.words;
        self.letters += other.letters;
        self.linked += other.linked;
        self.links += other.links;
        self.digits += other.digits;
        self.capitals += other.capitals;
        self.commas += other.commas;
        self.ends += other.ends;
        self.bars += other.bars;
        self.ended = other.ended;
    }

    /// Counts a text. Characters are told apart by their first bytes.
    pub(super) fn of(text: &str) -> Self {
        let mut shape = Self::default();
        let (mut inside, mut ideographs) = (false, 0);
        for &byte in text.as_bytes() {
            let class = CLASSES[usize::from(byte)];
            if class & SPACE != 0 {
                inside = false;
                continue;
            }
            if class & FOLLOWS != 0 {
                continue;
            }
            shape.letters += 1;
            if !inside {
                shape.words += 1;
                shape.capitals += u32::from(class & UPPER != 0);
            }
            inside = true;
            shape.ended = class & END != 0;
            shape.digits += u32::from(class & DIGIT != 0);
            shape.commas += u32::from(byte == b',');
            shape.ends += u32::from(shape.ended);
            shape.bars += u32::from(class & BAR != 0);
            ideographs += u32::from(class & IDEOGRAPH != 0);
        }
        shape.words += ideographs / 2;
        shape
    }
}

const SPACE: u8 = 1;
const FOLLOWS: u8 = 2;
const UPPER: u8 = 4;
const END: u8 = 8;
const DIGIT: u8 = 16;
const BAR: u8 = 32;
const IDEOGRAPH: u8 = 64;

/// What a byte may be the start of.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => SPACE,
            0x80..=0xbf => FOLLOWS,
            b'A'..=b'Z' => UPPER,
            b'.' | b'!' | b'?' => END,
            b'0'..=b'9' => DIGIT,
            b'|' | b'/' | b'>' | b'*' | b'\\' => BAR,
            0xe3..=0xe9 => IDEOGRAPH,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// A page's pieces and blocks, in its order.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) pieces: Vec<Piece>,
    pub(super) blocks: Vec<Block>,
}

impl Blocks {
    /// The pieces of one block.
    pub(super) fn pieces_of(&self, block: usize) -> &[Piece] {
        let end = self.blocks.get(block + 1).map_or(self.pieces.len(), |next| next.first as usize);
        &self.pieces[self.blocks[block].first as usize..end]
    }
}

/// An open element that is not inline.
struct Open {
    node: u32,
    end: u32,
    tag: Tag,
}

/// Cuts a tree into blocks.
pub(super) fn blocks(tree: &Tree) -> Blocks {
    let mut cut = Blocks::default();
    let mut open = vec![Open { node: 0, end: tree.nodes.len() as u32, tag: Tag::Html }];
    let mut gap = Gap::Block;
    let (mut preformatted_until, mut link_until, mut link_is_new) = (0, 0, false);
    let mut at = 0;
    while at < tree.nodes.len() {
        while let Some(closed) = open.pop_if(|open| open.end as usize <= at) {
            gap = gap.max(if closed.tag == Tag::Cell { Gap::Tab } else { Gap::Block });
        }
        let node = &tree.nodes[at];
        if node.tag.is_mute() || node.tag == Tag::Title {
            gap = gap.max(if node.tag.is_block() { Gap::Block } else { Gap::Space });
            at = node.end as usize;
            continue;
        }
        match node.tag {
            Tag::Text => {
                let text = tree.text_of(node);
                let mut shape = Shape::of(text);
                let preformatted = at < preformatted_until;
                if shape.letters > 0 {
                    if at < link_until {
                        shape.linked = shape.letters;
                        shape.links = u32::from(std::mem::take(&mut link_is_new));
                    }
                    let container = open.last().map_or(0, |open| open.node);
                    cut.push(at as u32, gap, preformatted, container, &shape);
                    gap = Gap::None;
                } else if preformatted && !cut.pieces.is_empty() {
                    cut.pieces.push(Piece { node: at as u32, gap: Gap::None, preformatted });
                } else {
                    gap = gap.max(Gap::Space);
                }
            }
            Tag::Break => gap = if gap == Gap::Break { Gap::Block } else { gap.max(Gap::Break) },
            Tag::Link => (link_until, link_is_new) = (link_until.max(node.end as usize), true),
            tag if tag.is_block() || tag == Tag::Cell => {
                if tag != Tag::Cell {
                    gap = Gap::Block;
                }
                if tag == Tag::Pre {
                    preformatted_until = preformatted_until.max(node.end as usize);
                }
                if node.end as usize > at + 1 {
                    open.push(Open { node: at as u32, end: node.end, tag });
                }
            }
            Tag::Image | Tag::Void => gap = gap.max(Gap::Space),
            _ => {}
        }
        at += 1;
    }
    mark_items(tree, &mut cut.blocks);
    cut
}

impl Blocks {
    fn push(&mut self, node: u32, gap: Gap, preformatted: bool, container: u32, shape: &Shape) {
        match self.blocks.last_mut() {
            Some(last) if gap < Gap::Block => last.shape.add(shape),
            _ => {
                let first = self.pieces.len() as u32;
                self.blocks.push(Block { first, container, shape: *shape, item: false });
            }
        }
        self.pieces.push(Piece { node, gap, preformatted });
    }
}

/// Marks the blocks that are whole items of a list.
fn mark_items(tree: &Tree, blocks: &mut [Block]) {
    for at in 0..blocks.len() {
        let container = blocks[at].container;
        let parent = tree.nodes[container as usize].parent;
        let is_item = |node: u32| tree.nodes[node as usize].tag == Tag::Item;
        // A paragraph may stand between the item and its text.
        let Some(item) = [container, parent].into_iter().find(|&node| is_item(node)) else { continue };
        let end = tree.nodes[item as usize].end;
        let before = at.checked_sub(1).is_none_or(|at| blocks[at].container < item);
        let after = blocks.get(at + 1).is_none_or(|next| next.container < item || next.container >= end);
        blocks[at].item = before && after;
    }
}
