//! A tokenizer of whole words: a frequent word is one token, any other is spelled in bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bpe::{Bpe, Pattern, PreTokenizer, SPECIAL_TOKENS, Tokenizer, Vocabulary};
use serde_json::{Value, json};

/// Ids 0 to 255 are bytes, then come words, then the special tokens.
pub struct Words {
    vocabulary: Vocabulary,
    ids: BTreeMap<Vec<u8>, u32>,
    splitter: Arc<dyn PreTokenizer>,
}

impl Words {
    /// The tokenizer of a vocabulary in which every byte has a token.
    pub fn new(vocabulary: Vocabulary) -> anyhow::Result<Self> {
        let ids = vocabulary.tokens().map(|(id, token)| (token.to_vec(), id)).collect();
        Ok(Self { vocabulary, ids, splitter: Pattern::Gpt2.pre_tokenizer()? })
    }

    /// Reads what [`Words::save`] wrote.
    pub fn load(directory: &Path) -> anyhow::Result<Self> {
        Self::new(Bpe::load(directory)?.vocabulary().clone())
    }

    /// Writes a `tokenizer.json`: byte-level BPE without merges, whose whole chunks may be tokens, is this tokenizer.
    ///
    /// So the stages below, and every program that knows the format, read it without knowing of us.
    pub fn save(&self, directory: &Path) -> anyhow::Result<()> {
        let vocab: serde_json::Map<String, Value> =
            self.vocabulary.tokens().map(|(id, token)| (spell(token), json!(id))).collect();
        let special = |(id, name)| json!({ "id": id, "content": name, "special": true });
        let added: Vec<Value> = self.vocabulary.specials().map(special).collect();
        let byte_level = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
        let file = json!({
            "version": "1.0", "added_tokens": added, "pre_tokenizer": byte_level, "decoder": byte_level,
            "model": { "type": "BPE", "ignore_merges": true, "vocab": vocab, "merges": [] },
        });
        std::fs::write(directory.join("tokenizer.json"), serde_json::to_string_pretty(&file)? + "\n")?;
        Ok(())
    }
}

impl Tokenizer for Words {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        self.splitter.split(text, &mut |word| match self.ids.get(word.as_bytes()) {
            Some(&id) => ids.push(id),
            None => ids.extend(word.bytes().map(u32::from)),
        });
    }

    fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>) {
        for &id in ids {
            bytes.extend_from_slice(self.vocabulary.token(id).unwrap_or("\u{fffd}".as_bytes()));
        }
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

/// Counts words, and makes a vocabulary of the most frequent.
#[derive(Default)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// Counts the words of one text.
    pub fn feed(&mut self, text: &str) -> anyhow::Result<()> {
        Pattern::Gpt2.pre_tokenizer()?.split(text, &mut |word| {
            // a single byte is a token already
            if word.len() > 1 {
                *self.0.entry(word.to_owned()).or_default() += 1;
            }
        });
        Ok(())
    }

    /// A vocabulary of at most `size` tokens; of equally frequent words the first in order of bytes.
    pub fn vocabulary(self, size: usize) -> Vocabulary {
        let mut words: Vec<(String, u64)> = self.0.into_iter().collect();
        words.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        words.truncate(size.saturating_sub(256 + SPECIAL_TOKENS.len()));
        let bytes = (0..=255u8).map(|byte| vec![byte]);
        let words = words.into_iter().map(|(word, _)| word.into_bytes());
        Vocabulary::new(bytes.chain(words)).with_specials(SPECIAL_TOKENS)
    }
}

/// GPT-2's alphabet: a visible character for every byte, so that a token can stand in JSON.
fn spell(token: &[u8]) -> String {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let character = |&byte: &u8| match visible(byte) {
        true => char::from(byte),
        false => {
            let hidden = (0..byte).filter(|&other| !visible(other)).count() as u32;
            char::from_u32(256 + hidden).expect("256 to 323 are letters")
        }
    };
    token.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(tokenizer: &dyn Tokenizer, text: &str) -> Vec<u32> {
        let mut ids = vec![];
        tokenizer.encode(text, &mut ids);
        ids
    }

    #[test]
    fn what_is_saved_is_read_by_others_as_the_same_tokenizer() {
        let mut counts = Counts::default();
        counts.feed("the cat sat on the mat, and the cat\u{a0}was fat").unwrap();
        let words = Words::new(counts.vocabulary(256 + 32 + 6)).unwrap();
        let directory = std::env::temp_dir().join(format!("swap-tokenizer-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        words.save(&directory).unwrap();
        let [ours, theirs] = [Words::load(&directory).unwrap().vocabulary, words.vocabulary.clone()];
        assert_eq!(ours, theirs);
        let bpe = Bpe::load(&directory).unwrap();
        for text in ["the cat", " the dog\r\n\t naïve", "<|bos|>", ""] {
            let (here, there) = (ids(&words, text), ids(&bpe, text));
            assert_eq!(here, there, "{text:?}");
            let mut bytes = vec![];
            words.decode(&here, &mut bytes);
            assert_eq!(bytes, text.as_bytes());
        }
        assert_eq!(ids(&words, " the cat yawns").len(), 2 + " yawns".len(), "two words, and one in bytes");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
