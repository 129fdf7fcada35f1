//! Each scanner equals its regular expression.

use crate::common::chunks;
use bpe::Pattern;
use fancy_regex::Regex;
use proptest::prelude::*;

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

fn patterns() -> Vec<(Pattern, Regex)> {
    let own =
        [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Nanochat, Pattern::Regex(PUBLISHED.into())];
    let own = own.map(|pattern| (pattern.clone(), Regex::new(pattern.regex()).unwrap()));
    own.into_iter().chain(TIKTOKEN.map(|(pattern, regex)| (pattern, Regex::new(regex).unwrap()))).collect()
}

fn check(patterns: &[(Pattern, Regex)], text: &str) {
    for (pattern, regex) in patterns {
        let expected: Vec<&str> = regex.find_iter(text).map(|found| found.unwrap().as_str()).collect();
        let splitter = pattern.pre_tokenizer().unwrap();
        assert_eq!(chunks(&*splitter, text), expected, "{pattern:?} on {text:?}");
        assert_eq!(expected.concat(), text);
    }
}

#[test]
fn all_short_texts() {
    let patterns = patterns();
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        texts =
            texts.iter().flat_map(|text| ALPHABET.map(|character| format!("{text}{character}"))).collect();
        for text in &texts {
            check(&patterns, text);
        }
    }
}

#[test]
fn every_character() {
    let patterns = patterns();
    let sparse = (0x2_0000..=char::MAX as u32).step_by(101);
    for character in (0..0x2_0000).chain(sparse).filter_map(char::from_u32) {
        check(&patterns, &format!("a{character}B {character}1{character}\n{character}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn longer_texts(parts in prop::collection::vec(prop::sample::select(&ALPHABET[..]), 0..40)) {
        check(&patterns(), &parts.concat());
    }

    #[test]
    fn any_text(text in any::<String>()) {
        check(&patterns(), &text);
    }
}

#[test]
fn a_pattern_with_gaps_loses_nothing() {
    let splitter = Pattern::Regex("[ab]+".into()).pre_tokenizer().unwrap();
    assert_eq!(chunks(&*splitter, "xabyyb-"), ["x", "ab", "yy", "b", "-"]);
    assert!(Pattern::Regex("(".into()).pre_tokenizer().is_err());
}
