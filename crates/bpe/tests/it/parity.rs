//! The ids that OpenAI's tokenizers give, exactly.

use bpe::Tokenizer;
use serde_json::Value;

use crate::common::{decode, encode, openai, shared};

const NAMES: [&str; 3] = ["r50k_base", "cl100k_base", "o200k_base"];

fn ids(value: &Value) -> Vec<u32> {
    let ids = value.as_array().expect("a list of ids");
    ids.iter().map(|id| id.as_u64().expect("an id") as u32).collect()
}

#[test]
fn reference_encodings() {
    let Some(reference) = shared("tokenizer/reference-encodings.jsonl.zst") else { return };
    let rows: Vec<Value> = String::from_utf8(reference)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(rows.len() >= 1534);
    for name in NAMES {
        let Some(bpe) = openai(name) else { return };
        let texts: Vec<&str> = rows.iter().map(|row| row["text"].as_str().unwrap()).collect();
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        bpe.encode_all(&texts, &mut all, &mut ends);
        let mut start = 0;
        for ((row, text), end) in rows.iter().zip(&texts).zip(ends) {
            assert_eq!(all[start..end], ids(&row[name]), "{name}: {text:?}");
            assert_eq!(decode(&bpe, &all[start..end]), text.as_bytes());
            start = end;
        }
    }
}

#[test]
fn a_whole_book() {
    let Some(text) = shared("text/tinyshakespeare.txt") else { return };
    let text = String::from_utf8(text).unwrap();
    let Some(expected) = shared("tokenizer/tinyshakespeare-expected.json") else { return };
    let expected: Value = serde_json::from_slice(&expected).unwrap();
    for name in NAMES {
        let Some(bpe) = openai(name) else { return };
        let encoded = encode(&bpe, &text);
        assert_eq!(encoded.len() as u64, expected[name]["tokens"].as_u64().unwrap());
        assert_eq!(encoded[..16], ids(&expected[name]["first16"]));
        assert_eq!(decode(&bpe, &encoded), text.as_bytes());
    }
}

#[test]
fn special_tokens_in_text_are_text() {
    let Some(bpe) = openai("cl100k_base") else { return };
    let vocabulary = bpe.vocabulary();
    let encoded = encode(&bpe, "a<|endoftext|>b");
    assert!(encoded.iter().all(|&id| !vocabulary.is_special(id)));
    assert_eq!(decode(&bpe, &[100257]), b"<|endoftext|>");
    assert_eq!(vocabulary.size(), 100277);
    assert_eq!(vocabulary.token(100270), None, "a hole");
}
