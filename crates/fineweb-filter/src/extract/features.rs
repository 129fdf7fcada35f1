//! What is measured of each block, in whole numbers, so that a decision is the same on every machine.
//!
//! Shares are per mille. `NAME.hint` and `NAME.tag` say how near the closest ancestor with that hint or tag is: 3 for
//! one of the three nearest elements, 2 for one of the nearest eight, 1 for any, 0 for none. A *context* is the
//! smallest ancestor with more text than the block (1), than context 1 (2), than context 2 (3). *Kin* are the blocks of
//! the page whose ancestors have the same tags and hints: the posts of a thread, the cards of a list.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::blocks::{Blocks, Shape};
use super::hints::{self, Hints};
use super::page_words::{self, Words};
use super::prose::Prose;
use super::tag::Tag;
use super::tree::Tree;

/// Where the numbers go, one by one, always in the same order.
pub(super) trait Sink {
    fn put(&mut self, name: &str, of: &str, value: i32);
}

/// Sums over the blocks below a node.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) words: u32,
    letters: u32,
    linked: u32,
    ends: u32,
    pub(super) blocks: u32,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.words += other.words;
        self.letters += other.letters;
        self.linked += other.linked;
        self.ends += other.ends;
        self.blocks += other.blocks;
    }
}

impl From<&Shape> for Sum {
    fn from(shape: &Shape) -> Self {
        let Shape { words, letters, linked, ends, .. } = *shape;
        Self { words, letters, linked, ends, blocks: 1 }
    }
}

/// Tags that are told apart among ancestors.
#[rustfmt::skip]
const TAGS: [(&str, Tag); 18] = [
    ("nav", Tag::Nav), ("header", Tag::Header), ("footer", Tag::Footer), ("aside", Tag::Aside), ("form", Tag::Form),
    ("main", Tag::Main), ("article", Tag::Article), ("section", Tag::Section), ("list", Tag::List),
    ("item", Tag::Item), ("table", Tag::Table), ("figure", Tag::Figure), ("quote", Tag::Blockquote),
    ("button", Tag::Button), ("link", Tag::Link), ("p", Tag::P), ("heading", Tag::Heading), ("pre", Tag::Pre),
];

fn tag_bit(tag: Tag) -> u32 {
    let tag = if tag == Tag::H1 { Tag::Heading } else { tag };
    TAGS.iter().position(|(_, known)| *known == tag).map_or(0, |at| 1 << at)
}

/// What is known of a page before its blocks are looked at one by one.
pub(super) struct Survey<'t> {
    tree: &'t Tree,
    pub(super) cut: &'t Blocks,
    /// Per node.
    pub(super) sums: Vec<Sum>,
    hints: Vec<Hints>,
    tags: Vec<u32>,
    /// Per node, the closest ancestor with more text.
    pub(super) wider: Vec<u32>,
    /// Per block, the number of its kin's sum.
    pub(super) kin: Vec<u32>,
    pub(super) kin_sums: Vec<Sum>,
    words: Vec<Words>,
    /// Per block, how many blocks of the page have the same text.
    copies: Vec<u32>,
    /// Per block, how many of them stand before it.
    earlier: Vec<u32>,
    page: Vec<(&'static str, i32)>,
    prose: Prose,
    pub(super) title: String,
}

impl<'t> Survey<'t> {
    pub(super) fn of(tree: &'t Tree, cut: &'t Blocks, url: &str) -> Self {
        let count = tree.nodes.len();
        let mut sums = vec![Sum::default(); count];
        for block in &cut.blocks {
            sums[block.container as usize].add(&(&block.shape).into());
        }
        for at in (1..count).rev() {
            let sum = sums[at];
            sums[tree.nodes[at].parent as usize].add(&sum);
        }
        let (mut hints, mut tags, mut wider, mut paths) =
            (vec![0; count], vec![0; count], vec![0; count], vec![0_u64; count]);
        for at in 1..count {
            let node = &tree.nodes[at];
            if matches!(node.tag, Tag::Text | Tag::Html | Tag::Body) {
                continue;
            }
            let parent = node.parent as usize;
            hints[at] = hints[parent] | node.hints;
            tags[at] = tags[parent] | tag_bit(node.tag);
            let grows = sums[parent].letters > sums[at].letters;
            wider[at] = if grows { node.parent } else { wider[parent] };
            let mut hasher = FxHasher::default();
            hasher.write_u64(paths[parent]);
            hasher.write_u64(u64::from(node.hints) << 8 | node.tag as u64);
            paths[at] = hasher.finish();
        }
        let (mut kin, mut kin_sums, mut families) = (vec![], vec![], FxHashMap::default());
        let (mut words, mut texts, mut earlier) = (vec![], vec![], vec![]);
        let mut same: FxHashMap<u64, u32> = FxHashMap::default();
        let title = super::title::announced(tree);
        let title_words = page_words::title_words(&title);
        for (at, block) in cut.blocks.iter().enumerate() {
            let family = *families.entry(paths[block.container as usize]).or_insert_with(|| {
                kin_sums.push(Sum::default());
                kin_sums.len() - 1
            });
            kin_sums[family].add(&(&block.shape).into());
            kin.push(family as u32);
            let read = Words::of(tree, cut.pieces_of(at), &title_words);
            let count = same.entry(read.hash).or_insert(0);
            earlier.push(*count);
            *count += 1;
            texts.push(read.hash);
            words.push(read);
        }
        let copies = texts.iter().map(|hash| same[hash]).collect();
        let page = page_words::page(tree, url);
        let prose = Prose::default();
        let mut survey = Self {
            tree,
            cut,
            sums,
            hints,
            tags,
            wider,
            kin,
            kin_sums,
            words,
            copies,
            earlier,
            page,
            prose,
            title,
        };
        survey.prose = Prose::of(tree, cut, |at| survey.contexts(at));
        survey
    }

    /// The contexts of a block, narrowest first.
    pub(super) fn contexts(&self, block: usize) -> [usize; 3] {
        let block = &self.cut.blocks[block];
        let container = block.container as usize;
        let own = self.sums[container].letters > block.shape.letters;
        let first = if own { container } else { self.wider[container] as usize };
        let second = self.wider[first] as usize;
        [first, second, self.wider[second] as usize]
    }

    /// Puts what is measured of each block, row by row.
    pub(super) fn rows<S: Sink>(&self, sink: &mut S, mut row: impl FnMut(&mut S)) {
        let page = self.page_sums();
        let mut walk = Walk::default();
        for at in 0..self.cut.blocks.len() {
            self.block(sink, at, &page);
            self.ancestors(sink, at);
            self.contexts_of(sink, at, &page);
            self.neighbours(sink, at);
            self.prose.put(sink, self.tree, at, self.contexts(at));
            walk.step(self, sink, at, &page);
            for (name, value) in &self.page {
                sink.put("page", name, *value);
            }
            page.put(sink);
            row(sink);
        }
    }

    fn block(&self, sink: &mut impl Sink, at: usize, page: &PageSums) {
        let block = &self.cut.blocks[at];
        let shape = &block.shape;
        let tag = self.tree.nodes[block.container as usize].tag;
        let words = &self.words[at];
        sink.put("words", "", shape.words as i32);
        sink.put("letters per word", "", (10 * shape.letters / shape.words.max(1)) as i32);
        sink.put("linked", "", share(shape.linked, shape.letters));
        sink.put("links", "", shape.links as i32);
        sink.put("digits", "", share(shape.digits, shape.letters));
        sink.put("capitals", "", share(shape.capitals, shape.words));
        sink.put("commas", "", share(shape.commas, shape.words));
        sink.put("ends", "", shape.ends as i32);
        sink.put("bars", "", share(shape.bars, shape.words));
        sink.put("ended", "", i32::from(shape.ended));
        sink.put("pieces", "", self.cut.pieces_of(at).len() as i32);
        sink.put("item", "", i32::from(block.item));
        for (name, is) in [("p", Tag::P), ("h1", Tag::H1), ("heading", Tag::Heading), ("cell", Tag::Row)] {
            sink.put("is", name, i32::from(tag == is));
        }
        for (name, is) in [("item", Tag::Item), ("div", Tag::Div), ("button", Tag::Button), ("pre", Tag::Pre)]
        {
            sink.put("is", name, i32::from(tag == is));
        }
        sink.put("title", "", words.title);
        sink.put("furniture words", "", words.furniture);
        sink.put("copyright", "", i32::from(words.copyright));
        sink.put("date", "", i32::from(words.date));
        sink.put("price", "", i32::from(words.price));
        sink.put("question", "", i32::from(words.question));
        sink.put("small start", "", i32::from(words.small_start));
        sink.put("small words", "", share(words.small, shape.words));
        sink.put("copies", "", self.copies[at] as i32);
        sink.put("copies", "before", self.earlier[at] as i32);
        let kin = &self.kin_sums[self.kin[at] as usize];
        sink.put("kin", "blocks", kin.blocks as i32);
        sink.put("kin", "words each", (kin.words / kin.blocks) as i32);
        sink.put("kin", "linked", share(kin.linked, kin.letters));
        sink.put("kin", "of page", share(kin.words, page.sum.words));
        sink.put("kin", "ends each", (10 * kin.ends / kin.blocks) as i32);
    }

    fn ancestors(&self, sink: &mut impl Sink, at: usize) {
        let container = self.cut.blocks[at].container as usize;
        let (mut hints, mut tags, mut node) = ([0; 2], [0; 2], container);
        let first = self.cut.pieces_of(at)[0].node as usize;
        // Inline elements around the first words tell too: links, spans with names.
        let mut inner = self.tree.nodes[first].parent as usize;
        let mut depth = 0;
        while inner > container && depth < 4 {
            hints[0] |= self.tree.nodes[inner].hints;
            tags[0] |= tag_bit(self.tree.nodes[inner].tag);
            inner = self.tree.nodes[inner].parent as usize;
            depth += 1;
        }
        for level in 0..8 {
            let known = &self.tree.nodes[node];
            if node == 0 || matches!(known.tag, Tag::Html | Tag::Body) {
                break;
            }
            let ring = usize::from(level > 2);
            hints[ring] |= known.hints;
            tags[ring] |= tag_bit(known.tag);
            node = known.parent as usize;
        }
        let nearness = |bit: u32, rings: [u32; 2], any: u32| {
            if rings[0] & bit != 0 {
                3
            } else if rings[1] & bit != 0 {
                2
            } else {
                i32::from(any & bit != 0)
            }
        };
        for (bit, name) in hints::NAMES.iter().enumerate() {
            sink.put("hint", name, nearness(1 << bit, hints, self.hints[container]));
        }
        for (bit, (name, _)) in TAGS.iter().enumerate() {
            sink.put("tag", name, nearness(1 << bit, tags, self.tags[container]));
        }
    }

    fn contexts_of(&self, sink: &mut impl Sink, at: usize, page: &PageSums) {
        for (context, name) in self.contexts(at).into_iter().zip(["1", "2", "3"]) {
            let sum = &self.sums[context];
            sink.put("context words of page", name, share(sum.words, page.sum.words));
            sink.put("context words", name, sum.words as i32);
            sink.put("context linked", name, share(sum.linked, sum.letters));
            sink.put("context words each", name, (10 * sum.words / sum.blocks.max(1)) as i32);
            sink.put("context ends", name, share(sum.ends, sum.words));
            sink.put("context blocks", name, sum.blocks as i32);
        }
    }

    fn neighbours(&self, sink: &mut impl Sink, at: usize) {
        for (name, step) in [("-2", -2_isize), ("-1", -1), ("+1", 1), ("+2", 2)] {
            let neighbour = at.checked_add_signed(step).filter(|&at| at < self.cut.blocks.len());
            let block = neighbour.map(|at| &self.cut.blocks[at]);
            let (words, linked, ended) = block.map_or((-1, -1, -1), |block| {
                let shape = &block.shape;
                (shape.words as i32, share(shape.linked, shape.letters), i32::from(shape.ended))
            });
            let heading = block.is_some_and(|block| self.is_heading(block.container));
            let kin = neighbour.is_some_and(|near| self.kin[near] == self.kin[at]);
            sink.put("words", name, words);
            sink.put("linked", name, linked);
            sink.put("ended", name, ended);
            sink.put("heading", name, i32::from(heading));
            sink.put("kin", name, i32::from(kin));
        }
    }

    fn is_heading(&self, node: u32) -> bool {
        matches!(self.tree.nodes[node as usize].tag, Tag::Heading | Tag::H1)
    }

    fn page_sums(&self) -> PageSums {
        let mut page = PageSums { sum: self.sums[0], in_p: 0, in_items: 0, in_kin: 0, long: 0, headings: 0 };
        for block in &self.cut.blocks {
            let tag = self.tree.nodes[block.container as usize].tag;
            let words = block.shape.words;
            page.in_p += if tag == Tag::P { words } else { 0 };
            page.in_items += if block.item { words } else { 0 };
            page.long += if words >= 30 { words } else { 0 };
            page.headings += u32::from(self.is_heading(block.container));
        }
        page.in_kin = self.kin_sums.iter().map(|kin| kin.words).max().unwrap_or(0);
        page
    }
}

struct PageSums {
    sum: Sum,
    in_p: u32,
    in_items: u32,
    in_kin: u32,
    long: u32,
    headings: u32,
}

impl PageSums {
    fn put(&self, sink: &mut impl Sink) {
        let all = self.sum.words;
        sink.put("page", "words", all as i32);
        sink.put("page", "blocks", self.sum.blocks as i32);
        sink.put("page", "linked", share(self.sum.linked, self.sum.letters));
        sink.put("page", "in p", share(self.in_p, all));
        sink.put("page", "in items", share(self.in_items, all));
        sink.put("page", "in largest kin", share(self.in_kin, all));
        sink.put("page", "in long blocks", share(self.long, all));
        sink.put("page", "headings", share(self.headings, self.sum.blocks));
    }
}

/// What is known of the blocks before, while going down the page.
#[derive(Default)]
struct Walk {
    words: u32,
    since_heading: i32,
    since_h1: Option<i32>,
    prose: u32,
}

impl Walk {
    fn step(&mut self, survey: &Survey<'_>, sink: &mut impl Sink, at: usize, page: &PageSums) {
        let block = &survey.cut.blocks[at];
        sink.put("place", "block", share(at as u32, page.sum.blocks));
        sink.put("place", "words", share(self.words, page.sum.words));
        sink.put("place", "long words", share(self.prose, page.long));
        sink.put("place", "number", at as i32);
        sink.put("place", "from end", (page.sum.blocks as usize - at) as i32);
        sink.put("since heading", "", self.since_heading);
        sink.put("since h1", "", self.since_h1.unwrap_or(-1));
        self.words += block.shape.words;
        self.prose += if block.shape.words >= 30 { block.shape.words } else { 0 };
        self.since_heading = if survey.is_heading(block.container) { 0 } else { self.since_heading + 1 };
        let h1 = survey.tree.nodes[block.container as usize].tag == Tag::H1;
        self.since_h1 = if h1 { Some(0) } else { self.since_h1.map(|blocks| blocks + 1) };
    }
}

/// `part` of `whole`, per mille.
fn share(part: u32, whole: u32) -> i32 {
    (u64::from(part) * 1_000 / u64::from(whole.max(1))).min(i32::MAX as u64) as i32
}
