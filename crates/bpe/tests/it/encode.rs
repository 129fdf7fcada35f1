//! Encoding against the slow truth, and on inputs that break tokenizers.

use bpe::{Bpe, Error, Permitted, Settings, Tokenizer, Utf8Stream, train};
use proptest::prelude::*;

use crate::common::{Chance, Naive, chunks, decode, encode, openai};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Tokens laid down from left to right are those that merging leaves, whatever the merges.
    #[test]
    fn long_pieces_of_any_vocabulary(
        texts in prop::collection::vec("[ab]{0,80}|[abc]{0,80}|(ab|ba|aab){0,30}", 1..8),
        piece in "[ab]{65,300}|[abc]{65,300}|(ab|ba|aab){40,90}",
        vocab_size in 288u32..400,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let bpe = train(Settings { vocab_size, min_frequency: 1, ..Settings::default() }, &texts).unwrap().tokenizer;
        prop_assert_eq!(encode(&bpe, &piece), Naive::of(&bpe).encode(piece.as_bytes()));
    }

    #[test]
    fn counts_are_lengths(text in "[abtheé中 \n0-2]{0,80}|[ab]{0,300}|\\PC{0,60}") {
        let bpe = small();
        prop_assert_eq!([bpe.count(&text), bpe.count(&text)], [encode(&bpe, &text).len(); 2]);
    }

    #[test]
    fn a_cut_fits_its_budget(text in "[abtheé中 \n0-2]{0,200}|[ab]{0,300}|\\PC{0,60}", budget in 0usize..60) {
        let bpe = small();
        let cut = bpe.cut(&text, budget);
        prop_assert!(text.starts_with(cut) && bpe.count(cut) <= budget);
        let whole = bpe.count(&text);
        prop_assert_eq!(cut.len() == text.len(), whole <= budget);
        // shorter than it could be by what one character or one word at the end makes
        prop_assert!(bpe.count(cut) + 8 >= budget.min(whole), "{} of {}", bpe.count(cut), budget);
    }

    #[test]
    fn ends_of_tokens_part_the_text(text in "[abtheé中 \n0-2]{0,80}|\\PC{0,60}") {
        let bpe = small();
        let ids = encode(&bpe, &text);
        let mut start = 0;
        for (id, end) in ids.iter().zip(bpe.vocabulary().ends(&ids)) {
            prop_assert_eq!(bpe.vocabulary().token(*id), Some(&text.as_bytes()[start..end]));
            start = end;
        }
        prop_assert_eq!(start, text.len());
    }
}

/// Long pieces of the published vocabularies, against a merge at a time.
#[test]
fn long_pieces_of_published_vocabularies() {
    for name in ["r50k_base", "cl100k_base", "o200k_base"] {
        let Some(bpe) = openai(name) else { return };
        let naive = Naive::of(&bpe);
        let mut chance = Chance(7);
        let syllables =
            ["un", "der", "stand", "ing", "the", "e", "s", "qu", "ation", "zz", "x", "aaaa", "ma", "ly"];
        let wide = ["中", "文", "的", "é", "ß", "и", "но", "я", "한", "국"];
        for at in 0..600 {
            let parts = if at % 3 == 0 { &wide[..] } else { &syllables[..] };
            let piece: String = match at % 5 {
                0 => " ".repeat(65 + chance.below(300)),
                1 => (0..65 + chance.below(200)).map(|_| chance.letter()).collect(),
                2 => "=-".repeat(40 + chance.below(60)),
                _ => (0..70).map(|_| parts[chance.below(parts.len())]).collect(),
            };
            assert_eq!(encode(&bpe, &piece), expected(&bpe, &naive, &piece), "{name}: {piece}");
        }
    }
}

#[test]
fn permitted_names_are_special_and_others_are_text() {
    let bpe = small();
    let vocabulary = bpe.vocabulary();
    let permitted = Permitted::of(vocabulary, &["<|bos|>", "<|user_end|>"]).unwrap();
    let mut ids = Vec::new();
    bpe.encode_permitting("<|bos|>the<|user_start|><|user_end|> cat<|bos|", &permitted, &mut ids);
    let [bos, end] = ["<|bos|>", "<|user_end|>"].map(|name| vocabulary.special(name).unwrap());
    let expected =
        [vec![bos], encode(&bpe, "the<|user_start|>"), vec![end], encode(&bpe, " cat<|bos|")].concat();
    assert_eq!(ids, expected);
    let unknown = Permitted::of(vocabulary, &["<|nobody|>"]).unwrap_err();
    assert!(matches!(unknown, Error::UnknownSpecial { name } if name == "<|nobody|>"));
    ids.clear();
    bpe.encode_permitting("<|bos|><|spare_15|>", &Permitted::all(vocabulary).unwrap(), &mut ids);
    assert_eq!(ids, [bos, vocabulary.special("<|spare_15|>").unwrap()]);
}

/// Two merges to one token, and a merge before its parts: files may say so, and merging is what they mean.
#[test]
fn vocabularies_that_only_merging_can_read() {
    let file = small().to_json().unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let vocab = file["model"]["vocab"].as_object_mut().unwrap();
    for (id, token) in (1_000..).zip(["xy", "yz", "xyz"]) {
        vocab.insert(token.to_owned(), id.into());
    }
    let merges = file["model"]["merges"].as_array_mut().unwrap();
    for merge in ["xy z", "x y", "y z", "x yz"] {
        merges.push(merge.into());
    }
    file["model"]["ignore_merges"] = false.into();
    let bpe = Bpe::from_json(&file.to_string()).unwrap();
    let piece = "xyzxzyxyyzzx".repeat(20);
    assert_eq!(encode(&bpe, &piece), expected(&bpe, &Naive::of(&bpe), &piece));
}

#[test]
fn wide_copies_leave_no_trace() {
    let bpe = small();
    let longest = bpe.vocabulary().tokens().max_by_key(|(_, token)| token.len()).unwrap().0;
    for ids in
        [vec![], vec![longest], vec![97, longest, 1_000_000, 98], vec![bpe.vocabulary().size() as u32 - 1]]
    {
        let mut bytes = b"before".to_vec();
        bpe.decode(&ids, &mut bytes);
        let parts = ids.iter().map(|&id| bpe.vocabulary().token(id).unwrap_or("\u{fffd}".as_bytes()));
        assert_eq!(bytes, [b"before".as_slice(), &parts.collect::<Vec<_>>().concat()].concat());
    }
}

#[test]
fn unknown_ids_decode_to_a_mark() {
    assert_eq!(decode(&small(), &[97, 1_000_000, u32::MAX]), "a\u{fffd}\u{fffd}".as_bytes());
}

/// A megabyte in one chunk: quadratic work would not end.
#[test]
fn long_chunks() {
    let mut chance = Chance(1);
    let random: String = (0..1_000_000).map(|_| chance.letter()).collect();
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

/// Whatever was encoded, on one thread.
#[test]
fn memory_is_bounded() {
    let Some(bpe) = openai("cl100k_base") else { return };
    let mut chance = Chance(1);
    for length in 1..40 {
        let text: String =
            (0..20_000).map(|at| if at % length == 0 { ' ' } else { chance.letter() }).collect();
        bpe.count(&text);
    }
    assert!(bpe.memory() <= 25 << 20, "{} bytes", bpe.memory());
}
