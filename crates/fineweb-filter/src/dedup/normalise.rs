//! Making texts comparable: what is left are words, spaces and zeros.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::text::{is_punctuation, is_space};

/// In which order FineWeb normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Normalisation {
    /// datatrove 0.10: numbers first, marks become spaces.
    #[default]
    #[serde(rename = "fineweb-2025")]
    Fineweb2025,
    /// May 2024: marks vanish, numbers last.
    #[serde(rename = "fineweb-v1")]
    FinewebV1,
}

/// Lower case, numbers as `0`, no marks, single spaces, no accents.
pub fn normalise(text: &str, order: Normalisation) -> String {
    match order {
        Normalisation::Fineweb2025 => in_one_pass(text).unwrap_or_else(|| step_by_step(text)),
        Normalisation::FinewebV1 => {
            let bare = single_spaces(&text.to_lowercase())
                .chars()
                .filter(|&c| !is_punctuation(c))
                .collect::<String>();
            zero_numbers(&without_accents(&bare))
        }
    }
}

/// Today's order as FineWeb words it, one step after the other.
fn step_by_step(text: &str) -> String {
    let lower = text.to_lowercase();
    let blanked: String =
        zero_numbers(&lower).chars().map(|c| if is_punctuation(c) { ' ' } else { c }).collect();
    without_accents(&single_spaces(&blanked))
}

/// The same text in one pass; none where a character's form depends on its neighbours, which is rare: capital
/// sigma, and the few marks that move when a text is decomposed and are not removed then.
fn in_one_pass(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Out { text: Vec::with_capacity(text.len() + 8), begun: false, apart: false };
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_alphabetic() {
            out.begin();
            while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
                out.text.push(bytes[at] | 0x20);
                at += 1;
            }
        } else if byte.is_ascii_digit() {
            out.begin();
            out.text.push(b'0');
            at += number(&text[at..]);
        } else if byte.is_ascii() {
            out.apart = true; // what is neither letter nor digit is a mark or a space
            at += 1;
        } else {
            let c = text[at..].chars().next()?;
            at += match c {
                '’' | '“' | '”' | '–' | '—' | '\u{a0}' => {
                    out.apart = true;
                    c.len_utf8()
                }
                _ => out.beyond_ascii(c, &text[at..])?,
            };
        }
    }
    // pieces of UTF-8 went in whole
    String::from_utf8(out.text).ok()
}

struct Out {
    text: Vec<u8>,
    /// Whether a word was met, be it one of removed accents only.
    begun: bool,
    /// Whether a mark or a space was met since the last character of a word.
    apart: bool,
}

impl Out {
    /// A character of a word follows.
    fn begin(&mut self) {
        if self.apart && self.begun {
            self.text.push(b' ');
        }
        (self.begun, self.apart) = (true, false);
    }

    /// Takes `c`, which heads `rest`; returns the bytes that were read.
    fn beyond_ascii(&mut self, c: char, rest: &str) -> Option<usize> {
        if c == 'Σ' {
            return None;
        }
        if is_digit(c) {
            self.begin();
            self.text.push(b'0');
            return Some(number(rest));
        }
        for lower in c.to_lowercase() {
            if is_space(lower) || is_punctuation(lower) {
                self.apart = true;
                continue;
            }
            self.begin();
            let mut moves = false;
            decompose_canonical(lower, |part| {
                if part.is_ascii() || part.general_category() != GeneralCategory::NonspacingMark {
                    moves |= canonical_combining_class(part) != 0;
                    self.text.extend_from_slice(part.encode_utf8(&mut [0; 4]).as_bytes());
                }
            });
            if moves {
                return None;
            }
        }
        Some(c.len_utf8())
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber
}

/// Bytes of the number at the head of `text`: digits with at most one decimal part.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.chars().take_while(|&c| is_digit(c)).map(char::len_utf8).sum::<usize>();
    let whole = digits(text);
    let rest = &text[whole..];
    let Some(point) = rest.chars().next().filter(|c| matches!(c, '.' | ',' | '،' | '٫' | '⎖' | '⎗' | '⎘'))
    else {
        return whole;
    };
    match digits(&rest[point.len_utf8()..]) {
        0 => whole,
        decimals => whole + point.len_utf8() + decimals,
    }
}

/// Each number becomes `0`: `1,234.50` is `0.0`.
fn zero_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if is_digit(c) { number(rest) } else { c.len_utf8() };
        out.push(if is_digit(c) { '0' } else { c });
        rest = &rest[length..];
    }
    out
}

fn single_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn without_accents(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfd().filter(|c| c.is_ascii() || c.general_category() != GeneralCategory::NonspacingMark).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{in_one_pass, step_by_step};

    proptest! {
        #[test]
        fn one_pass_is_step_by_step(text in "(?s)([a-zA-Z0-9 .,;!\\n\\t’“”–—éÉßİ①１２٣٫\u{301}\u{302e}\u{37e}\u{1fef}№Å\u{2000}\u{a0}\u{85}·]|\\PC){0,40}") {
            if let Some(fast) = in_one_pass(&text) {
                prop_assert_eq!(fast, step_by_step(&text));
            }
        }
    }

    #[test]
    fn most_texts_need_one_pass_only() {
        for text in
            ["Plain, with 1,234.50 and don't.", "Café №5 — “naïve” …", "Å\u{301} １２ ٣٫٤", "中文。日本語！"]
        {
            assert_eq!(in_one_pass(text), Some(step_by_step(text)));
        }
        assert_eq!(in_one_pass("ΟΔΟΣ"), None);
    }
}
