//! Unicode general categories folded into the few classes that pre-tokenization patterns speak of.
//!
//! A class is one bit, so that a character set of a pattern is an OR of bits. The tables come from `regex-syntax`:
//! scanners and regular expressions then agree on the Unicode version by construction.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};
use rustc_hash::FxHashMap;

pub(super) type Set = u8;

/// `\p{Lu}\p{Lt}`
pub(super) const UPPER: Set = 1;
/// `\p{Ll}`
pub(super) const LOWER: Set = 1 << 1;
/// `\p{Lm}\p{Lo}`
pub(super) const CASELESS: Set = 1 << 2;
/// `\p{M}`
pub(super) const MARK: Set = 1 << 3;
/// `\p{N}`
pub(super) const NUMBER: Set = 1 << 4;
/// `[\r\n]`
pub(super) const NEWLINE: Set = 1 << 5;
/// `\s` without `[\r\n]`
pub(super) const BLANK: Set = 1 << 6;
/// Everything else.
pub(super) const OTHER: Set = 1 << 7;

/// `\p{L}`
pub(super) const LETTER: Set = UPPER | LOWER | CASELESS;
/// `\s`
pub(super) const SPACE: Set = NEWLINE | BLANK;
/// `[^\s\p{L}\p{N}]`
pub(super) const SYMBOL: Set = OTHER | MARK;
/// `[^\r\n\p{L}\p{N}]`
pub(super) const PREFIX: Set = OTHER | MARK | BLANK;

const BLOCK: usize = 256;

/// Two stages: blocks of 256 code points, equal blocks stored once.
pub(super) struct Classes {
    pub(super) ascii: [Set; 128],
    blocks: Vec<u16>,
    sets: Vec<[Set; BLOCK]>,
}

impl Classes {
    #[inline]
    pub(super) fn of(&self, character: impl Into<u32>) -> Set {
        let at = character.into() as usize;
        self.sets[self.blocks[at / BLOCK] as usize][at % BLOCK]
    }
}

/// Built once, in a few milliseconds.
pub(super) static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let mut flat = vec![OTHER; char::MAX as usize + 1];
    for (pattern, set) in [
        (r"[\p{Lu}\p{Lt}]", UPPER),
        (r"\p{Ll}", LOWER),
        (r"[\p{Lm}\p{Lo}]", CASELESS),
        (r"\p{M}", MARK),
        (r"\p{N}", NUMBER),
        (r"\s", BLANK),
        (r"[\r\n]", NEWLINE),
    ] {
        for (start, end) in ranges(pattern) {
            flat[start..=end].fill(set);
        }
    }
    let ascii = flat[..128].try_into().expect("a slice of 128");
    let mut seen = FxHashMap::default();
    let mut sets = Vec::new();
    let (chunks, _) = flat.as_chunks::<BLOCK>();
    let blocks = chunks.iter().map(|block| {
        *seen.entry(*block).or_insert_with(|| {
            sets.push(*block);
            (sets.len() - 1) as u16
        })
    });
    Classes { ascii, blocks: blocks.collect(), sets }
});

/// The code points of a character class, as inclusive ranges.
fn ranges(pattern: &str) -> Vec<(usize, usize)> {
    let hir = regex_syntax::parse(pattern).expect("a constant pattern");
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else {
        unreachable!("constant character classes")
    };
    class.iter().map(|range| (range.start() as usize, range.end() as usize)).collect()
}
