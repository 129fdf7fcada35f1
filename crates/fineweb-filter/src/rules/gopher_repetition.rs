//! Gopher's repetition rules (Rae et al. 2021, <https://arxiv.org/abs/2112.11446>, table A1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Measures, Rule, Signal, duplicates, share};
use crate::text::is_space;
use crate::{Document, DocumentFilter, Preset, Verdict, reasons};

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
    /// Whose reading of the rules; [`Filter::new`](crate::Filter::new) sets it from the settings' preset.
    #[serde(skip)]
    pub preset: Preset,
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
            preset: Preset::default(),
        }
    }
}

impl Measures for GopherRepetition {
    fn rules(&self) -> impl IntoIterator<Item = Rule> {
        use Signal as S;
        let on = |limit: f64| Bound::AtMost(limit).unless_zero();
        let some_text = match self.preset {
            Preset::Fineweb2025 => Bound::AtLeast(1.0),
            Preset::FinewebV1 => Bound::Off, // and then the share of nothing breaks no bound
        };
        let [top_2, top_3, top_4] = self.max_top_gram_frac.map(on);
        let [dup_5, dup_6, dup_7, dup_8, dup_9, dup_10] = self.max_dup_gram_frac.map(on);
        let (top, dup) = ("gopher_repetition.max_top_gram_frac", "gopher_repetition.max_dup_gram_frac");
        let frac = [
            (
                reasons::DUP_PARA_FRAC,
                S::DupParaFrac,
                self.max_dup_para_frac,
                "gopher_repetition.max_dup_para_frac",
            ),
            (
                reasons::DUP_PARA_CHAR_FRAC,
                S::DupParaCharFrac,
                self.max_dup_para_char_frac,
                "gopher_repetition.max_dup_para_char_frac",
            ),
            (
                reasons::DUP_LINE_FRAC,
                S::DupLineFrac,
                self.max_dup_line_frac,
                "gopher_repetition.max_dup_line_frac",
            ),
            (
                reasons::DUP_LINE_CHAR_FRAC,
                S::DupLineCharFrac,
                self.max_dup_line_char_frac,
                "gopher_repetition.max_dup_line_char_frac",
            ),
        ];
        let [para, para_chars, line, line_chars] =
            frac.map(|(reason, signal, limit, setting)| Rule::new(reason, signal, on(limit), setting));
        [
            Rule::new(reasons::EMPTY, S::Characters, some_text, ""),
            para,
            para_chars,
            line,
            line_chars,
            Rule::new(reasons::TOP_GRAM[0], S::Top2Gram, top_2, top),
            Rule::new(reasons::TOP_GRAM[1], S::Top3Gram, top_3, top),
            Rule::new(reasons::TOP_GRAM[2], S::Top4Gram, top_4, top),
            Rule::new(reasons::DUP_GRAM[0], S::Dup5Gram, dup_5, dup),
            Rule::new(reasons::DUP_GRAM[1], S::Dup6Gram, dup_6, dup),
            Rule::new(reasons::DUP_GRAM[2], S::Dup7Gram, dup_7, dup),
            Rule::new(reasons::DUP_GRAM[3], S::Dup8Gram, dup_8, dup),
            Rule::new(reasons::DUP_GRAM[4], S::Dup9Gram, dup_9, dup),
            Rule::new(reasons::DUP_GRAM[5], S::Dup10Gram, dup_10, dup),
        ]
    }

    fn value(&self, signal: Signal, document: &Document<'_>) -> f64 {
        use Signal as S;
        let (text, chars) = (document.text, document.chars());
        let paragraphs = || split_runs(text.trim_matches(is_space), 2);
        match signal {
            S::Characters => chars as f64,
            S::DupParaFrac => share(duplicates(paragraphs()).0, paragraphs().count()),
            S::DupParaCharFrac => share(duplicates(paragraphs()).1, chars),
            S::DupLineFrac => self.copied_lines(document, |(copies, _), lines| share(copies, lines)),
            S::DupLineCharFrac => self.copied_lines(document, |(_, copied), _| share(copied, chars)),
            S::Top2Gram | S::Top3Gram | S::Top4Gram => {
                share(document.grams().top_chars(signal as usize - S::Top2Gram as usize + 2), chars)
            }
            _ => share(document.grams().dup_chars(signal as usize - S::Dup5Gram as usize + 5), chars),
        }
    }
}

impl GopherRepetition {
    /// Today runs of line feeds part lines; in 2024 every line end did, and blank lines were lines.
    fn copied_lines(&self, document: &Document<'_>, share: impl Fn((usize, usize), usize) -> f64) -> f64 {
        match self.preset {
            Preset::Fineweb2025 => {
                share(duplicates(split_runs(document.text, 1)), split_runs(document.text, 1).count())
            }
            Preset::FinewebV1 => share(duplicates(document.lines()), document.lines().len()),
        }
    }
}

impl DocumentFilter for GopherRepetition {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.first_broken(document).into()
    }
}

/// Splits at runs of at least `shortest` line feeds; other line ends do not split here.
fn split_runs(text: &str, shortest: usize) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let mut at = from;
        while let Some(found) = memchr::memchr(b'\n', &bytes[at..]) {
            let begin = at + found;
            at = begin + bytes[begin..].iter().take_while(|&&byte| byte == b'\n').count();
            if at - begin >= shortest {
                start = Some(at);
                return Some(&text[from..begin]);
            }
        }
        start = None;
        Some(&text[from..])
    })
}

#[cfg(test)]
mod tests {
    use super::split_runs;

    #[test]
    fn runs_split() {
        let runs = |text, shortest| split_runs(text, shortest).collect::<Vec<_>>();
        assert_eq!(runs("a\n\nb\nc\n\n\n", 2), ["a", "b\nc", ""]);
        assert_eq!(runs("\na\n\nb", 1), ["", "a", "b"]);
        assert_eq!(runs("", 1), [""]);
    }
}
