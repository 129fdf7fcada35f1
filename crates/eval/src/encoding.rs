//! Where a context ends and its continuation begins, in ids.

use bpe::Tokenizer;

/// A tokenizer, and what stands before every text.
#[derive(Clone, Copy)]
pub struct Encoding<'a> {
    /// Text to ids.
    pub tokenizer: &'a dyn Tokenizer,
    /// Put before every text, as in training; nothing for models that learned without.
    pub begin: Option<u32>,
}

impl Encoding<'_> {
    /// The ids of a text.
    pub fn text(&self, text: &str) -> Vec<u32> {
        let mut ids: Vec<u32> = self.begin.into_iter().collect();
        self.tokenizer.encode(text, &mut ids);
        ids
    }

    /// The ids of a context and of what follows it.
    ///
    /// A tokenizer may merge across the border, and a space belongs to the word behind it. The rule is that of EleutherAI's
    /// lm-evaluation-harness, so that scores can be compared:
    ///
    /// 1. White space at the end of the context moves to the front of the continuation.
    /// 2. The context is encoded alone, which gives its `n` ids.
    /// 3. Both are encoded as one text; the continuation is what stands there behind the first `n` ids.
    ///
    /// Should nothing be left in 3, because a merge took all of it, the continuation is encoded alone. A context without
    /// any id, where nothing is to stand before it either, becomes the first id of the continuation, unscored.
    pub fn pair(&self, context: &str, continuation: &str) -> (Vec<u32>, Vec<u32>) {
        let bare = context.trim_end();
        let (mut before, mut whole) = (vec![], vec![]);
        self.tokenizer.encode(bare, &mut before);
        self.tokenizer.encode(&[context, continuation].concat(), &mut whole);
        let mut after = whole.split_off(before.len().min(whole.len()));
        if after.is_empty() {
            self.tokenizer.encode(&[&context[bare.len()..], continuation].concat(), &mut after);
        }
        let mut ids: Vec<u32> = self.begin.into_iter().chain(before).collect();
        if ids.is_empty() && after.len() > 1 {
            ids.push(after.remove(0));
        }
        (ids, after)
    }
}

#[cfg(test)]
mod tests {
    use bpe::{Pattern, Settings, Tokenizer, train};

    use super::Encoding;

    #[test]
    fn the_context_alone_decides_where_the_continuation_begins() {
        let settings = Settings { vocab_size: 320, pattern: Pattern::Gpt2, ..Settings::default() };
        let bpe =
            train(settings, &["the theme of the other theory, the thesis of the rest"; 3]).unwrap().tokenizer;
        let encoding = Encoding { tokenizer: &bpe, begin: bpe.vocabulary().special("<|bos|>") };
        let ids = |text: &str| {
            let mut ids = vec![];
            bpe.encode(text, &mut ids);
            ids
        };
        let (context, continuation) = encoding.pair("of the", " theory");
        assert_eq!(context[1..], ids("of the"));
        assert_eq!(continuation, ids(" theory"), "words do not merge with one another");
        assert_eq!(encoding.pair("of the ", "theory"), (context, continuation), "the space moves");

        // "the" is one token, "th" and "e" are others: the border lies inside of it
        assert_eq!(ids("the").len(), 1);
        let (context, continuation) = encoding.pair("th", "e");
        assert_eq!((&context[1..], &continuation), (&ids("th")[..], &ids("e")), "the merge took all of it");

        let bare = Encoding { begin: None, ..encoding };
        let whole = ids("of the");
        assert_eq!(bare.pair("", "of the"), (whole[..1].to_vec(), whole[1..].to_vec()));
    }
}
