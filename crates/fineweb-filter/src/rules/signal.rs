//! What the rules measure, under which names, and a rule as data.

use crate::Reason;

/// A value that rules ask about. Ratios are shares from 0 to 1; lengths are in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Signal {
    /// Confidence of the language.
    LanguageScore,
    /// Length of the text.
    Characters,
    /// Copied paragraphs, by count.
    DupParaFrac,
    /// By length, of the text.
    DupParaCharFrac,
    /// Copied lines, by count.
    DupLineFrac,
    /// By length, of the text.
    DupLineCharFrac,
    /// The most frequent pair of words, its length times its count, of the text.
    Top2Gram,
    /// Of three words.
    Top3Gram,
    /// Of four words.
    Top4Gram,
    /// Repeats of five words, their length, of the text.
    Dup5Gram,
    /// Of six words.
    Dup6Gram,
    /// Of seven words.
    Dup7Gram,
    /// Of eight words.
    Dup8Gram,
    /// Of nine words.
    Dup9Gram,
    /// Of ten words.
    Dup10Gram,
    /// Words and marks.
    Tokens,
    /// Words.
    Words,
    /// Mean length of a word.
    MeanWordLength,
    /// `#` per token.
    HashRatio,
    /// Ellipses per token.
    EllipsisRatio,
    /// Lines that begin with a bullet.
    BulletLineRatio,
    /// Lines that trail off.
    EllipsisLineRatio,
    /// Tokens with a letter.
    AlphaWordRatio,
    /// Stop words, distinct or all as the preset counts them.
    StopWords,
    /// 1 where filler text comes before any brace, in a line that C4 keeps.
    LoremIpsum,
    /// 1 where a brace comes before any filler text, in a line that C4 keeps.
    CurlyBracket,
    /// Sentences in the lines that C4 keeps.
    Sentences,
    /// Lines of the text that C4 leaves. From here on all is said of that text.
    CleanLines,
    /// Lines that end with a terminal mark.
    LinePunctRatio,
    /// Lines that are short.
    ShortLineRatio,
    /// Text in copied lines.
    CharDupRatio,
    /// Line feeds per token.
    NewLineRatio,
}

impl Signal {
    /// All, in the order of the rules.
    pub const ALL: [Self; 32] = [
        Self::LanguageScore,
        Self::Characters,
        Self::DupParaFrac,
        Self::DupParaCharFrac,
        Self::DupLineFrac,
        Self::DupLineCharFrac,
        Self::Top2Gram,
        Self::Top3Gram,
        Self::Top4Gram,
        Self::Dup5Gram,
        Self::Dup6Gram,
        Self::Dup7Gram,
        Self::Dup8Gram,
        Self::Dup9Gram,
        Self::Dup10Gram,
        Self::Tokens,
        Self::Words,
        Self::MeanWordLength,
        Self::HashRatio,
        Self::EllipsisRatio,
        Self::BulletLineRatio,
        Self::EllipsisLineRatio,
        Self::AlphaWordRatio,
        Self::StopWords,
        Self::LoremIpsum,
        Self::CurlyBracket,
        Self::Sentences,
        Self::CleanLines,
        Self::LinePunctRatio,
        Self::ShortLineRatio,
        Self::CharDupRatio,
        Self::NewLineRatio,
    ];

    /// Names of all, as columns have them.
    #[rustfmt::skip]
    pub const NAMES: [&'static str; 32] = [
        "language_score", "characters", "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac",
        "top_2_gram_frac", "top_3_gram_frac", "top_4_gram_frac", "dup_5_gram_frac", "dup_6_gram_frac", "dup_7_gram_frac",
        "dup_8_gram_frac", "dup_9_gram_frac", "dup_10_gram_frac", "tokens", "words", "mean_word_length", "hash_ratio",
        "ellipsis_ratio", "bullet_line_ratio", "ellipsis_line_ratio", "alpha_word_ratio", "stop_words", "lorem_ipsum",
        "curly_bracket", "sentences", "clean_lines", "line_punct_ratio", "short_line_ratio", "char_dup_ratio",
        "new_line_ratio",
    ];

    /// Whether it is measured on the text that C4 leaves, and not on the one that was extracted.
    pub fn is_of_clean_text(self) -> bool {
        self >= Self::CleanLines
    }
}

/// All values measured of one page; NaN where there is none, as the mean length of no words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals(pub [f64; Signal::ALL.len()]);

impl Default for Signals {
    fn default() -> Self {
        Self([f64::NAN; Signal::ALL.len()])
    }
}

impl std::ops::Index<Signal> for Signals {
    type Output = f64;

    fn index(&self, signal: Signal) -> &f64 {
        &self.0[signal as usize]
    }
}

impl std::ops::IndexMut<Signal> for Signals {
    fn index_mut(&mut self, signal: Signal) -> &mut f64 {
        &mut self.0[signal as usize]
    }
}

/// Between which values a page passes. A value that is not a number passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Any value passes: the rule is off.
    Off,
    /// This value passes, and greater ones.
    AtLeast(f64),
    /// Only greater ones pass.
    Above(f64),
    /// This value passes, and smaller ones.
    AtMost(f64),
    /// Only smaller ones pass.
    Below(f64),
}

impl Bound {
    /// Whether `value` breaks it.
    pub fn is_broken_by(self, value: f64) -> bool {
        match self {
            Self::Off => false,
            Self::AtLeast(limit) => value < limit,
            Self::Above(limit) => value <= limit,
            Self::AtMost(limit) => value > limit,
            Self::Below(limit) => value >= limit,
        }
    }

    /// Off where the bound is 0, as in FineWeb's settings.
    pub(crate) fn unless_zero(self) -> Self {
        match self {
            Self::AtLeast(0.0) | Self::Above(0.0) | Self::AtMost(0.0) | Self::Below(0.0) => Self::Off,
            bound => bound,
        }
    }
}

/// A rule: what must lie within which bound, and what it is called where it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Why a page goes that breaks it.
    pub reason: Reason,
    /// What is measured.
    pub signal: Signal,
    /// What passes.
    pub bound: Bound,
    /// The setting that the bound comes from, as `gopher_quality.min_words`; empty where it is fixed.
    pub setting: &'static str,
}

impl Rule {
    pub(crate) const fn new(reason: Reason, signal: Signal, bound: Bound, setting: &'static str) -> Self {
        Self { reason, signal, bound, setting }
    }

    /// Measures, unless the rule is off, and says whether it is broken.
    pub(crate) fn broken(self, value: impl FnOnce(Signal) -> f64) -> Option<Broken> {
        if self.bound == Bound::Off {
            return None;
        }
        let value = value(self.signal);
        self.bound.is_broken_by(value).then_some(Broken { rule: self, value })
    }
}

/// A rule and the value that broke it; prints as `0.137 > 0.1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// The value.
    pub value: f64,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (relation, limit) = match self.rule.bound {
            Bound::Off => return write!(f, "{}", self.value),
            Bound::AtLeast(limit) => ("<", limit),
            Bound::Above(limit) => ("<=", limit),
            Bound::AtMost(limit) => (">", limit),
            Bound::Below(limit) => (">=", limit),
        };
        // as few digits, from three on, as still break the bound
        let rounded = (3..17).map(|digits| format!("{:.digits$}", self.value));
        let telling = rounded
            .filter_map(|text| text.parse::<f64>().ok())
            .find(|&value| self.rule.bound.is_broken_by(value))
            .unwrap_or(self.value);
        write!(f, "{telling} {relation} {limit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_numbered_and_named() {
        for (at, signal) in Signal::ALL.into_iter().enumerate() {
            assert_eq!(signal as usize, at, "{signal:?}");
        }
        let names: std::collections::BTreeSet<&str> = Signal::NAMES.into_iter().collect();
        assert_eq!(names.len(), Signal::ALL.len());
    }

    #[test]
    fn what_broke_a_rule_is_told_with_digits_enough() {
        let told = |value, bound| {
            let rule = Rule::new(Reason("r"), Signal::Words, bound, "");
            rule.broken(|_| value).map(|broken| broken.to_string())
        };
        for (value, bound, expect) in [
            (0.13699, Bound::AtMost(0.1), Some("0.137 > 0.1")),
            (0.100_01, Bound::AtMost(0.1), Some("0.10001 > 0.1")),
            (0.1, Bound::AtMost(0.1), None),
            (49.0, Bound::AtLeast(50.0), Some("49 < 50")),
            (0.12, Bound::Above(0.12), Some("0.12 <= 0.12")),
            (0.67, Bound::Below(0.67), Some("0.67 >= 0.67")),
            (f64::NAN, Bound::AtLeast(3.0), None),
            (1.0, Bound::Off, None),
        ] {
            assert_eq!(told(value, bound).as_deref(), expect);
        }
    }
}
