use crate::{Permitted, Vocabulary};

/// Text to ids and back.
///
/// That a user's text cannot spell a special token is a property of this type: [`encode`](Self::encode) never
/// emits one, whatever the text says. Special tokens are placed by id, found with [`Vocabulary::special`], or read from
/// text that is trusted, with [`encode_permitting`](Self::encode_permitting).
///
/// # Someone else's implementation
///
/// ```
/// use bpe::{Tokenizer, Vocabulary};
///
/// /// Every byte is a token.
/// struct Bytes(Vocabulary);
///
/// impl Tokenizer for Bytes {
///     fn encode(&self, text: &str, ids: &mut Vec<u32>) {
///         ids.extend(text.bytes().map(u32::from));
///     }
///     fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>) {
///         bytes.extend(ids.iter().filter_map(|&id| self.0.token(id)).flatten());
///     }
///     fn vocabulary(&self) -> &Vocabulary {
///         &self.0
///     }
/// }
///
/// let bytes = Bytes(Vocabulary::new((0..=255).map(|byte| [byte])).with_specials(["<|bos|>"]));
/// let (mut ids, mut ends) = (Vec::new(), Vec::new());
/// bytes.encode_all(&["hi", "", "<|bos|>"], &mut ids, &mut ends);
/// assert_eq!(ends, [2, 2, 9]);
/// assert!(!ids.contains(&bytes.vocabulary().special("<|bos|>").unwrap()));
/// ```
pub trait Tokenizer: Send + Sync {
    /// Appends the ids of `text`. Special tokens in the text are plain text here.
    fn encode(&self, text: &str, ids: &mut Vec<u32>);

    /// Appends the bytes of `ids`; a token may end inside a UTF-8 character (see [`Utf8Stream`](crate::Utf8Stream)).
    ///
    /// A special token decodes to its name, an id without a token to U+FFFD.
    fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>);

    /// What the ids mean.
    fn vocabulary(&self) -> &Vocabulary;

    /// Appends the ids of all texts. Row `i` is `ids[ends[i - 1]..ends[i]]`: Arrow's list layout.
    ///
    /// `ends` counts from the start of `ids`, so that rows of several calls can share both buffers.
    fn encode_all(&self, texts: &[&str], ids: &mut Vec<u32>, ends: &mut Vec<usize>) {
        for text in texts {
            self.encode(text, ids);
            ends.push(ids.len());
        }
    }

    /// How many ids `text` has.
    fn count(&self, text: &str) -> usize {
        let mut ids = Vec::new();
        self.encode(text, &mut ids);
        ids.len()
    }

    /// Appends the ids of a text in which the names of permitted special tokens mean those tokens.
    ///
    /// What stands between two of them is encoded by itself, and other special tokens are plain text, as in tiktoken.
    fn encode_permitting(&self, text: &str, permitted: &Permitted, ids: &mut Vec<u32>) {
        let mut start = 0;
        for (at, end, id) in permitted.find_in(text) {
            self.encode(&text[start..at], ids);
            ids.push(id);
            start = end;
        }
        self.encode(&text[start..], ids);
    }

    /// A beginning of `text` that has at most `budget` ids, about as long as that allows, and ends between characters.
    ///
    /// What it costs depends on the budget, not on the length of the text.
    fn cut<'t>(&self, text: &'t str, budget: usize) -> &'t str {
        let mut ids = Vec::new();
        let mut window = budget.saturating_mul(8).saturating_add(64);
        loop {
            ids.clear();
            let beginning = &text[..text.floor_char_boundary(window)];
            self.encode(beginning, &mut ids);
            if ids.len() > budget {
                break;
            }
            if beginning.len() == text.len() {
                return text;
            }
            window = window.saturating_mul(2);
        }
        let ends = self.vocabulary().ends(&ids[..budget]).map(|end| text.floor_char_boundary(end));
        let ends: Vec<usize> = ends.collect();
        // a text that ends here may be cut into other words: `\s+(?!\S)` looks ahead
        let fitting =
            ends.iter().rev().map(|&end| &text[..end]).find(|beginning| self.count(beginning) <= budget);
        fitting.unwrap_or_default()
    }
}
