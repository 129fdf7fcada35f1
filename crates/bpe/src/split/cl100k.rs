use std::mem;

use super::PreTokenizer;
use super::block::{self, BLOCK, Block, Window, after, before, bits};
use super::class::{BLANK, LETTER, NEWLINE, NUMBER, PREFIX, SPACE, SYMBOL};
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

    fn split_batches(&self, text: &str, batch: &mut dyn FnMut(&[usize])) {
        let mut state = State::default();
        block::scan(text, batch, |window| self.starts(window, &mut state));
    }
}

/// The topmost bit of a set.
#[inline]
fn last(set: u64) -> u64 {
    if set == 0 { 0 } else { 1 << set.ilog2() }
}

/// What a block has to know of those before it.
#[derive(Default)]
struct State {
    /// Starts in the next block that this one knows of.
    ahead: u64,
    /// Whether the last byte is a newline that belongs to the symbols before it.
    kept: bool,
    /// Whether the last byte is within the symbol that a chunk begins with.
    first_symbol: bool,
    /// Characters in the group of digits that the last byte belongs to.
    digits: usize,
}

impl Cl100k {
    /// [`next`](Self::next) for 64 bytes: the set of those that begin a chunk.
    #[inline]
    fn starts(&self, window: &Window<'_>, state: &mut State) -> u64 {
        let Window { previous, now, next, .. } = window;
        let Block { letter, number, symbol, newline, white, lead, .. } = *now;
        let blank = |block: &Block| block.white & !block.newline;
        let was_kept = u64::from(state.kept) << 63;

        // ` ?[^\s\p{L}\p{N}]+[\r\n]*`: newlines right behind symbols are kept, as an addition finds by its carry
        let symbols = lead & symbol & !after(symbol | now.space, previous.symbol | previous.space);
        let keep = newline & after(symbol, previous.symbol | was_kept);
        let kept = newline & !newline.wrapping_add(keep);

        // `[^\r\n\p{L}\p{N}]?\p{L}+`: a letter goes with a blank before it, and with a single symbol
        let first = symbol & !(lead & after(symbol, previous.symbol));
        let (sum, over) = first.overflowing_add(symbols);
        let (sum, over_too) = sum.overflowing_add(state.first_symbol.into());
        let joined = sum & !first | after(blank(now), blank(previous));
        let words = lead & letter & !after(letter, previous.letter) & !joined;

        // white space begins behind what is kept, again behind its last newline, and again at its last blank
        let taken = after(!white | kept, !previous.white | was_kept);
        let begins = lead & white & !kept & taken | window.last_of(blank);
        let behind = lead & blank(now) & after(newline & !kept, previous.newline & !was_kept);

        let numbers = lead & number & !after(number, previous.number);
        let mut starts =
            symbols | words | numbers | begins | self.lines(window, behind) | mem::take(&mut state.ahead);
        for at in bits(symbols & now.apostrophe & before(letter, next.letter)) {
            let contraction = Cursor::new(window.text).contraction_any_case(window.at + at);
            if contraction > 0 {
                let start = 1u128 << (at + contraction);
                starts |= start as u64;
                state.ahead |= (start >> BLOCK) as u64;
            }
        }
        starts |= self.groups(window, state);
        state.kept = kept >> 63 == 1;
        state.first_symbol = over | over_too;
        starts
    }

    /// Those of the blanks right behind newlines that are behind the last newline of their white space.
    #[inline]
    fn lines(&self, window: &Window<'_>, behind: u64) -> u64 {
        let now = &window.now;
        let blank = now.white & !now.newline;
        let (sum, open) = blank.overflowing_add(behind);
        let ends = sum & !blank;
        let at_the_end = if self.trailing == Trailing::Whole { !now.lead } else { 0 };
        let mut lines = behind;
        for end in bits(ends & (now.newline | at_the_end)) {
            // the run of blanks that ends here begins at the last of `behind` before
            lines &= !last(behind & ((1 << end) - 1));
        }
        if open && !self.breaks(window, last(behind)) {
            lines &= !last(behind);
        }
        lines
    }

    /// The same for one of them, whose run of blanks goes on behind the block.
    #[cold]
    fn breaks(&self, window: &Window<'_>, blank: u64) -> bool {
        let cursor = Cursor::new(window.text);
        let end = cursor.run(window.at + blank.trailing_zeros() as usize, BLANK);
        let (class, width) = cursor.at(end);
        if width == 0 { self.trailing == Trailing::Lines } else { class & NEWLINE == 0 }
    }

    /// `\p{N}{1,3}`: where numbers are cut.
    #[inline]
    fn groups(&self, window: &Window<'_>, state: &mut State) -> u64 {
        let (now, before) = (window.now.number, window.previous.number);
        let digits = now & window.now.lead;
        // longer than a group in bytes is rare, and has to be for characters to be counted
        let history = u128::from(now) << 64 | u128::from(before);
        let mut long = history;
        for further in 1..=self.digits {
            long &= history << further;
        }
        let mut starts = 0;
        if long >> 64 != 0 {
            let begins = digits & !after(now, before);
            for at in bits(digits) {
                if begins >> at & 1 == 1 {
                    state.digits = 0;
                } else if state.digits == self.digits {
                    starts |= 1 << at;
                    state.digits = 0;
                }
                state.digits += 1;
            }
        } else if now >> 63 == 1 {
            let last = !(u64::MAX >> (!now).leading_zeros());
            state.digits = (digits & last).count_ones() as usize;
        }
        starts
    }

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
