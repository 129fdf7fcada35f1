//! Encoding against the slow truth, and on inputs that break tokenizers.

use bpe::{Bpe, Settings, Tokenizer, Utf8Stream, train};
use proptest::prelude::*;

use crate::common::{Naive, chunks, decode, encode, openai};

fn small() -> Bpe {
    let text = "the cat sat on the mat, aaaa aaaaaaaa baaab abab abababab; 中文中文 ééé 12 1212\n\n    x";
    train(Settings { vocab_size: 400, ..Settings::default() }, &[text, text]).unwrap().tokenizer
}

fn expected(bpe: &Bpe, naive: &Naive, text: &str) -> Vec<u32> {
    let splitter = bpe.pattern().unwrap().pre_tokenizer().unwrap();
    chunks(&*splitter, text).into_iter().flat_map(|chunk| naive.encode(chunk.as_bytes())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn equals_one_merge_at_a_time(
        texts in prop::collection::vec("[abtheé中 \n0-2]{0,40}|[ab]{0,300}|a{0,200}|\\PC{0,60}", 1..4),
    ) {
        let bpe = small();
        let naive = Naive::of(&bpe);
        // Twice: the second time from the cache.
        for text in texts.iter().chain(&texts) {
            let ids = encode(&bpe, text);
            prop_assert_eq!(&ids, &expected(&bpe, &naive, text));
            prop_assert_eq!(decode(&bpe, &ids), text.as_bytes());
        }
    }

    #[test]
    fn batches_equal_single_texts(texts in prop::collection::vec("\\PC{0,30}", 0..30)) {
        let bpe = small();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        // Both buffers may hold something already.
        let (mut ids, mut ends) = (vec![7], vec![1]);
        bpe.encode_all(&texts, &mut ids, &mut ends);
        let (mut one_ids, mut one_ends) = (vec![7], vec![1]);
        for text in texts {
            bpe.encode(text, &mut one_ids);
            one_ends.push(one_ids.len());
        }
        prop_assert_eq!((ids, ends), (one_ids, one_ends));
    }

    #[test]
    fn streaming_equals_decoding_at_once(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select("aé中🦀".as_bytes())], 0..40),
        cuts in prop::collection::vec(1usize..5, 40),
    ) {
        let (mut stream, mut text) = (Utf8Stream::default(), String::new());
        let mut rest = bytes.as_slice();
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            stream.push(now, &mut text);
            rest = later;
        }
        stream.push(rest, &mut text);
        stream.finish(&mut text);
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn unknown_ids_decode_to_a_mark() {
    assert_eq!(decode(&small(), &[97, 1_000_000, u32::MAX]), "a\u{fffd}\u{fffd}".as_bytes());
}

/// A megabyte in one chunk: quadratic work would not end.
#[test]
fn long_chunks() {
    let mut state = 1u64;
    let mut letter = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        char::from(b'a' + (state >> 33) as u8 % 26)
    };
    let random: String = (0..1_000_000).map(|_| letter()).collect();
    let bpes = [Some(small()), openai("cl100k_base"), openai("o200k_base")];
    for bpe in bpes.iter().flatten() {
        for text in
            ["a".repeat(1_000_000), " ".repeat(1_000_000), "中".repeat(333_333), "\u{301}".repeat(500_000)]
        {
            assert_eq!(decode(bpe, &encode(bpe, &text)), text.as_bytes());
        }
        assert_eq!(decode(bpe, &encode(bpe, &random)), random.as_bytes());
    }
}

/// Training on one long word costs its pairs, not its length for each merge.
#[test]
fn training_on_a_long_word() {
    let text: String =
        (0..300_000u32).map(|at| char::from(b'a' + (at.wrapping_mul(2654435761) >> 28) as u8)).collect();
    let trained = train(Settings { vocab_size: 2000, ..Settings::default() }, &[&text]).unwrap();
    assert_eq!(trained.report.distinct_words, 1);
    assert_eq!(decode(&trained.tokenizer, &encode(&trained.tokenizer, &text)), text.as_bytes());
}
