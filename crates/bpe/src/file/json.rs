//! `tokenizer.json` of Hugging Face tokenizers: written in the 1.0 layout, which every reader knows, and read back without
//! loss; 2.0 is read too.

use rustc_hash::FxHashMap;

use super::layout::{AddedToken, Component, File, MergeEntry, Model, SplitPattern, Vocab};
use crate::alphabet::{spell, unspell};
use crate::parts::Parts;
use crate::{Bpe, Error, Pattern, Result, Tokenizer, Vocabulary};

impl Bpe {
    /// The content of a `tokenizer.json`; equal tokenizers give equal bytes.
    ///
    /// Readers of such files turn the names of special tokens found in a text into their ids; this crate never does.
    pub fn to_json(&self) -> Result<String> {
        let pattern = self.pattern.as_ref().ok_or(Error::NoPattern)?;
        let vocabulary = self.vocabulary();
        let file = File {
            version: "1.0".to_owned(),
            truncation: None,
            padding: None,
            added_tokens: vocabulary.specials().map(added_token).collect(),
            normalizer: None,
            pre_tokenizer: pre_tokenizer(pattern),
            post_processor: None,
            decoder: byte_level(true),
            model: Model {
                kind: "BPE".to_owned(),
                dropout: None,
                unk_token: None,
                continuing_subword_prefix: None,
                end_of_word_suffix: None,
                fuse_unk: false,
                byte_fallback: false,
                ignore_merges: self.ignore_merges,
                byte_level: None,
                vocab: Vocab(self.spelled_for_readers()),
                merges: self
                    .merges()
                    .iter()
                    .map(|&pair| MergeEntry::Line(merge_line(vocabulary, pair)))
                    .collect(),
            },
        };
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Reads the content of a `tokenizer.json` that holds byte-level BPE.
    ///
    /// What the file says about padding, truncation and post-processing is left to others; whatever else would change
    /// ids and is not supported is an error. All added tokens count as special.
    pub fn from_json(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text)?;
        check(&file)?;
        let added = file.added_tokens.into_iter().map(|token| (token.id, token.content));
        let specials = added.collect();
        let Model { vocab: Vocab(vocab), merges, ignore_merges, byte_level, .. } = file.model;
        let pattern = pattern(&file.pre_tokenizer, byte_level == Some(true))?;
        Self::new(parts_of(vocab, &merges, specials, pattern, ignore_merges)?)
    }

    /// The vocabulary of a `tokenizer.json`. Readers give special tokens the next free ids unless the vocabulary says another.
    fn spelled_for_readers(&self) -> Vec<(String, u32)> {
        let mut vocab = self.spelled();
        let free = vocab.len() as u32..;
        if !self.vocabulary().specials().map(|(id, _)| id).eq(free.take(self.vocabulary().specials().count()))
        {
            vocab.extend(self.vocabulary().specials().map(|(id, name)| (name.to_owned(), id)));
            vocab.sort_by_key(|(_, id)| *id);
        }
        vocab
    }

    /// Tokens as files spell them, special ones left out.
    pub(super) fn spelled(&self) -> Vec<(String, u32)> {
        self.vocabulary().tokens().map(|(id, token)| (spell(token), id)).collect()
    }
}

/// What a tokenizer is made of, from tokens and merges as files spell them.
pub(super) fn parts_of(
    vocab: Vec<(String, u32)>,
    merges: &[MergeEntry],
    mut specials: Vec<(u32, String)>,
    pattern: Pattern,
    ignore_merges: bool,
) -> Result<Parts> {
    specials.sort();
    // Files may list special tokens in the vocabulary as well.
    let special = |id| specials.binary_search_by_key(&id, |&(id, _)| id).map(|at| specials[at].1.as_str());
    let is_special = |token: &str, id| special(id) == Ok(token);
    let spelled = vocab.into_iter().filter(|(token, id)| !is_special(token, *id));

    let mut ids = FxHashMap::default();
    let mut tokens = Vec::new();
    for (token, id) in spelled {
        let bytes = unspell(&token);
        let bytes = bytes.map_err(|character| Error::Alphabet { token: token.clone(), character })?;
        tokens.push((id, bytes));
        ids.insert(token, id);
    }
    let merges = merges.iter().enumerate().map(|(rank, merge)| {
        let id = |side: &str| {
            let missing = || Error::UnknownToken { rank, token: side.to_owned() };
            ids.get(side).copied().ok_or_else(missing)
        };
        let (left, right) = merge.sides();
        Ok((id(&left)?, id(&right)?))
    });
    let merges = merges.collect::<Result<_>>()?;
    let vocabulary = Vocabulary::from_pairs(tokens, specials)?;
    Ok(Parts { vocabulary, merges, pattern, ignore_merges })
}

fn added_token((id, name): (u32, &str)) -> AddedToken {
    AddedToken {
        id,
        content: name.to_owned(),
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
    }
}

pub(super) fn merge_line(vocabulary: &Vocabulary, (left, right): (u32, u32)) -> String {
    let side = |id| spell(vocabulary.token(id).expect("sides of merges are tokens"));
    format!("{} {}", side(left), side(right))
}

fn byte_level(use_regex: bool) -> Component {
    Component::ByteLevel { add_prefix_space: false, trim_offsets: true, use_regex }
}

fn pre_tokenizer(pattern: &Pattern) -> Component {
    if *pattern == Pattern::Gpt2 {
        return byte_level(true);
    }
    let split = Component::Split {
        pattern: SplitPattern::Regex(pattern.regex().to_owned()),
        behavior: "Isolated".to_owned(),
        invert: false,
    };
    Component::Sequence { pretokenizers: vec![split, byte_level(false)] }
}

/// The pattern that cuts; `byte_level` says that the model, not a component, sees to the alphabet.
fn pattern(component: &Component, byte_level: bool) -> Result<Pattern> {
    use Component::{ByteLevel, Sequence};
    let components = match component {
        Sequence { pretokenizers } => pretokenizers.as_slice(),
        one => std::slice::from_ref(one),
    };
    let found = match (components, byte_level) {
        ([ByteLevel { add_prefix_space: false, use_regex: true, .. }], false) => Some(Pattern::Gpt2),
        ([split, ByteLevel { add_prefix_space: false, use_regex: false, .. }], false) | ([split], true) => {
            isolating(split).map(Pattern::from_regex)
        }
        _ => None,
    };
    found.ok_or_else(|| unsupported_pre_tokenizer(component))
}

fn isolating(component: &Component) -> Option<&str> {
    match component {
        Component::Split { pattern: SplitPattern::Regex(regex), behavior, invert: false }
            if behavior == "Isolated" =>
        {
            Some(regex)
        }
        _ => None,
    }
}

fn unsupported_pre_tokenizer(component: &Component) -> Error {
    Error::Unsupported {
        field: "pre_tokenizer",
        got: serde_json::to_string(component).unwrap_or_default(),
        expected: "ByteLevel with its regex, or an isolating Split and ByteLevel without, both without prefix space",
    }
}

/// Refuses what would make the ids differ from the file's meaning.
fn check(file: &File) -> Result<()> {
    let refuse = |field, got: String, expected| Err(Error::Unsupported { field, got, expected });
    let model = &file.model;
    let affixes = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
    if !matches!((file.version.as_str(), model.byte_level), ("1.0", None) | ("2.0", Some(true))) {
        let got = format!("{} with model.byte_level {:?}", file.version, model.byte_level);
        refuse("version", got, "1.0, or 2.0 with model.byte_level true")
    } else if let Some(normalizer) = &file.normalizer {
        refuse("normalizer", normalizer.to_string(), "null")
    } else if !matches!(file.decoder, Component::ByteLevel { .. }) {
        refuse("decoder", "another type".to_owned(), "ByteLevel")
    } else if model.kind != "BPE" {
        refuse("model.type", model.kind.clone(), "BPE")
    } else if model.dropout.is_some_and(|dropout| dropout != 0.0) {
        refuse("model.dropout", "random".to_owned(), "null")
    } else if let Some(affix) = affixes.into_iter().flatten().find(|affix| !affix.is_empty()) {
        refuse("model affix", affix.clone(), "null")
    } else if model.byte_fallback {
        refuse("model.byte_fallback", "true".to_owned(), "false")
    } else {
        Ok(())
    }
}
