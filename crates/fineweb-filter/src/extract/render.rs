//! Writing blocks as plain text: a line each, list items with a dash, cells with a tab between, preformatted text as it
//! stands.

use super::blocks::{Blocks, Gap, Piece};
use super::tree::Tree;

struct Writer<'o, 't> {
    out: &'o mut String,
    start: usize,
    gap: Due,
    /// A dash is due before the next word.
    item: bool,
    /// What a preformatted line is indented by, when its first word comes.
    indent: &'t str,
}

/// What is due before the next word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    None,
    Space,
    Tab,
    Line,
}

/// Writes the blocks that `keep` says yes to.
pub(super) fn render(tree: &Tree, cut: &Blocks, keep: impl Fn(usize) -> bool, out: &mut String) {
    let mut writer = Writer { start: out.len(), out, gap: Due::None, item: false, indent: "" };
    for block in (0..cut.blocks.len()).filter(|&block| keep(block)) {
        writer.gap = Due::Line;
        writer.item = cut.blocks[block].item;
        writer.indent = "";
        for &piece in cut.pieces_of(block) {
            writer.piece(tree, piece);
        }
    }
}

impl<'t> Writer<'_, 't> {
    fn piece(&mut self, tree: &'t Tree, piece: Piece) {
        self.gap = self.gap.max(match piece.gap {
            Gap::None | Gap::Block => Due::None,
            Gap::Space => Due::Space,
            Gap::Tab => Due::Tab,
            Gap::Break => Due::Line,
        });
        let text = tree.text_of(&tree.nodes[piece.node as usize]);
        if piece.preformatted {
            self.preformatted(text);
        } else {
            self.flow(text);
        }
    }

    /// Writes what is due before a word.
    fn begin(&mut self) {
        let due = if self.out.len() == self.start { Due::None } else { self.gap };
        match due {
            Due::None => {}
            Due::Space => self.out.push(' '),
            Due::Tab => self.out.push('\t'),
            Due::Line => self.out.push('\n'),
        }
        if self.item {
            self.out.push_str("- ");
        }
        (self.gap, self.item) = (Due::None, false);
    }

    fn flow(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.gap = self.gap.max(Due::Space);
            } else if is_visible(c) {
                if self.gap != Due::None || self.item {
                    self.begin();
                }
                self.out.push(c);
            }
        }
    }

    fn preformatted(&mut self, text: &'t str) {
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches(['\n', '\r']);
            let word = body.trim_start();
            let blank = &body[..body.len() - word.len()];
            if self.gap == Due::Line || self.out.len() == self.start {
                self.indent = if blank.is_empty() { self.indent } else { blank };
            } else if !blank.is_empty() {
                self.gap = self.gap.max(Due::Space);
            }
            if word.contains(is_ink) {
                self.begin();
                self.out.push_str(std::mem::take(&mut self.indent));
                let word = word.trim_end_matches(|c| !is_ink(c));
                self.out.extend(word.chars().filter(|&c| c == '\t' || is_visible(c)));
                if body.ends_with(char::is_whitespace) {
                    self.gap = self.gap.max(Due::Space);
                }
            }
            if line.ends_with('\n') {
                (self.gap, self.indent) = (Due::Line, "");
            }
        }
    }
}

/// Whether a character belongs into text: no controls, no soft hyphen, no marks without width.
fn is_visible(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}'))
}

/// Whether a character leaves a mark on paper.
fn is_ink(c: char) -> bool {
    is_visible(c) && !c.is_whitespace()
}
