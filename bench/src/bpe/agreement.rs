//! Random strings whose ids have to be tiktoken's, in all three encodings.

use ::bpe::{Bpe, Pattern, Tokenizer};
use anyhow::{Context, ensure};
use tiktoken_rs::CoreBPE;

use super::peer;
use crate::row::Row;

/// What patterns and vocabularies tell apart: letters of all cases, marks, numbers, white space, symbols, contractions.
const PIECES: [&str; 48] = [
    "a",
    "b",
    "e",
    "s",
    "t",
    "Z",
    "B",
    "ǅ",
    "ß",
    "中",
    "文",
    "の",
    "한",
    "א",
    "ا",
    "क",
    "\u{301}",
    "\u{94d}",
    "1",
    "23",
    "Ⅷ",
    "٣",
    " ",
    "  ",
    "\t",
    "\u{a0}",
    "\u{3000}",
    "\n",
    "\r\n",
    "\r",
    "\u{85}",
    "!",
    "...",
    "/",
    "-",
    "_",
    "'",
    "'s",
    "'LL",
    "ſ",
    "🦀",
    "👩\u{200d}👧",
    "\0",
    "the",
    " of",
    "tion",
    "ing ",
    "<|endoftext|>",
];
const LONGEST: u32 = 24;

/// `count` strings, the same each time.
pub fn agreement(count: Option<&str>) -> anyhow::Result<Vec<Row>> {
    let count: u64 = count.unwrap_or("10000000").parse().context("how many strings")?;
    let encodings: [(&str, Pattern, u32, &CoreBPE); 3] = [
        ("r50k_base", Pattern::Gpt2, 50_256, tiktoken_rs::r50k_base_singleton()),
        ("cl100k_base", Pattern::Cl100k, 100_256, tiktoken_rs::cl100k_base_singleton()),
        ("o200k_base", Pattern::O200k, 199_998, tiktoken_rs::o200k_base_singleton()),
    ];
    let mut rows = Vec::new();
    for (name, pattern, tokens, theirs) in encodings {
        let ours = Bpe::from_tiktoken(peer::file_of(theirs, tokens)?.as_bytes(), pattern, &[])?;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |bound: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % u64::from(bound)) as u32
        };
        let (mut text, mut ids) = (String::new(), Vec::new());
        for _ in 0..count {
            text.clear();
            ids.clear();
            for _ in 0..=below(LONGEST) {
                let piece = PIECES[below(PIECES.len() as u32) as usize];
                // now and then a character of all there are, and a run
                match below(24) {
                    0 => text.extend(char::from_u32(below(0x11_0000))),
                    1 => text.extend(std::iter::repeat_n(piece, below(9) as usize)),
                    _ => text.push_str(piece),
                }
            }
            ours.encode(&text, &mut ids);
            ensure!(ids == theirs.encode_ordinary(&text), "{name}: ids of {text:?} differ from tiktoken's");
        }
        rows.push(Row::amount(
            &format!("bpe/agreement-{name}"),
            "strings, none different",
            count as f64,
            None,
        ));
    }
    Ok(rows)
}
