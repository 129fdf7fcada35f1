//! Each scanner equals its regular expression.

use std::sync::{Arc, LazyLock};

use bpe::{Pattern, PreTokenizer};
use fancy_regex::Regex;
use proptest::prelude::*;

use crate::common::chunks;

/// One character of each kind that a pattern can tell apart, and those that spell contractions.
const ALPHABET: [&str; 17] =
    ["a", "B", "ǅ", "中", "\u{301}", "1", "Ⅷ", " ", "\t", "\u{a0}", "\n", "\r", "!", "/", "'", "s", "ſ"];

/// tiktoken's own spelling, where ours differs.
const TIKTOKEN: [(Pattern, &str); 2] = [
    (Pattern::Gpt2, r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"),
    (
        Pattern::Cl100k,
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    ),
];

const PUBLISHED: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A pattern's scanner beside the regular expression that it has to equal.
static PATTERNS: LazyLock<Vec<(Arc<dyn PreTokenizer>, Regex)>> = LazyLock::new(|| {
    let published = Pattern::Regex(PUBLISHED.into());
    let own = [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Nanochat, published];
    let own = own.map(|pattern| (pattern.pre_tokenizer(), Regex::new(pattern.regex())));
    let tiktoken = TIKTOKEN.map(|(pattern, regex)| (pattern.pre_tokenizer(), Regex::new(regex)));
    own.into_iter().chain(tiktoken).map(|(scanner, regex)| (scanner.unwrap(), regex.unwrap())).collect()
});

fn check(text: &str) {
    for (scanner, regex) in PATTERNS.iter() {
        let expected: Vec<&str> = regex.find_iter(text).map(|found| found.unwrap().as_str()).collect();
        assert_eq!(chunks(&**scanner, text), expected, "{} on {text:?}", regex.as_str());
        assert_eq!(expected.concat(), text);
    }
}

#[test]
fn all_short_texts() {
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        texts =
            texts.iter().flat_map(|text| ALPHABET.map(|character| format!("{text}{character}"))).collect();
        for text in &texts {
            check(text);
        }
    }
}

/// Blocks of 64 bytes end within all kinds of chunks.
#[test]
fn short_texts_across_blocks() {
    let mut texts = vec![String::new()];
    for _ in 0..3 {
        texts =
            texts.iter().flat_map(|text| ALPHABET.map(|character| format!("{text}{character}"))).collect();
    }
    for text in &texts {
        for (fill, until) in [("a", 58), ("!", 60), (" ", 61), ("1", 62), ("\n", 61), ("中", 60), ("'", 63)]
        {
            let before = fill.repeat((until - text.len() / 2) / fill.len());
            check(&format!("{before}{text}"));
            check(&format!("{before}{text}{text}{before}a"));
        }
    }
}

#[test]
fn every_character() {
    let sparse = (0x2_0000..=char::MAX as u32).step_by(101);
    for character in (0..0x2_0000).chain(sparse).filter_map(char::from_u32) {
        check(&format!("a{character}B {character}1{character}\n{character}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn longer_texts(parts in prop::collection::vec(prop::sample::select(&ALPHABET[..]), 0..200)) {
        check(&parts.concat());
    }

    #[test]
    fn runs(parts in prop::collection::vec((prop::sample::select(&ALPHABET[..]), 1usize..90), 0..12)) {
        check(&parts.iter().map(|(character, times)| character.repeat(*times)).collect::<String>());
    }

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }
}

#[test]
fn a_pattern_with_gaps_loses_nothing() {
    let splitter = Pattern::Regex("[ab]+".into()).pre_tokenizer().unwrap();
    assert_eq!(chunks(&*splitter, "xabyyb-"), ["x", "ab", "yy", "b", "-"]);
    assert!(Pattern::Regex("(".into()).pre_tokenizer().is_err());
}
