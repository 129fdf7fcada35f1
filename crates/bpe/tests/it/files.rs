//! Files: lossless there and back, and named errors for damaged ones.

use bpe::{Bpe, Error, Pattern, PreTokenizer, SPECIAL_TOKENS, Settings, TieBreak, Tokenizer, train};
use serde_json::{Value, json};

use crate::common::{decode, encode, openai, shared};

fn trained(pattern: Pattern) -> Bpe {
    let texts = ["the cat sat on the mat\n", "the rat ate the cat's 1234 hats", "中文 中文 é é"];
    let settings =
        Settings { vocab_size: 330, pattern, tie_break: TieBreak::HuggingFace, ..Settings::default() };
    train(settings, &texts).unwrap().tokenizer
}

#[test]
fn there_and_back() {
    let directory = tempfile::tempdir().unwrap();
    let own = Pattern::Regex(r"\S+|\s+".into());
    for pattern in [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Nanochat, own] {
        let bpe = trained(pattern);
        let path = directory.path().join("tokenizer");
        bpe.save(&path).unwrap();
        let back = Bpe::load(&path).unwrap();
        assert_eq!(back.vocabulary(), bpe.vocabulary());
        assert_eq!(back.merges(), bpe.merges());
        assert_eq!(back.pattern(), bpe.pattern());
        assert_eq!(back.to_json().unwrap(), bpe.to_json().unwrap());
        let config: Value =
            serde_json::from_str(&std::fs::read_to_string(path.join("tokenizer_config.json")).unwrap())
                .unwrap();
        assert_eq!(config["bos_token"], "<|bos|>");
    }
}

#[test]
fn openai_there_and_back() {
    for name in ["r50k_base", "cl100k_base", "o200k_base"] {
        let Some(bpe) = openai(name) else { return };
        assert_eq!(
            bpe.merges().len() + 256,
            bpe.vocabulary().tokens().count(),
            "{name}: a pair behind each token"
        );
        let back = Bpe::from_json(&bpe.to_json().unwrap()).unwrap();
        assert_eq!(back.vocabulary(), bpe.vocabulary());
        assert_eq!(back.merges(), bpe.merges());
    }
}

#[test]
fn tiktoken_there_and_back() {
    for pattern in [Pattern::Gpt2, Pattern::Nanochat] {
        let bpe = trained(pattern.clone());
        let specials: Vec<(&str, u32)> = bpe.vocabulary().specials().map(|(id, name)| (name, id)).collect();
        let file = bpe.to_tiktoken().unwrap();
        let back = Bpe::from_tiktoken(file.as_bytes(), pattern, &specials).unwrap();
        assert_eq!((back.vocabulary(), back.merges()), (bpe.vocabulary(), bpe.merges()));
    }
    for name in ["r50k_base", "cl100k_base", "o200k_base"] {
        let Some(bpe) = openai(name) else { return };
        let published = shared(&format!("tokenizer/{name}.tiktoken.zst")).unwrap();
        assert!(bpe.to_tiktoken().unwrap().as_bytes() == published, "{name}");
    }
}

#[test]
fn vocab_and_merges_there_and_back() {
    let bpe = trained(Pattern::Gpt2);
    let names: Vec<&str> = bpe.vocabulary().specials().map(|(_, name)| name).collect();
    let (vocab, merges) = bpe.to_vocab_and_merges().unwrap();
    let back = Bpe::from_vocab_and_merges(&vocab, &merges, Pattern::Gpt2, &names).unwrap();
    assert_eq!((back.vocabulary(), back.merges()), (bpe.vocabulary(), bpe.merges()));
    assert_eq!(back.to_vocab_and_merges().unwrap(), (vocab.clone(), merges.clone()));

    let read = |vocab: &str, merges: &str| Bpe::from_vocab_and_merges(vocab, merges, Pattern::Gpt2, &names);
    assert!(matches!(read("{}", &merges), Err(Error::UnknownSpecial { .. })));
    assert!(matches!(read(&vocab[1..], &merges), Err(Error::Json(_))));
    assert!(matches!(read(&vocab, "zz\n"), Err(Error::UnknownToken { rank: 0, .. })));
    assert!(matches!(back.to_tiktoken(), Err(Error::NotRanked)));
}

/// The two files of 2019 are the tokenizer that tiktoken calls `r50k_base`.
#[test]
fn gpt2_as_it_was_published() {
    let file = |name: &str| Some(String::from_utf8(shared(&format!("tokenizer/{name}.zst"))?).unwrap());
    let (Some(vocab), Some(merges)) = (file("gpt2-encoder.json"), file("gpt2-vocab.bpe")) else { return };
    let gpt2 = Bpe::from_vocab_and_merges(&vocab, &merges, Pattern::Gpt2, &["<|endoftext|>"]).unwrap();
    let r50k = openai("r50k_base").unwrap();
    assert_eq!((gpt2.vocabulary(), gpt2.merges()), (r50k.vocabulary(), r50k.merges()));
}

/// The merges recovered from ranks are the ones that GPT-2 was published with.
#[test]
fn recovered_merges_are_gpt2s() {
    let (Some(bpe), Some(published)) = (openai("r50k_base"), shared("tokenizer/gpt2-vocab.bpe.zst")) else {
        return;
    };
    let json: Value = serde_json::from_str(&bpe.to_json().unwrap()).unwrap();
    let published = String::from_utf8(published).unwrap();
    let lines: Vec<&str> = published.lines().skip(1).collect();
    assert_eq!(json["model"]["merges"], json!(lines));
}

/// With `ignore_merges` a chunk that is a token stays whole; without, only merges make tokens.
#[test]
fn ignore_merges_means_what_it_says() {
    let mut file: Value = serde_json::from_str(&trained(Pattern::Gpt2).to_json().unwrap()).unwrap();
    file["model"]["vocab"]["zq"] = json!(5000);
    file["model"]["ignore_merges"] = json!(true);
    let whole = Bpe::from_json(&file.to_string());
    assert!(matches!(whole, Err(Error::SparseId { id: 5000, .. })));
    file["model"]["vocab"]["zq"] = json!(400);
    let whole = Bpe::from_json(&file.to_string()).unwrap();
    assert_eq!(encode(&whole, "zq"), [400]);
    file["model"]["ignore_merges"] = json!(false);
    let merged = Bpe::from_json(&file.to_string()).unwrap();
    assert_eq!(encode(&merged, "zq").len(), 2);
    assert_eq!(encode(&merged, " the"), encode(&whole, " the"));
}

#[test]
fn damaged_json() {
    let text = trained(Pattern::Nanochat).to_json().unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let error = |edit: &dyn Fn(&mut Value)| {
        let mut damaged = file.clone();
        edit(&mut damaged);
        Bpe::from_json(&damaged.to_string()).unwrap_err()
    };
    assert!(matches!(Bpe::from_json(&text[..text.len() / 2]), Err(Error::Json(_))));
    assert!(matches!(Bpe::from_json(""), Err(Error::Json(_))));

    let got = error(&|file| file["model"]["vocab"]["a"] = file["model"]["vocab"]["b"].clone());
    assert!(matches!(got, Error::DuplicateId { .. }), "{got}");
    let got = error(&|file| file["added_tokens"][0]["id"] = json!(64));
    assert!(matches!(got, Error::DuplicateId { id: 64, .. }), "{got}");
    let got = error(&|file| drop(file["model"]["vocab"].as_object_mut().unwrap().remove("Ā")));
    assert!(matches!(got, Error::MissingByte { byte: 0 }), "{got}");
    let got = error(&|file| file["model"]["vocab"]["a b"] = json!(400));
    assert!(matches!(got, Error::Alphabet { character: ' ', .. }), "{got}");
    let got = error(&|file| file["model"]["merges"][0] = json!("x nowhere"));
    assert!(matches!(got, Error::UnknownToken { rank: 0, .. }), "{got}");
    let got = error(&|file| file["model"]["merges"][0] = json!(["x", "q"]));
    assert_eq!(got.to_string(), "merge 0 names `xq`, which is not in the vocabulary");
    let got = error(&|file| file["model"]["merges"][1] = file["model"]["merges"][0].clone());
    assert!(matches!(got, Error::DuplicateMerge { first: 0, second: 1 }), "{got}");
    for (field, value) in [("normalizer", json!({"type": "NFC"})), ("version", json!("2.0"))] {
        let got = error(&|file| file[field] = value.clone());
        assert!(matches!(got, Error::Unsupported { field: named, .. } if named == field), "{got}");
    }
    let got = error(&|file| file["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = json!(true));
    assert!(matches!(got, Error::Unsupported { field: "pre_tokenizer", .. }), "{got}");

    // A doubled key, which a JSON map would swallow.
    let doubled = text.replacen("\"vocab\": {", "\"vocab\": {\n\"!\": 1000,", 1);
    let got = Bpe::from_json(&doubled.replacen("1000", "400", 1)).unwrap_err();
    assert!(matches!(got, Error::DuplicateToken { .. }), "{got}");
}

/// Special tokens that stand elsewhere than behind all others are in the vocabulary too: readers would number them anew.
#[test]
fn special_tokens_in_front() {
    let (vocab, merges) = trained(Pattern::Gpt2).to_vocab_and_merges().unwrap();
    let mut vocab: Value = serde_json::from_str(&vocab).unwrap();
    let size = vocab.as_object().unwrap().len() as u64;
    for id in vocab.as_object_mut().unwrap().values_mut() {
        *id = ((id.as_u64().unwrap() + 9) % size).into();
    }
    let bpe =
        Bpe::from_vocab_and_merges(&vocab.to_string(), &merges, Pattern::Gpt2, &SPECIAL_TOKENS).unwrap();
    let file: Value = serde_json::from_str(&bpe.to_json().unwrap()).unwrap();
    assert_eq!(file["model"]["vocab"], vocab);
    assert_eq!(Bpe::from_json(&file.to_string()).unwrap().vocabulary(), bpe.vocabulary());
}

/// A vocabulary that was made of the bytes of its texts: those that it lacks leave no id, before anything is merged.
#[test]
fn a_vocabulary_without_the_bytes_that_no_text_had() {
    let bpe = trained(Pattern::Gpt2);
    let mut file: Value = serde_json::from_str(&bpe.to_json().unwrap()).unwrap();
    let vocab = file["model"]["vocab"].as_object_mut().unwrap();
    for byte in [4, 0xc0, 0xc1].into_iter().chain(0xf5..=0xff) {
        let letter = char::from_u32(if byte == 4 { 0x104 } else { byte }).unwrap();
        assert!(vocab.remove(&letter.to_string()).is_some(), "{byte}");
    }
    let lacking = Bpe::from_json(&file.to_string()).unwrap();
    let word = "the theme of the other theory";
    assert_eq!(encode(&lacking, word), encode(&bpe, word));
    for text in ["\u{4}", "th\u{4}e theme", "\u{4}\u{4}é the"] {
        let known = encode(&lacking, text);
        assert_eq!(lacking.count(text), known.len());
        assert_eq!(decode(&lacking, &known), text.replace('\u{4}', "").as_bytes());
    }
    let parts = [encode(&bpe, "th"), encode(&bpe, "eme")].concat();
    assert_eq!(encode(&lacking, "th\u{4}eme"), parts, "the text is cut before the byte is gone");
    let back = Bpe::from_json(&lacking.to_json().unwrap()).unwrap();
    assert_eq!(back.vocabulary(), lacking.vocabulary());

    // what has id 0 stands for no byte, and no merge leads to it
    let vocab = file["model"]["vocab"].as_object_mut().unwrap();
    let free = vocab.remove("\u{100}").unwrap();
    assert_eq!(vocab.insert("!".to_owned(), free), Some(json!(0)));
    vocab.insert("unk".to_owned(), json!(0));
    file["model"]["ignore_merges"] = json!(false);
    let unknown = Bpe::from_json(&file.to_string()).unwrap();
    let long = "unk".repeat(40);
    assert_eq!(encode(&unknown, &long), encode(&bpe, &long));

    file["model"]["vocab"].as_object_mut().unwrap().remove("!");
    let got = Bpe::from_json(&file.to_string()).unwrap_err();
    assert!(matches!(got, Error::MissingByte { byte: 0 }), "{got}");
}

#[test]
fn a_special_token_without_a_name() {
    let mut file: Value = serde_json::from_str(&trained(Pattern::Gpt2).to_json().unwrap()).unwrap();
    file["added_tokens"][0]["content"] = json!("");
    let got = Bpe::from_json(&file.to_string()).unwrap_err();
    assert!(matches!(got, Error::EmptySpecial { .. }), "{got}");
}

#[test]
fn damaged_tiktoken() {
    let error = |file: &[u8]| Bpe::from_tiktoken(file, Pattern::Cl100k, &[]).unwrap_err();
    assert!(matches!(error(b""), Error::MissingByte { byte: 0 }));
    assert_eq!(error(b"IQ== 0\nIg=").to_string(), "line 2: expected `base64 rank`, got `Ig=`");
    assert!(matches!(error(b"IQ== x"), Error::Line { line: 1, .. }));
    assert!(matches!(error(b"IQ== 4294967296"), Error::Line { line: 1, .. }));
    assert!(matches!(error(b"IQ== 4294967295"), Error::SparseId { .. }));
    assert!(matches!(error(b"IQ== 0\nIg== 0"), Error::DuplicateId { id: 0, .. }));
    assert!(matches!(error(b"IQ== 0\nIQ== 1"), Error::DuplicateToken { first: 0, second: 1, .. }));
    assert!(matches!(error(b"\xff\xfe 0"), Error::Line { line: 1, .. }));
    // longer tokens, of which no byte is there
    assert!(matches!(error(b"YWI= 0\nYWJj 1\nYg== 2"), Error::MissingByte { byte: 0 }));
}

#[test]
fn a_foreign_pre_tokenizer_is_not_saved() {
    struct Whole;
    impl PreTokenizer for Whole {
        fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
            chunk(text);
        }
    }
    let bpe = trained(Pattern::Gpt2).with_pre_tokenizer(std::sync::Arc::new(Whole));
    assert!(encode(&bpe, "").is_empty());
    assert!(matches!(bpe.to_json(), Err(Error::NoPattern)));
}

#[test]
fn own_file_there_and_back() {
    let own = Pattern::Regex(r"\S+|\s+".into());
    for pattern in [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::Nanochat, own] {
        let bpe = trained(pattern);
        let file = bpe.to_bytes().unwrap();
        let back = Bpe::from_bytes(&file).unwrap();
        assert_eq!(back.to_json().unwrap(), bpe.to_json().unwrap());
        assert_eq!(back.to_bytes().unwrap(), file);
    }
    for name in ["r50k_base", "cl100k_base", "o200k_base"] {
        let Some(bpe) = openai(name) else { return };
        let back = Bpe::from_bytes(&bpe.to_bytes().unwrap()).unwrap();
        assert_eq!(back.to_json().unwrap(), bpe.to_json().unwrap());
    }
}

#[test]
fn own_file_damaged() {
    let file = trained(Pattern::Nanochat).to_bytes().unwrap();
    for end in 0..file.len() {
        assert!(matches!(Bpe::from_bytes(&file[..end]), Err(Error::Bytes { .. })), "cut at {end}");
    }
    for at in (0..file.len()).step_by(7) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        assert!(matches!(Bpe::from_bytes(&damaged), Err(Error::Bytes { .. })), "flipped at {at}");
    }
}

/// A file whose hash is right says what it likes, and gets a named error or is a tokenizer.
#[test]
fn own_file_contradictory() {
    let file = trained(Pattern::Nanochat).to_bytes().unwrap();
    let (head, rest) = file.split_at(48);
    let mut refused = 0;
    for at in 0..rest.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut rest = rest.to_vec();
            rest[at] ^= bits;
            let file = [&head[..16], blake3::hash(&rest).as_bytes(), &rest].concat();
            match Bpe::from_bytes(&file) {
                Ok(bpe) => assert!(!encode(&bpe, "the cat").is_empty()),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > rest.len(), "{refused}");
}

#[test]
fn the_second_version_of_tokenizer_json() {
    for pattern in [Pattern::Gpt2, Pattern::Cl100k, Pattern::Nanochat] {
        let bpe = trained(pattern.clone());
        let mut file: Value = serde_json::from_str(&bpe.to_json().unwrap()).unwrap();
        file["version"] = json!("2.0");
        file["model"]["byte_level"] = json!(true);
        file["decoder"] = json!({ "type": "ByteLevel" });
        file["pre_tokenizer"] = json!({
            "type": "Split", "pattern": { "Regex": pattern.regex() }, "behavior": "Isolated", "invert": false
        });
        for merge in file["model"]["merges"].as_array_mut().unwrap() {
            let (left, right) = merge.as_str().unwrap().split_once(' ').unwrap();
            *merge = json!([left, right]);
        }
        let back = Bpe::from_json(&file.to_string()).unwrap();
        assert_eq!(back.to_json().unwrap(), bpe.to_json().unwrap());
        for (key, value) in [("version", json!("1.0")), ("version", json!("3.0"))] {
            let mut file = file.clone();
            file[key] = value;
            assert!(matches!(Bpe::from_json(&file.to_string()), Err(Error::Unsupported { .. })));
        }
        file["model"]["byte_level"] = json!(false);
        assert!(matches!(Bpe::from_json(&file.to_string()), Err(Error::Unsupported { .. })));
    }
}
