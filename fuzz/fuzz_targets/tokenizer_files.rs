//! Files of tokenizers: refused, or read as tokenizers that give back any text of bytes that they have.
#![no_main]

use bpe::{Bpe, Pattern, Result, Tokenizer};
use libfuzzer_sys::fuzz_target;

const TEXT: &str = "the other way: 12345 Ünï中文\n\n  x\0🦀'll";

fn check(read: Result<Bpe>) {
    let Ok(bpe) = read else { return };
    let (mut ids, mut bytes) = (Vec::new(), Vec::new());
    bpe.encode(TEXT, &mut ids);
    bpe.decode(&ids, &mut bytes);
    // a vocabulary that was made of its texts' bytes leaves out the others
    let known = |byte: &u8| bpe.vocabulary().tokens().any(|(_, token)| token == [*byte]);
    assert_eq!(bytes, TEXT.bytes().filter(known).collect::<Vec<u8>>());
    let again = Bpe::from_bytes(&bpe.to_bytes().expect("a pattern")).expect("what was written");
    assert_eq!(again.vocabulary(), bpe.vocabulary());
    let _ = bpe.to_tiktoken();
}

/// With a hash that is right, so that what lies behind it is reached.
fn hashed(rest: &[u8]) -> Vec<u8> {
    [b"deepdive bpe 1\r\n", blake3::hash(rest).as_bytes().as_slice(), rest].concat()
}

fuzz_target!(|file: &[u8]| {
    check(Bpe::from_bytes(file));
    check(Bpe::from_bytes(&hashed(file)));
    check(Bpe::from_tiktoken(file, Pattern::Cl100k, &[("<|endoftext|>", 300)]));
    if let Ok(text) = str::from_utf8(file) {
        check(Bpe::from_json(text));
        let (vocab, merges) = text.split_once('\x01').unwrap_or((text, ""));
        check(Bpe::from_vocab_and_merges(vocab, merges, Pattern::Gpt2, &[]));
    }
});
