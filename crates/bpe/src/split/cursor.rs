//! Moves through text by character class; what all scanners share.

use super::class::{BLANK, CLASSES, Classes, NEWLINE, SPACE, Set};

/// A text and the class table. Positions are byte offsets on character boundaries.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    classes: &'static Classes,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, classes: &CLASSES }
    }

    /// Class and width of the character at `at`; at the end no class (which no set contains) and no width.
    #[inline]
    pub(super) fn at(&self, at: usize) -> (Set, usize) {
        match self.text.as_bytes().get(at) {
            None => (0, 0),
            Some(&byte) if byte < 128 => (self.classes.ascii[byte as usize], 1),
            Some(_) => {
                let character = self.text[at..].chars().next().expect("not at the end");
                (self.classes.of(character), character.len_utf8())
            }
        }
    }

    /// `[set]*`: where the run of characters of `set` that starts at `at` ends.
    #[inline]
    pub(super) fn run(&self, mut at: usize, set: Set) -> usize {
        let bytes = self.text.as_bytes();
        loop {
            // Most text is ASCII, where one byte is one character.
            while let Some(&class) = bytes.get(at).and_then(|&byte| self.classes.ascii.get(byte as usize)) {
                if class & set == 0 {
                    return at;
                }
                at += 1;
            }
            let (class, width) = self.at(at);
            if class & set == 0 {
                return at;
            }
            at += width;
        }
    }

    /// `\p{..}{0,most}`: like [`run`](Self::run) with at most so many characters.
    #[inline]
    pub(super) fn run_up_to(&self, mut at: usize, set: Set, most: usize) -> usize {
        for _ in 0..most {
            let (class, width) = self.at(at);
            if class & set == 0 {
                break;
            }
            at += width;
        }
        at
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// ` ?`: one plain space.
    #[inline]
    pub(super) fn optional_space(&self, at: usize) -> usize {
        at + usize::from(self.byte(at) == b' ')
    }

    /// `'(?:[sdmt]|ll|ve|re)`: length of the contraction at `at`, or 0.
    #[inline]
    pub(super) fn contraction(&self, at: usize) -> usize {
        if self.byte(at) != b'\'' {
            return 0;
        }
        match (self.byte(at + 1), self.byte(at + 2)) {
            (b's' | b'd' | b'm' | b't', _) => 2,
            (b'l', b'l') | (b'v' | b'r', b'e') => 3,
            _ => 0,
        }
    }

    /// `(?i)` of [`contraction`](Self::contraction): also the long s, which folds to `s`.
    #[inline]
    pub(super) fn contraction_any_case(&self, at: usize) -> usize {
        if self.byte(at) != b'\'' {
            return 0;
        }
        match (self.byte(at + 1) | 0x20, self.byte(at + 2) | 0x20) {
            (b's' | b'd' | b'm' | b't', _) => 2,
            (b'l', b'l') | (b'v' | b'r', b'e') => 3,
            _ if self.text[at + 1..].starts_with('ſ') => 3,
            _ => 0,
        }
    }

    /// `\s+(?!\S)|\s`: leaves the last blank to the word after it. Call it at whitespace.
    #[inline]
    pub(super) fn spaces(&self, at: usize) -> usize {
        let (end, last) = self.space_run(at);
        if end == self.text.len() || last == at { end } else { last }
    }

    /// `\s*[\r\n]|\s+(?!\S)|\s`: whitespace up to its last newline is one chunk. Call it at whitespace.
    #[inline]
    pub(super) fn lines(&self, at: usize) -> usize {
        let end = self.run(at, SPACE);
        let run = &self.text.as_bytes()[at..end];
        match run.iter().rposition(|&byte| byte == b'\n' || byte == b'\r') {
            Some(newline) => at + newline + 1,
            None => self.spaces(at),
        }
    }

    /// Where a run of whitespace ends, and where its last character starts.
    #[inline]
    fn space_run(&self, mut at: usize) -> (usize, usize) {
        let mut last = at;
        loop {
            let (class, width) = self.at(at);
            if class & (BLANK | NEWLINE) == 0 {
                return (at, last);
            }
            last = at;
            at += width;
        }
    }
}

/// Calls `chunk` with the pieces that `next(cursor, start) -> end` cuts.
#[inline]
pub(super) fn scan<'t>(
    text: &'t str,
    chunk: &mut dyn FnMut(&'t str),
    next: impl Fn(&Cursor<'t>, usize) -> usize,
) {
    let cursor = Cursor::new(text);
    let mut start = 0;
    while start < text.len() {
        let end = next(&cursor, start);
        debug_assert!(end > start, "a scanner always moves");
        chunk(&text[start..end]);
        start = end;
    }
}
