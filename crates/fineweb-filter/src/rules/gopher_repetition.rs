//! Gopher's repetition rules (Rae et al. 2021, <https://arxiv.org/abs/2112.11446>, table A1).

use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{duplicates, exceeds};
use crate::{Document, DocumentFilter, Reason, Verdict, reasons, text::Grams};

/// Drops pages that repeat themselves: paragraphs, lines, and n-grams of words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GopherRepetition {
    /// Whether the filter runs.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub enabled: bool,
    /// Most paragraphs that may be copies of earlier ones; 0 is no limit.
    #[schemars(extend("unit" = "share of paragraphs", "source" = "Gopher, table A1"))]
    pub max_dup_para_frac: f64,
    /// Most of the text that may stand in copied paragraphs; 0 is no limit.
    #[schemars(extend("unit" = "share of characters", "source" = "Gopher, table A1"))]
    pub max_dup_para_char_frac: f64,
    /// Most lines that may be copies of earlier ones; 0 is no limit.
    #[schemars(extend("unit" = "share of lines", "source" = "Gopher, table A1"))]
    pub max_dup_line_frac: f64,
    /// Most of the text that may stand in copied lines; 0 is no limit.
    #[schemars(extend("unit" = "share of characters", "source" = "Gopher, table A1"))]
    pub max_dup_line_char_frac: f64,
    /// Most of the text that the most frequent n-gram may make up, for n = 2, 3, 4; 0 is no limit.
    #[schemars(extend("unit" = "share of characters", "source" = "Gopher, table A1"))]
    pub max_top_gram_frac: [f64; 3],
    /// Most of the text that repeated n-grams may make up, for n = 5 to 10; 0 is no limit.
    #[schemars(extend("unit" = "share of characters", "source" = "Gopher, table A1"))]
    pub max_dup_gram_frac: [f64; 6],
}

impl Default for GopherRepetition {
    fn default() -> Self {
        Self {
            enabled: true,
            max_dup_para_frac: 0.30,
            max_dup_para_char_frac: 0.20,
            max_dup_line_frac: 0.30,
            max_dup_line_char_frac: 0.20,
            max_top_gram_frac: [0.20, 0.18, 0.16],
            max_dup_gram_frac: [0.15, 0.14, 0.13, 0.12, 0.11, 0.10],
        }
    }
}

impl GopherRepetition {
    fn reason(&self, document: &Document<'_>) -> Option<Reason> {
        let text = document.text;
        if text.is_empty() {
            return Some(reasons::EMPTY);
        }
        let chars = document.chars();

        let paragraphs = split_runs(text.trim_matches(crate::text::is_space), 2);
        let (copies, copied) = duplicates(paragraphs.iter().copied());
        if exceeds(copies, paragraphs.len(), self.max_dup_para_frac) {
            return Some(reasons::DUP_PARA_FRAC);
        }
        if exceeds(copied, chars, self.max_dup_para_char_frac) {
            return Some(reasons::DUP_PARA_CHAR_FRAC);
        }

        let lines = split_runs(text, 1);
        let (copies, copied) = duplicates(lines.iter().copied());
        if exceeds(copies, lines.len(), self.max_dup_line_frac) {
            return Some(reasons::DUP_LINE_FRAC);
        }
        if exceeds(copied, chars, self.max_dup_line_char_frac) {
            return Some(reasons::DUP_LINE_CHAR_FRAC);
        }

        let grams = document.grams();
        for (n, (&limit, &reason)) in (2..).zip(self.max_top_gram_frac.iter().zip(&reasons::TOP_GRAM)) {
            if limit > 0.0 && exceeds(top_gram_chars(grams, n), chars, limit) {
                return Some(reason);
            }
        }
        for (n, (&limit, &reason)) in (5..).zip(self.max_dup_gram_frac.iter().zip(&reasons::DUP_GRAM)) {
            if limit > 0.0 && exceeds(dup_gram_chars(grams, n), chars, limit) {
                return Some(reason);
            }
        }
        None
    }
}

impl DocumentFilter for GopherRepetition {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.reason(document).map_or(Verdict::Keep, Verdict::Drop)
    }
}

/// Splits at runs of at least `shortest` line feeds; other line ends do not split here.
fn split_runs(text: &str, shortest: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = text[at..].find('\n') {
        let begin = at + found;
        let run = text[begin..].bytes().take_while(|&b| b == b'\n').count();
        at = begin + run;
        if run >= shortest {
            parts.push(&text[start..begin]);
            start = at;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Occurrences times length, spaces between words counted, of the most frequent n-gram; the first seen wins ties.
///
/// It counts one occurrence too: a text of few words can fail on an n-gram that does not repeat.
fn top_gram_chars(grams: &Grams, n: usize) -> usize {
    let mut seen: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    let (mut most, mut first) = (0, 0);
    for (at, key) in grams.keys(n).enumerate() {
        let (count, begin) = seen.entry(key).or_insert((0, at));
        *count += 1;
        if *count > most || (*count == most && *begin < first) {
            (most, first) = (*count, *begin);
        }
    }
    if most == 0 { 0 } else { most * (grams.chars(first, n) + n - 1) }
}

/// Length, spaces not counted, of n-grams seen before; a repeat is counted once and jumped over.
fn dup_gram_chars(grams: &Grams, n: usize) -> usize {
    let mut seen = FxHashSet::default();
    let mut copied = 0;
    let mut next = 0;
    for (at, key) in grams.keys(n).enumerate() {
        if at < next {
            continue;
        }
        if !seen.insert(key) {
            copied += grams.chars(at, n);
            next = at + n;
        }
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_split() {
        assert_eq!(split_runs("a\n\nb\nc\n\n\n", 2), ["a", "b\nc", ""]);
        assert_eq!(split_runs("\na\n\nb", 1), ["", "a", "b"]);
        assert_eq!(split_runs("", 1), [""]);
    }

    #[test]
    fn grams_are_measured_as_datatrove_does() {
        let grams = Grams::new(&["a", "bb", "a", "bb", "c"]);
        assert_eq!(top_gram_chars(&grams, 2), 2 * 4);
        assert_eq!(top_gram_chars(&grams, 6), 0);
        assert_eq!(dup_gram_chars(&grams, 2), 3);
        let run = Grams::new(&["x"; 6]);
        assert_eq!(dup_gram_chars(&run, 2), 4, "a repeat is jumped over whole");
    }
}
