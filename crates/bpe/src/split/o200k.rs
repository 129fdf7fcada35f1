use super::PreTokenizer;
use super::class::{CASELESS, LOWER, MARK, NUMBER, PREFIX, SYMBOL, Set, UPPER};
use super::cursor::{Cursor, scan};

/// GPT-4o's pattern: words are also cut where lower case turns to upper case, and keep their marks and contraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct O200k;

pub(super) const O200K: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const HEAD: Set = UPPER | CASELESS | MARK;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const TAIL: Set = LOWER | CASELESS | MARK;

impl PreTokenizer for O200k {
    fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
        scan(text, chunk, next);
    }
}

#[inline]
fn next(cursor: &Cursor<'_>, start: usize) -> usize {
    let (class, width) = cursor.at(start);
    // The optional first character is greedy: with it comes before without it, in each alternative.
    let with = (class & PREFIX != 0).then_some(start + width);
    let without = (class & (HEAD | TAIL) != 0).then_some(start);
    let starts = [with, without];
    for word in [capitalised, capitals] {
        if let Some(end) = starts.into_iter().flatten().find_map(|at| word(cursor, at)) {
            return end + cursor.contraction_any_case(end);
        }
    }
    if class & NUMBER != 0 {
        return cursor.run_up_to(start, NUMBER, 3);
    }
    let symbols = cursor.optional_space(start);
    let end = cursor.run(symbols, SYMBOL);
    if end > symbols {
        let rest = &cursor.text.as_bytes()[end..];
        return end + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b'/')).count();
    }
    cursor.lines(start)
}

/// `HEAD*TAIL+`, with the backtracking of the regex: where no lower case follows the run of `HEAD`, the last
/// caseless character of the run is the tail.
#[inline]
fn capitalised(cursor: &Cursor<'_>, start: usize) -> Option<usize> {
    let (mut at, mut caseless) = (start, None);
    loop {
        let (class, width) = cursor.at(at);
        if class & HEAD == 0 {
            break;
        }
        at += width;
        if class & TAIL != 0 {
            caseless = Some(at);
        }
    }
    let end = cursor.run(at, TAIL);
    if end > at { Some(end) } else { caseless }
}

/// `HEAD+TAIL*`, reached only where no tail follows.
#[inline]
fn capitals(cursor: &Cursor<'_>, start: usize) -> Option<usize> {
    let end = cursor.run(start, HEAD);
    (end > start).then_some(end)
}
