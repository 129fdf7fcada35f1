//! How a text falls into lines, words and n-grams, and which characters are marks.

mod grams;
mod lines;
mod marks;
mod sentences;
mod words;

pub use lines::{is_space, split_lines};
pub use marks::{is_punctuation, is_symbol, is_terminal};
pub use sentences::count_sentences;
pub use words::split_words;

pub(crate) use grams::Grams;
pub(crate) use words::split_spans;
