//! Cutting text: each scanner, a character at a time and 64 bytes at a time, equals its regular expression.
#![no_main]

use std::sync::{Arc, LazyLock};

use bpe::{Pattern, PreTokenizer};
use fancy_regex::Regex;
use libfuzzer_sys::fuzz_target;

static PATTERNS: LazyLock<Vec<(Arc<dyn PreTokenizer>, Regex)>> = LazyLock::new(|| {
    [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Nanochat]
        .map(|pattern| {
            (pattern.pre_tokenizer().expect("a pattern"), Regex::new(pattern.regex()).expect("a regex"))
        })
        .into()
});

fuzz_target!(|text: &str| {
    for (scanner, regex) in PATTERNS.iter() {
        let expected: Vec<usize> =
            regex.find_iter(text).map(|found| found.expect("no limit").end()).collect();
        let (mut chunks, mut batches) = (Vec::new(), Vec::new());
        scanner.split(text, &mut |chunk| chunks.push(chunks.last().unwrap_or(&0) + chunk.len()));
        scanner.split_batches(text, &mut |ends| batches.extend_from_slice(ends));
        assert_eq!(chunks, expected, "{}", regex.as_str());
        assert_eq!(batches, expected, "{} 64 bytes at a time", regex.as_str());
    }
});
