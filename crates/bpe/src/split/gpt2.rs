use std::mem;

use super::PreTokenizer;
use super::block::{self, BLOCK, Window, after, before, bits};
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

    fn split_batches(&self, text: &str, batch: &mut dyn FnMut(&[usize])) {
        let mut ahead = Ahead::default();
        block::scan(text, batch, |window| starts(window, &mut ahead));
    }
}

/// What a block knows of the next.
#[derive(Default)]
struct Ahead {
    starts: u64,
    /// A letter behind an apostrophe that begins no chunk.
    joined: u64,
}

/// [`next`] for 64 bytes: the set of those that begin a chunk.
#[inline]
fn starts(window: &Window<'_>, ahead: &mut Ahead) -> u64 {
    let Window { previous, now, next, .. } = window;
    let spaced = after(now.space, previous.space);
    let begins = |now: u64, previous: u64| now & !after(now, previous) & !spaced & window.now.lead;
    let symbols = begins(now.symbol, previous.symbol);
    let runs = symbols | begins(now.letter, previous.letter) | begins(now.number, previous.number);
    let white = now.lead & now.white & !after(now.white, previous.white);
    let mut starts = runs | white | window.last_of(|block| block.white);

    let Ahead { starts: mut contracted, mut joined } = mem::take(ahead);
    for at in bits(symbols & now.apostrophe & before(now.letter, next.letter)) {
        let contraction = Cursor::new(window.text).contraction(window.at + at);
        if contraction > 0 {
            let (letter, end) = (1u128 << (at + 1), 1u128 << (at + contraction));
            (joined, contracted) = (joined | letter as u64, contracted | end as u64);
            ahead.joined |= (letter >> BLOCK) as u64;
            ahead.starts |= (end >> BLOCK) as u64;
        }
    }
    starts &= !joined;
    starts | contracted
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
