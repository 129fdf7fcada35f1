//! Gopher's quality rules (Rae et al. 2021, <https://arxiv.org/abs/2112.11446>, appendix A.1.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Measures, Rule, Signal, share};
use crate::text::{is_punctuation, is_space, is_symbol};
use crate::{Document, DocumentFilter, Preset, Verdict, reasons};

/// Drops pages whose words, symbols and lines do not look like prose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GopherQuality {
    /// Whether the filter runs.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub enabled: bool,
    /// Fewest words, marks not counted; 0 is no limit.
    #[schemars(extend("unit" = "words", "source" = "Gopher, A.1.1"))]
    pub min_words: usize,
    /// Most words, marks not counted; 0 is no limit.
    #[schemars(extend("unit" = "words", "source" = "Gopher, A.1.1"))]
    pub max_words: usize,
    /// Least mean length of a word; 0 is no limit.
    #[schemars(extend("unit" = "characters", "source" = "Gopher, A.1.1"))]
    pub min_mean_word_length: f64,
    /// Greatest mean length of a word; 0 is no limit.
    #[schemars(extend("unit" = "characters", "source" = "Gopher, A.1.1"))]
    pub max_mean_word_length: f64,
    /// Most `#`, and most ellipses, per token; 0 is no limit.
    #[schemars(extend("unit" = "symbols per token", "source" = "Gopher, A.1.1"))]
    pub max_symbol_ratio: f64,
    /// Most lines that may start with a bullet; 0 is no limit.
    #[schemars(extend("unit" = "share of lines", "source" = "Gopher, A.1.1"))]
    pub max_bullet_lines: f64,
    /// Most lines that may end with an ellipsis; 0 is no limit.
    #[schemars(extend("unit" = "share of lines", "source" = "Gopher, A.1.1"))]
    pub max_ellipsis_lines: f64,
    /// Fewest tokens with a letter; marks count as tokens without one; 0 is no limit.
    #[schemars(extend("unit" = "share of tokens", "source" = "Gopher, A.1.1"))]
    pub min_alpha_words: f64,
    /// Fewest stop words: distinct ones today, occurrences in `fineweb-v1`; 0 is no limit.
    #[schemars(extend("unit" = "words", "source" = "Gopher, A.1.1"))]
    pub min_stop_words: usize,
    /// Whose reading of the rules; [`Filter::new`](crate::Filter::new) sets it from the settings' preset.
    #[serde(skip)]
    pub preset: Preset,
}

impl Default for GopherQuality {
    fn default() -> Self {
        Self {
            enabled: true,
            min_words: 50,
            max_words: 100_000,
            min_mean_word_length: 3.0,
            max_mean_word_length: 10.0,
            max_symbol_ratio: 0.1,
            max_bullet_lines: 0.9,
            max_ellipsis_lines: 0.3,
            min_alpha_words: 0.8,
            min_stop_words: 2,
            preset: Preset::default(),
        }
    }
}

impl Measures for GopherQuality {
    fn rules(&self) -> impl IntoIterator<Item = Rule> {
        use Signal as S;
        let least = |limit: f64| Bound::AtLeast(limit).unless_zero();
        let most = |limit: f64| Bound::AtMost(limit).unless_zero();
        [
            (reasons::EMPTY, S::Tokens, Bound::AtLeast(1.0), ""),
            (reasons::GOPHER_SHORT_DOC, S::Words, least(self.min_words as f64), "gopher_quality.min_words"),
            (reasons::GOPHER_LONG_DOC, S::Words, most(self.max_words as f64), "gopher_quality.max_words"),
            (
                reasons::GOPHER_BELOW_AVG_THRESHOLD,
                S::MeanWordLength,
                least(self.min_mean_word_length),
                "gopher_quality.min_mean_word_length",
            ),
            (
                reasons::GOPHER_ABOVE_AVG_THRESHOLD,
                S::MeanWordLength,
                most(self.max_mean_word_length),
                "gopher_quality.max_mean_word_length",
            ),
            (
                reasons::GOPHER_TOO_MANY_HASHES,
                S::HashRatio,
                most(self.max_symbol_ratio),
                "gopher_quality.max_symbol_ratio",
            ),
            (
                reasons::GOPHER_TOO_MANY_ELLIPSIS,
                S::EllipsisRatio,
                most(self.max_symbol_ratio),
                "gopher_quality.max_symbol_ratio",
            ),
            (
                reasons::GOPHER_TOO_MANY_BULLETS,
                S::BulletLineRatio,
                most(self.max_bullet_lines),
                "gopher_quality.max_bullet_lines",
            ),
            (
                reasons::GOPHER_TOO_MANY_END_ELLIPSIS,
                S::EllipsisLineRatio,
                most(self.max_ellipsis_lines),
                "gopher_quality.max_ellipsis_lines",
            ),
            (
                reasons::GOPHER_BELOW_ALPHA_THRESHOLD,
                S::AlphaWordRatio,
                least(self.min_alpha_words),
                "gopher_quality.min_alpha_words",
            ),
            (
                reasons::GOPHER_ENOUGH_STOP_WORDS,
                S::StopWords,
                least(self.min_stop_words as f64),
                "gopher_quality.min_stop_words",
            ),
        ]
        .map(|(reason, signal, bound, setting)| Rule::new(reason, signal, bound, setting))
    }

    fn value(&self, signal: Signal, document: &Document<'_>) -> f64 {
        use Signal as S;
        let (text, tokens) = (document.text, document.words().len());
        let of_lines = |counts: fn(&&str) -> bool| {
            share(document.lines().filter(counts).count(), document.lines().len())
        };
        match signal {
            S::Tokens => tokens as f64,
            S::Words => self.words(document).0 as f64,
            // Of no words the mean is not a number, and no comparison with it holds: as in datatrove.
            S::MeanWordLength => {
                let (words, length) = self.words(document);
                share(length, words)
            }
            S::HashRatio => share(memchr::memchr_iter(b'#', text.as_bytes()).count(), tokens),
            S::EllipsisRatio => share(ellipses(text), tokens),
            S::BulletLineRatio => of_lines(|line| line.trim_start_matches(is_space).starts_with(['•', '-'])),
            S::EllipsisLineRatio => of_lines(|line| {
                let line = line.trim_end_matches(is_space);
                line.ends_with("...") || line.ends_with('…')
            }),
            S::AlphaWordRatio => share(document.words().filter(|token| has_letter(token)).count(), tokens),
            _ => self.stop_words(document) as f64,
        }
    }
}

impl GopherQuality {
    /// Tokens that are more than marks: how many, and their length.
    fn words(&self, document: &Document<'_>) -> (usize, usize) {
        let is_mark = match self.preset {
            Preset::Fineweb2025 => is_symbol,
            Preset::FinewebV1 => is_punctuation,
        };
        let is_word =
            |token: &&str| token.as_bytes()[0].is_ascii_alphanumeric() || !token.chars().all(is_mark);
        document.words().filter(is_word).fold((0, 0), |(n, sum), word| (n + 1, sum + word.chars().count()))
    }

    /// Words of which a page in English prose has at least two: distinct ones today, all in 2024.
    fn stop_words(&self, document: &Document<'_>) -> u32 {
        let (mut seen, mut all) = (0u32, 0);
        for token in document.words() {
            let stop_word = match token.as_bytes() {
                b"the" => 1,
                b"be" => 2,
                b"to" => 4,
                b"of" => 8,
                b"and" => 16,
                b"that" => 32,
                b"have" => 64,
                b"with" => 128,
                _ => continue,
            };
            seen |= stop_word;
            all += 1;
        }
        match self.preset {
            Preset::Fineweb2025 => seen.count_ones(),
            Preset::FinewebV1 => all,
        }
    }
}

fn has_letter(token: &str) -> bool {
    token.as_bytes()[0].is_ascii_alphabetic() || token.chars().any(char::is_alphabetic)
}

/// Three dots as often as they fit, and the character that looks like them.
fn ellipses(text: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, "...").count() + memchr::memmem::find_iter(bytes, "…").count()
}

impl DocumentFilter for GopherQuality {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.first_broken(document).into()
    }
}
