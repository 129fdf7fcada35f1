//! A text under judgement, with what all filters need found once.

use std::cell::{OnceCell, RefCell, RefMut};
use std::ops::Range;

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
    words: OnceCell<Vec<Span>>,
    lines: OnceCell<Vec<Span>>,
    grams: OnceCell<RefCell<Grams>>,
    chars: OnceCell<usize>,
    tokens: OnceCell<usize>,
    spare: RefCell<Buffers>,
}

/// Memory of a document that is done with, for the next.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    words: Vec<Span>,
    lines: Vec<Span>,
    grams: Grams,
}

/// Bytes of a text.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }

    fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

impl<'a> Document<'a> {
    /// The longest text in bytes that is judged; what stands behind is not seen.
    pub const MAX_BYTES: usize = 1 << 30;

    /// A document about which nothing is known yet.
    pub fn new(url: &'a str, text: &'a str) -> Self {
        Self::reusing(url, text, Buffers::default())
    }

    /// A document whose words somebody else has found: each is looked for behind the one before, and left out where it
    /// is not there.
    pub fn with_words<'w>(url: &'a str, text: &'a str, words: impl IntoIterator<Item = &'w str>) -> Self {
        let document = Self::new(url, text);
        let mut at = 0;
        let found = words.into_iter().filter_map(|word| {
            let start = at + document.text[at..].find(word)?;
            at = start + word.len();
            Some(Span::new(start..at))
        });
        let found = found.collect();
        document.words.get_or_init(|| found);
        document
    }

    pub(crate) fn reusing(url: &'a str, text: &'a str, buffers: Buffers) -> Self {
        Self {
            url,
            text: &text[..text.floor_char_boundary(Self::MAX_BYTES)],
            words: OnceCell::new(),
            lines: OnceCell::new(),
            grams: OnceCell::new(),
            chars: OnceCell::new(),
            tokens: OnceCell::new(),
            spare: RefCell::new(buffers),
        }
    }

    pub(crate) fn into_buffers(self) -> Buffers {
        let spare = self.spare.into_inner();
        Buffers {
            words: self.words.into_inner().unwrap_or(spare.words),
            lines: self.lines.into_inner().unwrap_or(spare.lines),
            grams: self.grams.into_inner().map_or(spare.grams, RefCell::into_inner),
        }
    }

    /// Words and punctuation marks in order, split as [`text::split_words`] does.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        let text = self.text;
        self.word_spans().iter().map(move |span| span.of(text))
    }

    fn word_spans(&self) -> &[Span] {
        self.words.get_or_init(|| {
            let mut words = std::mem::take(&mut self.spare.borrow_mut().words);
            words.clear();
            text::split_spans(self.text, |start, end| words.push(Span::new(start..end)));
            words
        })
    }

    /// How many words and marks there are, which may be known without them.
    pub(crate) fn tokens(&self) -> usize {
        *self.tokens.get_or_init(|| self.words().len())
    }

    /// The same document, somebody having counted its words.
    pub(crate) fn with_tokens(self, tokens: usize) -> Self {
        Self { tokens: OnceCell::from(tokens), ..self }
    }

    /// Words and marks that lie in `line`, which is one of [`Document::lines`] or a part of it. Lines must be asked for
    /// in order: `next` is where the words of the line before ended.
    pub(crate) fn words_of_line(
        &self,
        line: &str,
        next: &mut usize,
    ) -> impl ExactSizeIterator<Item = &'a str> {
        let text = self.text;
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        let spans = self.word_spans();
        let from = *next + spans[*next..].partition_point(|span| (span.start as usize) < start);
        let to =
            from + spans[from..].iter().take_while(|span| (span.start as usize) < start + line.len()).count();
        *next = to;
        spans[from..to].iter().map(move |span| span.of(text))
    }

    /// Lines as Python's `splitlines` sees them: blank ones included, without their ends.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone {
        let text = self.text;
        let lines = self.lines.get_or_init(|| {
            let mut lines = std::mem::take(&mut self.spare.borrow_mut().lines);
            lines.clear();
            let start = |line: &str| line.as_ptr() as usize - text.as_ptr() as usize;
            lines
                .extend(text::split_lines(text).map(|line| Span::new(start(line)..start(line) + line.len())));
            lines
        });
        lines.iter().map(move |span| span.of(text))
    }

    /// Length of the text in code points, the unit of FineWeb's rules.
    pub fn chars(&self) -> usize {
        *self.chars.get_or_init(|| self.text.chars().count())
    }

    /// Runs of words that repeat.
    pub(crate) fn grams(&self) -> RefMut<'_, Grams> {
        let grams = self.grams.get_or_init(|| {
            let mut grams = std::mem::take(&mut self.spare.borrow_mut().grams);
            let spans = self.word_spans();
            grams.read(self.words(), |place| spans[place as usize].of(self.text));
            RefCell::new(grams)
        });
        grams.borrow_mut()
    }
}
