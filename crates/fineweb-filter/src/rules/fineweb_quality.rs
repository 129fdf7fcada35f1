//! FineWeb's own rules (Penedo et al. 2024, <https://arxiv.org/abs/2406.17557>, section 3.6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{duplicates, exceeds};
use crate::text::{is_space, is_terminal};
use crate::{Document, DocumentFilter, Preset, Reason, Verdict, reasons};

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

impl FinewebQuality {
    fn reason(&self, document: &Document<'_>) -> Option<Reason> {
        let text = document.text;
        let v1 = self.preset == Preset::FinewebV1;
        let blank = |line: &&str| line.chars().all(is_space);
        let lines: Vec<&str> = text.split('\n').filter(|line| v1 || !blank(line)).collect();
        if lines.iter().all(blank) {
            return Some(reasons::EMPTY);
        }

        let ended = if v1 {
            lines.iter().filter(|line| line.ends_with(['.', '\'', '"', '!', '?'])).count()
        } else {
            lines.iter().filter(|line| line.ends_with(is_terminal)).count()
        };
        let share = ended as f64 / lines.len() as f64;
        if self.min_line_punct > 0.0 && (share < self.min_line_punct || v1 && share == self.min_line_punct) {
            return Some(reasons::LINE_PUNCT_RATIO);
        }

        let short = lines.iter().filter(|line| line.chars().count() <= self.short_line_length).count();
        if self.over(short, lines.len(), self.max_short_lines) {
            return Some(reasons::SHORT_LINE_RATIO);
        }

        let feeds = text.bytes().filter(|&byte| byte == b'\n').count();
        let (_, copied) = duplicates(lines.iter().copied());
        if self.over(copied, document.chars() - feeds, self.max_char_dup) {
            return Some(reasons::CHAR_DUP_RATIO);
        }
        if exceeds(feeds, document.words().len(), self.max_new_lines) {
            return Some(reasons::LIST_RATIO);
        }
        None
    }

    /// Beyond the limit; in the released FineWeb, at the limit too.
    fn over(&self, part: usize, whole: usize, limit: f64) -> bool {
        let share = part as f64 / whole as f64;
        limit > 0.0 && (share > limit || self.preset == Preset::FinewebV1 && share == limit)
    }
}

impl DocumentFilter for FinewebQuality {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.reason(document).map_or(Verdict::Keep, Verdict::Drop)
    }
}
