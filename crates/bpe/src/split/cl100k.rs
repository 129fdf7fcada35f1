use super::PreTokenizer;
use super::class::{LETTER, NEWLINE, NUMBER, PREFIX, SPACE, SYMBOL};
use super::cursor::{Cursor, scan};

/// The family of GPT-4's pattern; its members differ in two numbers.
///
/// A word takes one symbol or blank before it, numbers are cut into short groups, newlines end a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cl100k {
    /// Digits in a group, at most.
    pub(super) digits: usize,
    pub(super) trailing: Trailing,
}

/// What whitespace at the end of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trailing {
    /// One chunk, newlines or not: `\s++$`, which tiktoken's form of the pattern has.
    Whole,
    /// Cut after its last newline, as elsewhere in the text.
    Lines,
}

// `$` and `{1,3}+` are avoided: Oniguruma, which Hugging Face uses, reads both differently from other engines.
pub(super) const CL100K: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]|\s+(?!\S)|\s";
pub(super) const NANOCHAT: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";

impl PreTokenizer for Cl100k {
    fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
        scan(text, chunk, |cursor, start| self.next(cursor, start));
    }
}

impl Cl100k {
    #[inline]
    fn next(&self, cursor: &Cursor<'_>, start: usize) -> usize {
        let (class, width) = cursor.at(start);
        if class & LETTER != 0 {
            return cursor.run(start + width, LETTER);
        }
        let contraction = cursor.contraction_any_case(start);
        if contraction > 0 {
            return start + contraction;
        }
        if class & PREFIX != 0 {
            let word = start + width;
            let end = cursor.run(word, LETTER);
            if end > word {
                return end;
            }
        }
        if class & NUMBER != 0 {
            return cursor.run_up_to(start, NUMBER, self.digits);
        }
        let symbols = cursor.optional_space(start);
        let end = cursor.run(symbols, SYMBOL);
        if end > symbols {
            return cursor.run(end, NEWLINE);
        }
        if self.trailing == Trailing::Whole && cursor.run(start, SPACE) == cursor.text.len() {
            return cursor.text.len();
        }
        cursor.lines(start)
    }
}
