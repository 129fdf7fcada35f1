//! Making texts comparable: what is left are words, spaces and zeros.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
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
    let lower = text.to_lowercase();
    match order {
        Normalisation::Fineweb2025 => {
            let blanked: String =
                zero_numbers(&lower).chars().map(|c| if is_punctuation(c) { ' ' } else { c }).collect();
            without_accents(&single_spaces(&blanked))
        }
        Normalisation::FinewebV1 => {
            let bare = single_spaces(&lower).chars().filter(|&c| !is_punctuation(c)).collect::<String>();
            zero_numbers(&without_accents(&bare))
        }
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber
}

/// Each run of digits with at most one decimal part becomes `0`: `1,234.50` is `0.0`.
fn zero_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !is_digit(c) {
            out.push(c);
            continue;
        }
        out.push('0');
        while chars.next_if(|&c| is_digit(c)).is_some() {}
        let mut ahead = chars.clone();
        let point = ahead.next_if(|c| matches!(c, '.' | ',' | '،' | '٫' | '⎖' | '⎗' | '⎘'));
        if point.is_some() && ahead.next_if(|&c| is_digit(c)).is_some() {
            while ahead.next_if(|&c| is_digit(c)).is_some() {}
            chars = ahead;
        }
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
