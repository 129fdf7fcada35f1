//! FineWeb's own rules (Penedo et al. 2024, <https://arxiv.org/abs/2406.17557>, section 3.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Measures, Rule, Signal, duplicates, share};
use crate::text::{is_space, is_terminal};
use crate::{Document, DocumentFilter, Preset, Verdict, reasons};

/// Drops lists, tables of links and pages of fragments: few ended lines, many short or repeated ones.
///
/// The two presets read the same thresholds differently. Today a blank line does not count, a quote ends no
/// sentence, and a value at the threshold passes; in the code that made the released FineWeb, blank lines
/// count, terminal marks are `.` `!` `?` and straight quotes, and a value at the threshold fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FinewebQuality {
    /// Whether the filter runs.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub enabled: bool,
    /// Fewest lines that end with a terminal mark; a space behind the mark hides it; 0 is no limit.
    #[schemars(extend("unit" = "share of lines", "source" = "FineWeb, 3.6"))]
    pub min_line_punct: f64,
    /// Most lines that may be short; 0 is no limit.
    #[schemars(extend("unit" = "share of lines", "source" = "FineWeb, 3.6"))]
    pub max_short_lines: f64,
    /// Up to this length a line is short.
    #[schemars(extend("unit" = "characters", "source" = "FineWeb, 3.6"))]
    pub short_line_length: usize,
    /// Most of the text that may stand in copies of earlier lines; 0 is no limit.
    #[schemars(extend("unit" = "share of characters", "source" = "FineWeb, 3.6"))]
    pub max_char_dup: f64,
    /// Most line feeds per token; 0 is no limit.
    #[schemars(extend("unit" = "line feeds per token", "source" = "FineWeb, 3.6"))]
    pub max_new_lines: f64,
    /// Whose reading of the rules; [`Filter::new`](crate::Filter::new) sets it from the settings' preset.
    #[serde(skip)]
    pub preset: Preset,
}

impl Default for FinewebQuality {
    fn default() -> Self {
        Self {
            enabled: true,
            min_line_punct: 0.12,
            max_short_lines: 0.67,
            short_line_length: 30,
            max_char_dup: 0.01,
            max_new_lines: 0.3,
            preset: Preset::default(),
        }
    }
}

impl Measures for FinewebQuality {
    fn rules(&self) -> impl IntoIterator<Item = Rule> {
        use Signal as S;
        let v1 = self.preset == Preset::FinewebV1;
        let most = |limit| if v1 { Bound::Below(limit) } else { Bound::AtMost(limit) }.unless_zero();
        let punct = self.min_line_punct;
        let punct = if v1 { Bound::Above(punct) } else { Bound::AtLeast(punct) }.unless_zero();
        let lines = if v1 { Bound::Off } else { Bound::AtLeast(1.0) };
        let feeds = Bound::AtMost(self.max_new_lines).unless_zero();
        [
            (reasons::EMPTY, S::CleanLines, lines, ""),
            (reasons::LINE_PUNCT_RATIO, S::LinePunctRatio, punct, "fineweb.min_line_punct"),
            (
                reasons::SHORT_LINE_RATIO,
                S::ShortLineRatio,
                most(self.max_short_lines),
                "fineweb.max_short_lines",
            ),
            (reasons::CHAR_DUP_RATIO, S::CharDupRatio, most(self.max_char_dup), "fineweb.max_char_dup"),
            (reasons::LIST_RATIO, S::NewLineRatio, feeds, "fineweb.max_new_lines"),
        ]
        .map(|(reason, signal, bound, setting)| Rule::new(reason, signal, bound, setting))
    }

    fn value(&self, signal: Signal, document: &Document<'_>) -> f64 {
        let text = document.text;
        let v1 = self.preset == Preset::FinewebV1;
        let written = |line: &&str| !line.chars().all(is_space);
        let lines = || text.split('\n').filter(|line| v1 || written(line));
        let feeds = || memchr::memchr_iter(b'\n', text.as_bytes()).count();
        match signal {
            Signal::CleanLines => lines().count() as f64,
            Signal::LinePunctRatio if v1 => {
                let ended = lines().filter(|line| line.ends_with(['.', '\'', '"', '!', '?']));
                share(ended.count(), lines().count())
            }
            Signal::LinePunctRatio => {
                share(lines().filter(|line| line.ends_with(is_terminal)).count(), lines().count())
            }
            Signal::ShortLineRatio => {
                let most_bytes = 4 * self.short_line_length;
                let is_short =
                    |line: &&str| line.len() <= most_bytes && line.chars().count() <= self.short_line_length;
                share(lines().filter(is_short).count(), lines().count())
            }
            Signal::CharDupRatio => share(duplicates(lines().filter(written)).1, document.chars() - feeds()),
            _ => share(feeds(), document.tokens()),
        }
    }
}

impl DocumentFilter for FinewebQuality {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.first_broken(document).into()
    }
}
