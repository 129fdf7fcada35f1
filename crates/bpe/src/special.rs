use aho_corasick::{AhoCorasick, MatchKind};

use crate::{Error, Result, Vocabulary};

/// The special tokens that every trained vocabulary ends with, in the order of their ids.
///
/// The spare ones keep the size of embedding tables when a later stage needs a name that is not here yet.
pub const SPECIAL_TOKENS: [&str; 32] = [
    "<|bos|>",
    "<|system_start|>",
    "<|system_end|>",
    "<|user_start|>",
    "<|user_end|>",
    "<|assistant_start|>",
    "<|assistant_end|>",
    "<|think_start|>",
    "<|think_end|>",
    "<|tool_start|>",
    "<|tool_end|>",
    "<|output_start|>",
    "<|output_end|>",
    "<|image_start|>",
    "<|image_end|>",
    "<|audio_start|>",
    "<|audio_end|>",
    "<|spare_1|>",
    "<|spare_2|>",
    "<|spare_3|>",
    "<|spare_4|>",
    "<|spare_5|>",
    "<|spare_6|>",
    "<|spare_7|>",
    "<|spare_8|>",
    "<|spare_9|>",
    "<|spare_10|>",
    "<|spare_11|>",
    "<|spare_12|>",
    "<|spare_13|>",
    "<|spare_14|>",
    "<|spare_15|>",
];

/// Special tokens that a text may spell: the permission that [`encode_permitting`](crate::Tokenizer::encode_permitting)
/// asks for.
///
/// Never give it text of users: whoever writes `<|assistant_start|>` would speak as the assistant.
///
/// ```
/// use bpe::{Permitted, Settings, Tokenizer, train};
///
/// let bpe = train(Settings { vocab_size: 300, ..Settings::default() }, &["a text"])?.tokenizer;
/// let vocabulary = bpe.vocabulary();
/// let permitted = Permitted::of(vocabulary, &["<|bos|>"])?;
/// let mut ids = Vec::new();
/// bpe.encode_permitting("<|bos|>a", &permitted, &mut ids);
/// assert_eq!(ids, [vocabulary.special("<|bos|>").unwrap(), 97]);
/// # Ok::<(), bpe::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Permitted {
    names: AhoCorasick,
    ids: Vec<u32>,
}

impl Permitted {
    /// All special tokens of a vocabulary.
    pub fn all(vocabulary: &Vocabulary) -> Result<Self> {
        let names: Vec<&str> = vocabulary.specials().map(|(_, name)| name).collect();
        Self::of(vocabulary, &names)
    }

    /// Those with these names.
    pub fn of(vocabulary: &Vocabulary, names: &[&str]) -> Result<Self> {
        let id = |&name: &&str| {
            vocabulary.special(name).ok_or_else(|| Error::UnknownSpecial { name: name.to_owned() })
        };
        let ids = names.iter().map(id).collect::<Result<_>>()?;
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(names);
        let names = finder.map_err(|error| Error::Specials { reason: error.to_string() })?;
        Ok(Self { names, ids })
    }

    /// Where permitted names stand in `text`, start and end, and their ids; of several that begin at one place the longest.
    pub(crate) fn find_in(&self, text: &str) -> impl Iterator<Item = (usize, usize, u32)> {
        self.names
            .find_iter(text)
            .map(|found| (found.start(), found.end(), self.ids[found.pattern().as_usize()]))
    }
}
