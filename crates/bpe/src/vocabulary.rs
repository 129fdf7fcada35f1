use crate::{Error, Result, error::printable};

/// What an id without a token decodes to: U+FFFD.
const UNKNOWN: &[u8] = "\u{fffd}".as_bytes();
/// Bytes that decoding copies at once; few tokens are longer.
const STRIDE: usize = 16;

/// What each id means: the bytes of its token, or the name of a special token.
///
/// Ids need not be dense: a hole has no token. Token bytes lie in one flat buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    bytes: Vec<u8>,
    /// `bytes[starts[id]..starts[id + 1]]` is token `id`; empty for a hole.
    starts: Vec<u32>,
    /// By id.
    specials: Vec<(u32, String)>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { bytes: Vec::new(), starts: vec![0], specials: Vec::new() }
    }
}

impl Vocabulary {
    /// A vocabulary whose ids count the tokens from 0; an empty token is a hole.
    pub fn new<T: AsRef<[u8]>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let mut vocabulary = Self::default();
        for token in tokens {
            vocabulary.push(token.as_ref());
        }
        vocabulary
    }

    /// Appends special tokens, the first with the id [`size`](Self::size).
    #[must_use]
    pub fn with_specials<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        for name in names {
            self.specials.push((self.size() as u32, name.as_ref().to_owned()));
            self.push(name.as_ref().as_bytes());
        }
        self
    }

    /// Builds from (id, token) pairs in any order, as files list them; specials likewise.
    pub(crate) fn from_pairs(tokens: Vec<(u32, Vec<u8>)>, specials: Vec<(u32, String)>) -> Result<Self> {
        if let Some(&(id, _)) = specials.iter().find(|(_, name)| name.is_empty()) {
            return Err(Error::EmptySpecial { id });
        }
        let mut all: Vec<(u32, Vec<u8>)> = tokens;
        all.extend(specials.iter().map(|(id, name)| (*id, name.clone().into_bytes())));
        all.sort();
        let count = all.len();
        within_bytes(all.iter().map(|(_, token)| token.len()).sum())?;
        let mut vocabulary = Self::default();
        for (id, token) in all {
            // Holes are real (cl100k has sixteen) but few; without a limit a damaged id could ask for 4 billion.
            if id as usize > 2 * count + 1024 {
                return Err(Error::SparseId { id, token: printable(&token), tokens: count });
            }
            if (id as usize) < vocabulary.size() {
                let first = printable(vocabulary.token(id).unwrap_or_default());
                return Err(Error::DuplicateId { id, first, second: printable(&token) });
            }
            vocabulary.starts.resize(id as usize + 1, vocabulary.bytes.len() as u32);
            vocabulary.push(&token);
        }
        vocabulary.specials = specials;
        vocabulary.specials.sort();
        Ok(vocabulary)
    }

    /// The bytes of all tokens one after the other, where each starts and the last ends, and the ids of special tokens.
    pub(crate) fn raw(&self) -> (&[u8], &[u32], impl Iterator<Item = u32>) {
        (&self.bytes, &self.starts, self.specials.iter().map(|&(id, _)| id))
    }

    /// Builds from what [`raw`](Self::raw) gives; None where that cannot have come from there.
    pub(crate) fn from_raw(bytes: Vec<u8>, starts: Vec<u32>, specials: &[u32]) -> Option<Self> {
        let whole =
            starts.first() == Some(&0) && starts.last().is_some_and(|&end| end as usize == bytes.len());
        let sorted = starts.is_sorted() && specials.is_sorted_by(|a, b| a < b);
        let mut vocabulary = Self { bytes, starts, specials: Vec::new() };
        if !(whole && sorted) {
            return None;
        }
        for &id in specials {
            let name = str::from_utf8(vocabulary.token(id)?).ok()?.to_owned();
            vocabulary.specials.push((id, name));
        }
        Some(vocabulary)
    }

    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity() + size_of_val(self.starts.as_slice())
    }

    fn push(&mut self, token: &[u8]) {
        self.bytes.extend_from_slice(token);
        self.starts.push(u32::try_from(self.bytes.len()).expect("tokens of less than 4 GiB"));
    }

    /// One more than the largest id, special tokens and holes included: the rows of an embedding table.
    pub fn size(&self) -> usize {
        self.starts.len() - 1
    }

    /// The bytes of a token, the name of a special token, or nothing for a hole or an id out of range.
    #[inline]
    pub fn token(&self, id: u32) -> Option<&[u8]> {
        let (start, end) = self.place(id);
        (start < end).then(|| &self.bytes[start..end])
    }

    /// Where a token starts and ends in `bytes`; nowhere for an id out of range.
    #[inline]
    fn place(&self, id: u32) -> (usize, usize) {
        let at = id as usize;
        match self.starts.get(at..at + 2) {
            Some(&[start, end]) => (start as usize, end as usize),
            _ => (0, 0),
        }
    }

    /// Appends the bytes of `ids`: special tokens as their names, U+FFFD for an id without a token.
    pub fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>) {
        bytes.reserve(5 * ids.len() + STRIDE);
        for &id in ids {
            let (start, end) = self.place(id);
            match self.bytes.get(start..start + STRIDE) {
                // a copy of fixed length is one move; what it copies too much is cut off again
                Some(stride) if (1..=STRIDE).contains(&(end - start)) => {
                    let end = bytes.len() + end - start;
                    bytes.extend_from_slice(stride);
                    bytes.truncate(end);
                }
                _ => bytes.extend_from_slice(self.token(id).unwrap_or(UNKNOWN)),
            }
        }
    }

    /// Where each token of `ids` ends, in bytes of the text that they decode to.
    ///
    /// ```
    /// # use bpe::Vocabulary;
    /// let vocabulary = Vocabulary::new(["the", " ", "cat"]);
    /// assert_eq!(vocabulary.ends(&[0, 1, 2]).collect::<Vec<_>>(), [3, 4, 7]);
    /// ```
    pub fn ends(&self, ids: &[u32]) -> impl Iterator<Item = usize> {
        ids.iter().scan(0, |end, &id| {
            *end += self.token(id).unwrap_or(UNKNOWN).len();
            Some(*end)
        })
    }

    /// The id of a special token.
    pub fn special(&self, name: &str) -> Option<u32> {
        self.specials.iter().find(|(_, known)| known == name).map(|&(id, _)| id)
    }

    /// Whether this id is a special token: one that no text encodes to.
    pub fn is_special(&self, id: u32) -> bool {
        self.specials.binary_search_by_key(&id, |&(id, _)| id).is_ok()
    }

    /// All special tokens by id.
    pub fn specials(&self) -> impl Iterator<Item = (u32, &str)> {
        self.specials.iter().map(|(id, name)| (*id, name.as_str()))
    }

    /// All tokens that text can encode to, by id.
    pub fn tokens(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let ids = 0..self.size() as u32;
        ids.filter(|&id| !self.is_special(id)).filter_map(|id| Some((id, self.token(id)?)))
    }
}

/// Refuses more bytes of tokens than 32 bits can number.
fn within_bytes(bytes: usize) -> Result<()> {
    let limit = u32::MAX as usize;
    if bytes > limit { Err(Error::TokenBytes { bytes, limit }) } else { Ok(()) }
}
