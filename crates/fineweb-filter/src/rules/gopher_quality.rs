//! Gopher's quality rules (Rae et al. 2021, <https://arxiv.org/abs/2112.11446>, appendix A.1.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exceeds;
use crate::text::{is_space, is_symbol};
use crate::{Document, DocumentFilter, Preset, Reason, Verdict, reasons};

/// Words of which a page in English prose has at least two.
const STOP_WORDS: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];

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

impl GopherQuality {
    fn reason(&self, document: &Document<'_>) -> Option<Reason> {
        let (text, tokens) = (document.text, document.words());
        if tokens.is_empty() {
            return Some(reasons::EMPTY);
        }
        let words = || tokens.iter().filter(|token| !token.chars().all(is_symbol));
        let (count, length) = words().fold((0, 0), |(n, sum), word| (n + 1, sum + word.chars().count()));

        if self.min_words > 0 && count < self.min_words {
            return Some(reasons::GOPHER_SHORT_DOC);
        }
        if self.max_words > 0 && count > self.max_words {
            return Some(reasons::GOPHER_LONG_DOC);
        }
        // Without words the mean is not a number, and no comparison with it holds: as in datatrove.
        let mean = length as f64 / count as f64;
        if self.min_mean_word_length > 0.0 && mean < self.min_mean_word_length {
            return Some(reasons::GOPHER_BELOW_AVG_THRESHOLD);
        }
        if self.max_mean_word_length > 0.0 && mean > self.max_mean_word_length {
            return Some(reasons::GOPHER_ABOVE_AVG_THRESHOLD);
        }

        let hashes = text.bytes().filter(|&byte| byte == b'#').count();
        if exceeds(hashes, tokens.len(), self.max_symbol_ratio) {
            return Some(reasons::GOPHER_TOO_MANY_HASHES);
        }
        let ellipses = text.matches("...").count() + text.matches('…').count();
        if exceeds(ellipses, tokens.len(), self.max_symbol_ratio) {
            return Some(reasons::GOPHER_TOO_MANY_ELLIPSIS);
        }

        let lines = document.lines();
        let bullets =
            lines.iter().filter(|line| line.trim_start_matches(is_space).starts_with(['•', '-'])).count();
        if exceeds(bullets, lines.len(), self.max_bullet_lines) {
            return Some(reasons::GOPHER_TOO_MANY_BULLETS);
        }
        let trailing = lines.iter().filter(|line| {
            let line = line.trim_end_matches(is_space);
            line.ends_with("...") || line.ends_with('…')
        });
        if exceeds(trailing.count(), lines.len(), self.max_ellipsis_lines) {
            return Some(reasons::GOPHER_TOO_MANY_END_ELLIPSIS);
        }

        let lettered = tokens.iter().filter(|token| token.chars().any(char::is_alphabetic)).count();
        if self.min_alpha_words > 0.0 && (lettered as f64 / tokens.len() as f64) < self.min_alpha_words {
            return Some(reasons::GOPHER_BELOW_ALPHA_THRESHOLD);
        }
        if self.stop_words(tokens) < self.min_stop_words {
            return Some(reasons::GOPHER_ENOUGH_STOP_WORDS);
        }
        None
    }

    fn stop_words(&self, tokens: &[&str]) -> usize {
        match self.preset {
            Preset::Fineweb2025 => STOP_WORDS.iter().filter(|word| tokens.contains(word)).count(),
            Preset::FinewebV1 => tokens.iter().filter(|token| STOP_WORDS.contains(token)).count(),
        }
    }
}

impl DocumentFilter for GopherQuality {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.reason(document).map_or(Verdict::Keep, Verdict::Drop)
    }
}
