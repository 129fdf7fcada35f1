//! C4's rules (Raffel et al. 2020, <https://jmlr.org/papers/volume21/20-074/20-074.pdf>, section 2.2), with the
//! additions of its code. They work line by line and rewrite the text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{count_sentences, is_space};
use crate::{Document, DocumentFilter, Reason, Verdict, reasons};

const POLICIES: [&str; 6] =
    ["terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"];

/// Removes lines that are not prose, and drops pages where code shows or little is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct C4Quality {
    /// Whether the filter runs.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub enabled: bool,
    /// Lines with a longer word go; 0 is no limit.
    #[schemars(extend("unit" = "characters", "source" = "C4, code"))]
    pub max_word_length: usize,
    /// Lines with fewer words go; 0 is no limit.
    #[schemars(extend("unit" = "words", "source" = "C4, 2.2"))]
    pub min_words_per_line: usize,
    /// Pages with fewer sentences in the lines that stay are dropped; 0 is no limit.
    #[schemars(extend("unit" = "sentences", "source" = "C4, 2.2"))]
    pub min_sentences: usize,
    /// Whether lines must end with a terminal mark. C4 asks it, FineWeb does not.
    #[schemars(extend("unit" = "", "source" = "C4, 2.2; off in FineWeb"))]
    pub require_terminal: bool,
}

impl Default for C4Quality {
    fn default() -> Self {
        Self {
            enabled: true,
            max_word_length: 1_000,
            min_words_per_line: 3,
            min_sentences: 5,
            require_terminal: false,
        }
    }
}

/// What becomes of one line.
enum Line {
    Keep,
    Remove,
    DropPage(Reason),
}

impl C4Quality {
    /// Appends the lines of `document` that stay to `out`, joined by `\n`; on a drop `out` holds a part of them.
    pub fn rewrite(&self, document: &Document<'_>, out: &mut String) -> Verdict {
        let start = out.len();
        let mut sentences = 0;
        let (mut line, mut lower) = (String::new(), String::new());
        for source in document.lines() {
            let source = source.trim_matches(is_space);
            line.clear();
            remove_citations(source, &mut line);
            match self.line(source, &line, &mut lower) {
                Line::Remove => continue,
                Line::DropPage(reason) => return Verdict::Drop(reason),
                Line::Keep => {}
            }
            sentences += count_sentences(&line);
            if out.len() > start {
                out.push('\n');
            }
            out.push_str(&line);
        }
        if sentences < self.min_sentences {
            return Verdict::Drop(reasons::TOO_FEW_SENTENCES);
        }
        out.truncate(out.trim_end_matches(is_space).len().max(start));
        Verdict::Keep
    }

    /// The rules in C4's order: a brace in a line that is too short harms nothing.
    fn line(&self, source: &str, line: &str, lower: &mut String) -> Line {
        // Words are counted before citations are removed.
        let mut words = 0;
        for word in source.split(is_space).filter(|word| !word.is_empty()) {
            words += 1;
            let long = |limit| word.len() > limit && word.chars().count() > limit;
            if self.max_word_length > 0 && long(self.max_word_length) {
                return Line::Remove;
            }
        }
        let terminal = line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...");
        if self.require_terminal && !terminal || words < self.min_words_per_line {
            return Line::Remove;
        }
        lower.clear();
        lower.extend(line.chars().flat_map(char::to_lowercase));
        if lower.contains("lorem ipsum") {
            return Line::DropPage(reasons::LOREM_IPSUM);
        }
        if lower.contains("javascript") {
            return Line::Remove;
        }
        if line.contains('{') {
            return Line::DropPage(reasons::CURLY_BRACKET);
        }
        if POLICIES.iter().any(|policy| lower.contains(policy)) { Line::Remove } else { Line::Keep }
    }
}

/// As a filter, C4 judges only; [`C4Quality::rewrite`] also gives the text that is left.
impl DocumentFilter for C4Quality {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.rewrite(document, &mut String::new())
    }
}

/// Copies `line` without `[12]`, `[]`, `[edit]` and `[citation needed]`.
fn remove_citations(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let end = tail.find(']').filter(|&end| {
            let inside = &tail[1..end];
            inside.chars().all(|c| c.is_ascii_digit()) || inside == "edit" || inside == "citation needed"
        });
        let skip = end.map_or(1, |end| end + 1);
        if end.is_none() {
            out.push('[');
        }
        rest = &tail[skip..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_go() {
        let mut out = String::new();
        remove_citations("a[1] b[] [edit]c[citation needed] [x] [2", &mut out);
        assert_eq!(out, "a b c [x] [2");
    }
}
