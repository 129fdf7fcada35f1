//! Writing a part of the tree as plain text: a line per block, list items with a dash, cells with a tab between,
//! preformatted text as it stands.

use super::tag::Tag;
use super::tree::Tree;

/// What stands between the text written and the text to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Tab,
    Line,
}

struct Writer<'o> {
    out: &'o mut String,
    start: usize,
    gap: Gap,
    /// A dash is due before the next word.
    item: bool,
}

impl Writer<'_> {
    fn widen(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Writes what is due before a word.
    fn begin(&mut self) {
        let first = self.out.len() == self.start;
        match self.gap {
            Gap::None => {}
            _ if first => {}
            Gap::Space => self.out.push(' '),
            Gap::Tab => self.out.push('\t'),
            Gap::Line => self.out.push('\n'),
        }
        if self.item && (first || self.gap == Gap::Line) {
            self.out.push_str("- ");
        }
        (self.gap, self.item) = (Gap::None, false);
    }

    fn flow(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.widen(Gap::Space);
            } else if is_visible(c) {
                if self.gap != Gap::None || self.item {
                    self.begin();
                }
                self.out.push(c);
            }
        }
    }

    fn preformatted(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches(['\n', '\r']);
            if !body.trim().is_empty() {
                let indent = body.len() - body.trim_start().len();
                let at_line = matches!(self.gap, Gap::Line) || self.out.len() == self.start;
                self.begin();
                if at_line {
                    self.out.push_str(&body[..indent]);
                } else if indent > 0 {
                    self.out.push(' ');
                }
                self.out.extend(body.trim().chars().filter(|&c| c == '\t' || is_visible(c)));
                if body.ends_with(char::is_whitespace) {
                    self.widen(Gap::Space);
                }
            }
            if line.ends_with('\n') {
                self.widen(Gap::Line);
            }
        }
    }
}

/// Neither a control character nor one of no width.
fn is_visible(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Appends the text below node `root`; where `keep` says no, the whole subtree is left out.
pub(super) fn render(tree: &Tree, root: usize, keep: impl Fn(usize) -> bool, out: &mut String) {
    let start = out.len();
    let first_gap = if start == 0 { Gap::None } else { Gap::Line };
    let mut writer = Writer { start: 0, out, gap: first_gap, item: false };
    let mut blocks: Vec<(usize, Tag)> = Vec::new(); // open blocks by their ends
    let mut preformatted_until = 0;
    let range = tree.subtree(root);
    let mut at = range.start;
    while at < range.end {
        while let Some((_, tag)) = blocks.pop_if(|(end, _)| *end <= at) {
            writer.widen(if tag == Tag::Cell { Gap::Tab } else { Gap::Line });
            writer.item &= tag != Tag::Item;
        }
        let node = &tree.nodes[at];
        let end = node.end as usize;
        if node.tag.is_mute() || node.tag == Tag::Title || !keep(at) {
            writer.widen(if node.tag.is_block() { Gap::Line } else { Gap::Space });
            at = end;
            continue;
        }
        match node.tag {
            Tag::Text if at < preformatted_until => writer.preformatted(tree.text_of(node)),
            Tag::Text => writer.flow(tree.text_of(node)),
            Tag::Cell => blocks.push((end, Tag::Cell)),
            Tag::Image | Tag::Void => writer.widen(Gap::Space),
            tag if tag.is_block() => {
                writer.widen(Gap::Line);
                writer.item |= tag == Tag::Item;
                if tag == Tag::Pre {
                    preformatted_until = end;
                }
                blocks.push((end, tag));
            }
            _ => {}
        }
        at += 1;
    }
}
