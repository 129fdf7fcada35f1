//! What training learns, against recounting everything after each merge.

use std::collections::BTreeMap;

use bpe::{Error, Pattern, SPECIAL_TOKENS, Settings, TieBreak, Tokenizer, Trainer, train};
use proptest::prelude::*;

use crate::common::chunks;

/// Merges by recounting all pairs each time; the most frequent first, ties to the smaller ids.
fn recount(words: &BTreeMap<Vec<u32>, u64>, most: usize, min_frequency: u64) -> Vec<(u32, u32)> {
    let mut words: Vec<(Vec<u32>, u64)> = words.iter().map(|(word, &count)| (word.clone(), count)).collect();
    let mut merges = Vec::new();
    while merges.len() < most {
        let mut counts = BTreeMap::<(u32, u32), u64>::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_default() += count;
            }
        }
        // The last of equals in reverse order is the smallest pair.
        let Some((&pair, &count)) = counts.iter().rev().max_by_key(|(_, count)| **count) else { break };
        if count < min_frequency {
            break;
        }
        for (word, _) in &mut words {
            let mut at = 0;
            while at + 1 < word.len() {
                if (word[at], word[at + 1]) == pair {
                    word.splice(at..at + 2, [256 + merges.len() as u32]);
                }
                at += 1;
            }
        }
        merges.push(pair);
    }
    merges
}

fn settings(merges: u32) -> Settings {
    Settings { vocab_size: 256 + 32 + merges, ..Settings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn equals_recounting(
        texts in prop::collection::vec("[ab ]{0,12}|[a-d]{0,30}|(ab|aab|a){0,20}", 1..6),
        min_frequency in 0u64..4,
    ) {
        let settings = Settings { min_frequency, ..settings(40) };
        let splitter = settings.pattern.pre_tokenizer().unwrap();
        let mut words = BTreeMap::new();
        for text in &texts {
            for chunk in chunks(&*splitter, text) {
                *words.entry(chunk.bytes().map(u32::from).collect()).or_default() += 1;
            }
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let trained = train(settings, &texts).unwrap();
        prop_assert_eq!(trained.tokenizer.merges(), recount(&words, 40, min_frequency.max(1)));
    }

    /// Neither the order of texts, nor their grouping, nor the number of threads can be seen in the result.
    #[test]
    fn order_and_threads_change_nothing(mut texts in prop::collection::vec("[a-e ]{0,40}", 1..20), threads in 1usize..5) {
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = train(settings(60), &all).unwrap();
        texts.reverse();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let got = pool.install(|| {
            let mut trainer = Trainer::new(settings(60)).unwrap();
            for text in &texts {
                trainer.feed(&[text]);
            }
            trainer.train().unwrap()
        });
        prop_assert_eq!(expected.report, got.report);
        prop_assert_eq!(expected.tokenizer.to_json().unwrap(), got.tokenizer.to_json().unwrap());
    }
}

#[test]
fn ties_follow_the_setting() {
    // Equally frequent pairs: newline is byte 10, before the letters; in the byte-level alphabet it comes after them.
    let texts = ["\n\n", "xy"];
    let first = |tie_break| {
        let settings = Settings { tie_break, min_frequency: 1, pattern: Pattern::Gpt2, ..settings(1) };
        let bpe = train(settings, &texts).unwrap().tokenizer;
        bpe.vocabulary().token(256).unwrap().to_vec()
    };
    assert_eq!(first(TieBreak::RawBytes), b"\n\n");
    assert_eq!(first(TieBreak::HuggingFace), b"xy");
}

#[test]
fn special_tokens_follow_the_learned_ids() {
    let trained = train(settings(1000), &["ab ab ab"]).unwrap();
    assert_eq!((trained.report.asked_merges, trained.report.merges), (1000, 2));
    assert_eq!((trained.report.words, trained.report.distinct_words, trained.report.bytes), (3, 2, 8));
    let vocabulary = trained.tokenizer.vocabulary();
    assert_eq!(vocabulary.size(), 256 + 2 + 32);
    for (id, name) in (258..).zip(SPECIAL_TOKENS) {
        assert_eq!(vocabulary.special(name), Some(id));
    }
}

#[test]
fn a_vocabulary_without_room_is_refused() {
    let error = Trainer::new(Settings { vocab_size: 287, ..Settings::default() }).err();
    assert!(matches!(error, Some(Error::VocabSize { got: 287, least: 288 })));
    let nothing = train(settings(0), &[]).unwrap();
    assert_eq!(nothing.tokenizer.vocabulary().size(), 288);
}

#[test]
fn settings_say_what_they_know() {
    let read = |text: &str| serde_json::from_str::<Settings>(text);
    let settings = read(r#"{"vocab_size": 4096, "pattern": "gpt2", "tie_break": "hugging-face"}"#).unwrap();
    assert_eq!((settings.pattern, settings.min_frequency), (Pattern::Gpt2, 2));
    let own = read(r#"{"pattern": {"regex": "\\w+"}}"#).unwrap();
    assert_eq!(own.pattern, Pattern::Regex(r"\w+".into()));
    assert!(read(r#"{"vocabsize": 4096}"#).unwrap_err().to_string().contains("expected one of `vocab_size`"));
    assert!(read(r#"{"pattern": "gpt3"}"#).unwrap_err().to_string().contains("cl100k"));
}

#[test]
fn memory_has_a_bound_where_one_is_set() {
    let word = |number: usize| (0..5).map(move |at| char::from(b'a' + (number >> (4 * at)) as u8 % 16));
    let text = |first: usize| {
        (first..first + 1000).flat_map(|number| [' '].into_iter().chain(word(number))).collect()
    };
    let texts: Vec<String> = (0..200).map(|at| text(1000 * at)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let train =
        |max_memory| bpe::train(Settings { vocab_size: 300, max_memory, ..Settings::default() }, &texts);
    let Err(Error::Memory { got, most: 1_000_000 }) = train(1_000_000) else { panic!("no bound") };
    // a text more for each thread, and tables that double
    assert!(got < 20_000_000, "{got}");
    assert_eq!(train(0).unwrap().report, train(u64::MAX).unwrap().report);
}
