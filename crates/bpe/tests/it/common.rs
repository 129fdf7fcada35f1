//! What several tests need: the shared data, and the slow truth.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use bpe::{Bpe, Pattern, PreTokenizer, Tokenizer};

/// A file of the shared data, decompressed; `None`, with a word, where there is no such data.
pub(crate) fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from("../../../shared/data").join(name);
    let Ok(bytes) = fs::read(path) else {
        println!("skipped: shared data is absent");
        return None;
    };
    if name.rsplit('.').next() == Some("zst") {
        return Some(zstd::decode_all(bytes.as_slice()).expect("intact shared data"));
    }
    Some(bytes)
}

/// One of OpenAI's tokenizers from the shared data.
pub(crate) fn openai(name: &str) -> Option<Bpe> {
    let (pattern, specials): (_, &[_]) = match name {
        "r50k_base" => (Pattern::Gpt2, &[("<|endoftext|>", 50256)]),
        "cl100k_base" => (Pattern::Cl100k, &[("<|endoftext|>", 100257), ("<|endofprompt|>", 100276)]),
        _ => (Pattern::O200k, &[("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)]),
    };
    let file = shared(&format!("tokenizer/{name}.tiktoken.zst"))?;
    Some(Bpe::from_tiktoken(&file, pattern, specials).expect("an intact file"))
}

pub(crate) fn encode(tokenizer: &dyn Tokenizer, text: &str) -> Vec<u32> {
    let mut ids = Vec::new();
    tokenizer.encode(text, &mut ids);
    ids
}

pub(crate) fn decode(tokenizer: &dyn Tokenizer, ids: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    tokenizer.decode(ids, &mut bytes);
    bytes
}

pub(crate) fn chunks<'t>(splitter: &dyn PreTokenizer, text: &'t str) -> Vec<&'t str> {
    let mut chunks = Vec::new();
    splitter.split(text, &mut |chunk| chunks.push(chunk));
    let (mut batches, mut start) = (Vec::new(), 0);
    splitter.split_batches(text, &mut |ends| {
        for &end in ends {
            batches.push(&text[start..end]);
            start = end;
        }
    });
    assert_eq!(batches, chunks, "both ways to cut {text:?}");
    chunks
}

/// Numbers as if by chance, the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    pub(crate) fn letter(&mut self) -> char {
        char::from(b'a' + self.below(26) as u8)
    }
}

/// Byte-pair encoding as the papers tell it, a merge at a time over a list.
pub(crate) struct Naive {
    bytes: HashMap<u8, u32>,
    merges: HashMap<(u32, u32), (usize, u32)>,
}

impl Naive {
    pub(crate) fn of(bpe: &Bpe) -> Self {
        let vocabulary = bpe.vocabulary();
        let ids: HashMap<&[u8], u32> = vocabulary.tokens().map(|(id, token)| (token, id)).collect();
        let joined =
            |left, right| [vocabulary.token(left).unwrap(), vocabulary.token(right).unwrap()].concat();
        let ranked = bpe.merges().iter().enumerate();
        Self {
            bytes: (0..=255).map(|byte| (byte, ids[&[byte][..]])).collect(),
            merges: ranked.map(|(rank, &(l, r))| ((l, r), (rank, ids[joined(l, r).as_slice()]))).collect(),
        }
    }

    pub(crate) fn encode(&self, chunk: &[u8]) -> Vec<u32> {
        let mut ids: Vec<u32> = chunk.iter().map(|byte| self.bytes[byte]).collect();
        loop {
            let joins = ids.windows(2).enumerate();
            let found =
                joins.filter_map(|(at, pair)| self.merges.get(&(pair[0], pair[1])).map(|join| (join, at)));
            let Some((&(_, id), at)) = found.min() else { return ids };
            ids.splice(at..at + 2, [id]);
        }
    }
}
