//! What a tokenizer is made of, and whether it fits together.

use crate::encode::{MOST_IDS, Merges, Whole, by_merging};
use crate::error::printable;
use crate::{Error, Pattern, Result, Vocabulary};

/// What files say of a tokenizer.
pub(crate) struct Parts {
    pub(crate) vocabulary: Vocabulary,
    /// Ids of the two sides, first merge first; the result is the token with the joined bytes.
    pub(crate) merges: Vec<(u32, u32)>,
    pub(crate) pattern: Pattern,
    /// Whether a chunk that is a token stays whole even where merges would not lead there.
    pub(crate) ignore_merges: bool,
}

/// What encoding needs, of parts that fit together.
pub(crate) struct Checked {
    pub(crate) byte_ids: [u32; 256],
    pub(crate) missing: Option<Missing>,
    pub(crate) merges: Merges,
    pub(crate) whole: Whole,
}

/// Bytes without a token, as a table; ids that stand for them elsewhere mean nothing.
pub(crate) type Missing = Box<[bool; 256]>;

impl Parts {
    pub(crate) fn check(&self) -> Result<Checked> {
        let Self { vocabulary, merges, .. } = self;
        within_limit(vocabulary.size().max(merges.len()))?;
        let tokens: Vec<(u32, &[u8])> = vocabulary.tokens().collect();
        let whole = Whole::new(&tokens).map_err(|(first, second)| {
            let token = printable(vocabulary.token(second).unwrap_or_default());
            Error::DuplicateToken { token, first, second }
        })?;
        let (byte_ids, missing) = byte_ids(&whole)?;
        let merges = results(vocabulary, &whole, merges)?;
        if self.ignore_merges {
            return Ok(Checked { byte_ids, missing, merges, whole });
        }
        // then the table is a shortcut, not another meaning: it holds what merging would give anyway
        let mut row = Vec::new();
        let led_to = tokens.into_iter().filter(|&(id, token)| {
            row.clear();
            by_merging(&merges, &byte_ids, token, &mut row);
            row == [id]
        });
        let whole = Whole::new(&led_to.collect::<Vec<_>>()).unwrap_or_default();
        Ok(Checked { byte_ids, missing, merges, whole })
    }
}

/// Refuses vocabularies whose pairs and ranks do not fit into their table.
pub(crate) fn within_limit(ids: usize) -> Result<()> {
    if ids > MOST_IDS { Err(Error::TooManyIds { ids, limit: MOST_IDS }) } else { Ok(()) }
}

/// The id of each byte, and which have none.
///
/// Some vocabularies were made of the bytes that their texts had (SmolLM's): they are told by lacking all that UTF-8 never
/// has. There, others may be missing too, but not what any text is made of.
fn byte_ids(whole: &Whole) -> Result<([u32; 256], Option<Missing>)> {
    let (mut found, mut missing) = ([0; 256], Box::new([false; 256]));
    for byte in 0..=255_u8 {
        match whole.find(&[byte]) {
            Some(id) => found[byte as usize] = id,
            None => missing[byte as usize] = true,
        }
    }
    let Some(byte) = (0..=255_u8).find(|&byte| missing[byte as usize]) else { return Ok((found, None)) };
    let never = |byte: &u8| matches!(byte, 0xc0 | 0xc1 | 0xf5..=0xff);
    let learned_from_texts = (0..=255).filter(never).all(|byte| missing[byte as usize]);
    let usual = (b' '..=b'~').chain([b'\t', b'\n']).all(|byte| !missing[byte as usize]);
    if learned_from_texts && usual { Ok((found, Some(missing))) } else { Err(Error::MissingByte { byte }) }
}

/// Finds the token that each pair becomes.
fn results(vocabulary: &Vocabulary, whole: &Whole, pairs: &[(u32, u32)]) -> Result<Merges> {
    let mut merges = Merges::with_capacity(pairs.len());
    let mut joined = Vec::new();
    let mut next = 0;
    for (rank, &(left, right)) in pairs.iter().enumerate() {
        joined.clear();
        for side in [left, right] {
            let part = vocabulary.token(side).filter(|_| !vocabulary.is_special(side));
            let missing = || Error::UnknownToken { rank, token: format!("id {side}") };
            joined.extend_from_slice(part.ok_or_else(missing)?);
        }
        // mostly the token behind the last
        let same = vocabulary.token(next) == Some(&joined) && !vocabulary.is_special(next);
        let id = if same { Some(next) } else { whole.find(&joined) };
        let id = id.ok_or_else(|| Error::UnknownToken { rank, token: printable(&joined) })?;
        next = id + 1;
        let pushed = merges.push(left, right, id);
        pushed.map_err(|first| Error::DuplicateMerge { first: first as usize, second: rank })?;
    }
    Ok(merges)
}
