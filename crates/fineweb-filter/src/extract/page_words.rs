//! What the words of a page tell, beyond how many they are.

use std::hash::Hasher;

use rustc_hash::{FxHashSet, FxHasher};

use super::blocks::Piece;
use super::tag::Tag;
use super::tree::Tree;

/// What the words of a block tell.
#[expect(clippy::struct_excessive_bools, reason = "independent marks, none excludes another")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    /// Of the words, in lower case.
    pub(super) hash: u64,
    /// Per mille of the title's words that are here, less those here that are not of the title.
    pub(super) title: i32,
    /// Words that stand in frames more than in texts.
    pub(super) furniture: i32,
    pub(super) copyright: bool,
    pub(super) date: bool,
    pub(super) price: bool,
    pub(super) question: bool,
    pub(super) small_start: bool,
    /// Short words of running English.
    pub(super) small: u32,
}

/// Bytes of a block that are read.
const MOST_BYTES: usize = 400;

impl Words {
    pub(super) fn of(tree: &Tree, pieces: &[Piece], title: &FxHashSet<u64>) -> Self {
        let mut words = Self::default();
        let mut hasher = FxHasher::default();
        let (mut left, mut count, mut in_title) = (MOST_BYTES, 0, 0);
        for piece in pieces {
            let text = tree.text_of(&tree.nodes[piece.node as usize]).as_bytes();
            let text = &text[..text.len().min(left)];
            left -= text.len();
            for word in text.split(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()) {
                if word.is_empty() {
                    continue;
                }
                if count == 0 {
                    words.small_start = word[0].is_ascii_lowercase();
                }
                count += 1;
                let hash = hash(word);
                hasher.write_u64(hash);
                in_title += i32::from(title.contains(&hash));
                words.read(word);
            }
            for window in text.windows(2) {
                words.copyright |= window == [0xc2, 0xa9];
                words.price |= window[0] == b'$' || matches!(window, [0xc2, 0xa3] | [0x82, 0xac]);
            }
            words.question |= text.contains(&b'?');
        }
        words.hash = hasher.finish();
        let outside = (count - in_title).max(0);
        words.title = ((in_title - outside / 2) * 1_000 / (title.len() as i32).max(3)).clamp(-200, 1_000);
        words
    }

    #[rustfmt::skip]
    fn read(&mut self, word: &[u8]) {
        let mut lower = [0; 12];
        let Some(lower) = lower.get_mut(..word.len()) else { return };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        match &*lower {
            b"copyright" => self.copyright = true,
            b"share" | b"subscribe" | b"newsletter" | b"cookie" | b"cookies" | b"privacy" | b"terms" | b"login" | b"log"
            | b"signup" | b"sign" | b"register" | b"follow" | b"facebook" | b"twitter" | b"instagram" | b"linkedin"
            | b"whatsapp" | b"pinterest" | b"youtube" | b"reply" | b"comments" | b"comment" | b"menu" | b"search"
            | b"home" | b"next" | b"previous" | b"related" | b"more" | b"click" | b"skip" | b"loading" | b"reserved"
            | b"rights" | b"policy" | b"contact" | b"email" | b"report" | b"print" | b"tweet" | b"tags" | b"view"
            | b"views" | b"likes" | b"like" | b"account" | b"cart" | b"posted" | b"join" | b"joined" | b"member"
            | b"posts" | b"quote" | b"download" | b"advertisement" | b"sponsored" | b"javascript" | b"browser"
            | b"sort" | b"filter" | b"page" | b"edit" | b"save" | b"close" | b"toggle" | b"show" | b"hide" => {
                self.furniture += 1;
            }
            b"the" | b"of" | b"and" | b"to" | b"a" | b"in" | b"is" | b"that" | b"it" | b"was" | b"for" | b"with" | b"as"
            | b"are" | b"this" | b"be" | b"have" | b"not" | b"but" | b"they" | b"we" | b"by" | b"from" => self.small += 1,
            b"jan" | b"feb" | b"mar" | b"apr" | b"jun" | b"jul" | b"aug" | b"sep" | b"oct" | b"nov" | b"dec"
            | [b'1' | b'2', b'0' | b'9', b'0'..=b'9', b'0'..=b'9'] | b"january" | b"february" | b"march" | b"april" | b"june" | b"july" | b"august" | b"september"
            | b"october" | b"november" | b"december" | b"ago" => self.date = true,
            _ => {}
        }
    }
}

fn hash(word: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    for byte in word {
        hasher.write_u8(byte.to_ascii_lowercase());
    }
    hasher.finish()
}

/// The distinct words of a title.
pub(super) fn title_words(title: &str) -> FxHashSet<u64> {
    let words = title.as_bytes().split(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii());
    words.filter(|word| !word.is_empty()).map(hash).collect()
}

/// What kind of page it says it is.
pub(super) fn page(tree: &Tree, url: &str) -> Vec<(&'static str, i32)> {
    let data = &tree.head.linked_data;
    let kind = &tree.head.kind;
    let says = |name: &str| i32::from(data.contains(name));
    let path = url.splitn(4, '/').nth(3).unwrap_or("").to_ascii_lowercase();
    let has = |words: &[&str]| {
        i32::from(path.split(|c: char| !c.is_ascii_alphabetic()).any(|word| words.contains(&word)))
    };
    let (mut articles, mut mains, mut items, mut cells) = (0, 0, 0, 0);
    for node in &tree.nodes {
        articles += i32::from(node.tag == Tag::Article);
        mains += i32::from(node.tag == Tag::Main);
        items += i32::from(node.tag == Tag::Item);
        cells += i32::from(node.tag == Tag::Cell);
    }
    vec![
        ("articles", articles),
        ("mains", mains),
        ("items", items),
        ("cells", cells),
        ("og article", i32::from(kind == "article")),
        ("og website", i32::from(kind == "website")),
        ("og product", i32::from(kind.contains("product"))),
        ("ld article", says("Article\"") | says("BlogPosting\"")),
        ("ld product", says("\"Product\"")),
        ("ld forum", says("\"DiscussionForumPosting\"") | says("\"QAPage\"")),
        ("ld faq", says("\"FAQPage\"")),
        ("ld list", says("\"ItemList\"") | says("\"CollectionPage\"")),
        ("path depth", path.split('/').filter(|part| !part.is_empty()).count() as i32),
        (
            "path forum",
            has(&[
                "forum",
                "forums",
                "thread",
                "threads",
                "topic",
                "t",
                "community",
                "questions",
                "discussion",
                "viewtopic",
                "showthread",
                "comments",
            ]),
        ),
        ("path product", has(&["product", "products", "shop", "p", "dp", "store", "item"])),
        (
            "path list",
            has(&[
                "collections",
                "collection",
                "category",
                "categories",
                "c",
                "search",
                "tag",
                "list",
                "browse",
            ]),
        ),
        (
            "path docs",
            has(&[
                "docs",
                "doc",
                "documentation",
                "reference",
                "guide",
                "guides",
                "api",
                "manual",
                "learn",
                "tutorial",
            ]),
        ),
        ("path blog", has(&["blog", "news", "article", "articles", "posts", "story", "stories"])),
        ("path service", has(&["services", "service", "solutions", "about", "pricing", "features"])),
    ]
}
