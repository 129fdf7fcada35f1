//! A text under judgement, with what all filters need found once.

use std::cell::OnceCell;

use crate::text::{self, Grams};

/// Text under judgement. Words, lines and n-grams are found once, on first use, and shared by all filters.
///
/// A filter that rewrites the text (C4) makes a new `Document` of the result.
#[derive(Debug)]
pub struct Document<'a> {
    /// Address of the page.
    pub url: &'a str,
    /// The text.
    pub text: &'a str,
    words: OnceCell<Vec<&'a str>>,
    lines: OnceCell<Vec<&'a str>>,
    grams: OnceCell<Grams>,
    chars: OnceCell<usize>,
}

impl<'a> Document<'a> {
    /// A document about which nothing is known yet.
    pub fn new(url: &'a str, text: &'a str) -> Self {
        Self {
            url,
            text,
            words: OnceCell::new(),
            lines: OnceCell::new(),
            grams: OnceCell::new(),
            chars: OnceCell::new(),
        }
    }

    /// Words and punctuation marks in order, split as [`text::split_words`] does.
    pub fn words(&self) -> &[&'a str] {
        self.words.get_or_init(|| {
            let mut words = Vec::with_capacity(self.text.len() / 5 + 1);
            text::split_words(self.text, |word| words.push(word));
            words
        })
    }

    /// Lines as Python's `splitlines` sees them: blank ones included, without their ends.
    pub fn lines(&self) -> &[&'a str] {
        self.lines.get_or_init(|| text::split_lines(self.text).collect())
    }

    /// Keys and lengths of all word n-grams.
    pub fn grams(&self) -> &Grams {
        self.grams.get_or_init(|| Grams::new(self.words()))
    }

    /// Length of the text in code points, the unit of FineWeb's rules.
    pub fn chars(&self) -> usize {
        *self.chars.get_or_init(|| self.text.chars().count())
    }
}
