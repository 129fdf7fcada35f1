//! A vocabulary of the first half of a text encodes the second as merging one pair at a time would.
#![no_main]

use bpe::{Bpe, Pattern, Settings, Tokenizer, train};
use libfuzzer_sys::fuzz_target;

/// The truth: the smallest rank first, the leftmost of equals.
fn merged(bpe: &Bpe, chunk: &str) -> Vec<u32> {
    let vocabulary = bpe.vocabulary();
    let find = |bytes: &[u8]| vocabulary.tokens().find(|(_, token)| *token == bytes).map(|(id, _)| id);
    if let Some(id) = find(chunk.as_bytes()) {
        return vec![id];
    }
    let mut ids: Vec<u32> = chunk.bytes().map(|byte| find(&[byte]).expect("a token each byte")).collect();
    loop {
        let rank = |pair: (u32, u32)| bpe.merges().iter().position(|&merge| merge == pair);
        let pairs = ids.array_windows().enumerate().filter_map(|(at, &[a, b])| Some((rank((a, b))?, at)));
        let Some((_, at)) = pairs.min() else { return ids };
        let joined = [at, at + 1].map(|at| vocabulary.token(ids[at]).expect("a token")).concat();
        ids.splice(at..at + 2, [find(&joined).expect("a merge makes a token")]);
    }
}

fuzz_target!(|halves: (&str, &str, u8)| {
    let (learned, text, size) = halves;
    let settings = Settings {
        vocab_size: 288 + u32::from(size),
        pattern: Pattern::Gpt2,
        min_frequency: 1,
        ..Settings::default()
    };
    let bpe = train(settings, &[learned]).expect("sound settings").tokenizer;
    let (mut ids, mut expected) = (Vec::new(), Vec::new());
    // twice: the second time words are remembered
    for _ in 0..2 {
        ids.clear();
        bpe.encode(text, &mut ids);
        assert_eq!(bpe.count(text), ids.len());
    }
    let splitter = Pattern::Gpt2.pre_tokenizer().expect("a pattern");
    splitter.split(text, &mut |chunk| expected.extend(merged(&bpe, chunk)));
    assert_eq!(ids, expected);
    let mut bytes = Vec::new();
    bpe.decode(&ids, &mut bytes);
    assert_eq!(bytes, text.as_bytes());
    let back = Bpe::from_bytes(&bpe.to_bytes().expect("a pattern")).expect("what was written");
    assert_eq!(back.to_json().expect("a pattern"), bpe.to_json().expect("a pattern"));
});
