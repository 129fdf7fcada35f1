//! Our own file: what others spell in JSON, as arrays that a reader takes as they are.
//!
//! All numbers are `u32`, little-endian:
//!
//! ```text
//! magic               16 bytes
//! BLAKE3 of the rest  32 bytes
//! flags               bit 0: chunks that are tokens stay whole
//! sizes               ids, bytes of tokens, merges, special tokens, bytes of the pattern
//! starts              ids + 1: where each token starts, and the last ends
//! merges              pairs of ids, first merge first
//! special tokens      ids
//! tokens, pattern     bytes
//! ```

use crate::parts::Parts;
use crate::{Bpe, Error, Pattern, Result, Tokenizer, Vocabulary};

const MAGIC: &[u8; 16] = b"deepdive bpe 1\r\n";
const HASH: usize = 32;
const IGNORE_MERGES: u32 = 1;

impl Bpe {
    /// The tokenizer in a form that is read in a fraction of the time that a `tokenizer.json` takes.
    ///
    /// ```
    /// use bpe::{Bpe, Settings, Tokenizer, train};
    ///
    /// let bpe = train(Settings { vocab_size: 300, ..Settings::default() }, &["to be or not to be"])?.tokenizer;
    /// let back = Bpe::from_bytes(&bpe.to_bytes()?)?;
    /// assert_eq!(back.vocabulary(), bpe.vocabulary());
    /// # Ok::<(), bpe::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let pattern = self.pattern.as_ref().ok_or(Error::NoPattern)?.regex();
        let (tokens, starts, specials) = self.vocabulary().raw();
        let specials: Vec<u32> = specials.collect();
        let sizes = [starts.len() - 1, tokens.len(), self.merges().len(), specials.len(), pattern.len()];

        let flags = if self.ignore_merges { IGNORE_MERGES } else { 0 };
        let sizes = sizes.map(|size| u32::try_from(size).expect("checked when it was made"));
        let merges = self.merges().iter().flat_map(|&(left, right)| [left, right]);
        let numbers =
            [flags].into_iter().chain(sizes).chain(starts.iter().copied()).chain(merges).chain(specials);

        let mut rest: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        rest.extend_from_slice(tokens);
        rest.extend_from_slice(pattern.as_bytes());
        Ok([MAGIC, blake3::hash(&rest).as_bytes().as_slice(), &rest].concat())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, from a file in memory or mapped there.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let damaged = |reason| Error::Bytes { reason };
        let file = file.strip_prefix(MAGIC).ok_or_else(|| damaged("another magic number"))?;
        let (hash, rest) = file.split_at_checked(HASH).ok_or_else(|| damaged("cut short"))?;
        if blake3::hash(rest).as_bytes() != hash {
            return Err(damaged("its hash differs from its content"));
        }
        Self::new(parts(rest).ok_or_else(|| damaged("its sizes contradict each other"))?)
    }
}

fn parts(mut rest: &[u8]) -> Option<Parts> {
    let rest = &mut rest;
    let [flags, ids, bytes, merges, specials, pattern] = *numbers(rest, 6)?.as_slice() else { return None };
    let starts = numbers(rest, ids as usize + 1)?;
    let merges = numbers(rest, 2 * merges as usize)?;
    let specials = numbers(rest, specials as usize)?;
    let tokens = take(rest, bytes as usize)?.to_vec();
    let pattern = str::from_utf8(take(rest, pattern as usize)?).ok()?;
    let (merges, _) = merges.as_chunks();
    Some(Parts {
        vocabulary: Vocabulary::from_raw(tokens, starts, &specials).filter(|_| rest.is_empty())?,
        merges: merges.iter().map(|&[left, right]| (left, right)).collect(),
        pattern: Pattern::from_regex(pattern),
        ignore_merges: flags & IGNORE_MERGES != 0,
    })
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    Some(taken)
}

fn numbers(rest: &mut &[u8], count: usize) -> Option<Vec<u32>> {
    let (numbers, _) = take(rest, count.checked_mul(4)?)?.as_chunks();
    Some(numbers.iter().map(|&number| u32::from_le_bytes(number)).collect())
}
