//! `vocab.json` and `merges.txt`: the two files that GPT-2 was published with, there named `encoder.json` and `vocab.bpe`.

use super::json::{merge_line, parts_of};
use super::layout::{MergeEntry, Vocab};
use crate::{Bpe, Error, Pattern, Result, Tokenizer};

/// The first line of `merges.txt`.
const VERSION: &str = "#version: 0.2";

impl Bpe {
    /// The contents of `vocab.json`, special tokens included, and of `merges.txt`.
    pub fn to_vocab_and_merges(&self) -> Result<(String, String)> {
        let vocabulary = self.vocabulary();
        let mut vocab = self.spelled();
        vocab.extend(vocabulary.specials().map(|(id, name)| (name.to_owned(), id)));
        vocab.sort_by_key(|(_, id)| *id);
        let merges = self.merges().iter().map(|&pair| merge_line(vocabulary, pair) + "\n");
        let merges: String = std::iter::once(VERSION.to_owned() + "\n").chain(merges).collect();
        Ok((serde_json::to_string(&Vocab(vocab))? + "\n", merges))
    }

    /// Reads the contents of `vocab.json` and `merges.txt`, which say neither the pattern nor what is special.
    ///
    /// Names of special tokens that `vocab` lacks are an error. Chunks that are tokens stay whole only where merges lead
    /// there, as in Hugging Face's reading of such files.
    pub fn from_vocab_and_merges(
        vocab: &str,
        merges: &str,
        pattern: Pattern,
        specials: &[&str],
    ) -> Result<Self> {
        let Vocab(vocab) = serde_json::from_str(vocab)?;
        let special = |&name: &&str| {
            let known = vocab.iter().find(|(token, _)| token == name);
            let (_, id) = known.ok_or_else(|| Error::UnknownSpecial { name: name.to_owned() })?;
            Ok((*id, name.to_owned()))
        };
        let specials = specials.iter().map(special).collect::<Result<_>>()?;
        let lines = merges.lines().enumerate();
        // only the first line can be about the version: `#` is a token like others
        let lines = lines.filter(|(at, line)| !(line.is_empty() || *at == 0 && line.starts_with("#version")));
        let merges: Vec<MergeEntry> = lines.map(|(_, line)| MergeEntry::Line(line.to_owned())).collect();
        Self::new(parts_of(vocab, &merges, specials, pattern, false)?)
    }
}
