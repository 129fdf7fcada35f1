use super::PreTokenizer;
use super::class::{LETTER, NUMBER, SYMBOL};
use super::cursor::{Cursor, scan};

/// GPT-2's pattern: `'s`, words, numbers, symbols, whitespace; a space belongs to what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gpt2;

pub(super) const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

impl PreTokenizer for Gpt2 {
    fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
        scan(text, chunk, next);
    }
}

#[inline]
fn next(cursor: &Cursor<'_>, start: usize) -> usize {
    let contraction = cursor.contraction(start);
    if contraction > 0 {
        return start + contraction;
    }
    let at = cursor.optional_space(start);
    let (class, width) = cursor.at(at);
    for set in [LETTER, NUMBER, SYMBOL] {
        if class & set != 0 {
            return cursor.run(at + width, set);
        }
    }
    cursor.spaces(start)
}
