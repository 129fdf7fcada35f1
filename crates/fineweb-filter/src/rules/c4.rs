//! C4's rules (Raffel et al. 2020, <https://jmlr.org/papers/volume21/20-074/20-074.pdf>, section 2.2), with the
//! additions of its code. They work line by line and rewrite the text.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::{Bound, Broken, Rule, Signal};
use crate::text::{count_sentences, is_space, split_words};
use crate::{Document, DocumentFilter, Verdict, reasons};

/// Phrases at which a page or line goes, in the order of their rules: filler, scripts, then policies.
const PHRASES: [&str; 8] = [
    "lorem ipsum",
    "javascript",
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
];

static PHRASE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(PHRASES)
        .expect("eight short phrases make a small automaton")
});

/// The one letter beyond ASCII whose small form, `k`, is in a phrase.
const KELVIN: char = '\u{212a}';

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
    /// C4 drops the page: filler text.
    Filler,
    /// C4 drops the page: a brace.
    Brace,
}

/// What was found while the text was cleaned.
#[derive(Debug, Default)]
pub(crate) struct Cleaned {
    filler_first: bool,
    brace_first: bool,
    sentences: usize,
    /// Words and marks in the lines that stay.
    pub(crate) tokens: usize,
}

impl Cleaned {
    pub(crate) fn value(&self, signal: Signal) -> f64 {
        match signal {
            Signal::LoremIpsum => f64::from(u8::from(self.filler_first)),
            Signal::CurlyBracket => f64::from(u8::from(self.brace_first)),
            _ => self.sentences as f64,
        }
    }
}

impl C4Quality {
    /// Appends the lines of `document` that stay to `out`, joined by `\n`.
    pub fn rewrite(&self, document: &Document<'_>, out: &mut String) -> Verdict {
        let cleaned = self.clean(document, out);
        self.first_broken(&cleaned).into()
    }

    /// The rules about what cleaning found.
    pub(crate) fn rules(&self) -> [Rule; 3] {
        let sentences = Bound::AtLeast(self.min_sentences as f64).unless_zero();
        [
            Rule::new(reasons::LOREM_IPSUM, Signal::LoremIpsum, Bound::AtMost(0.0), ""),
            Rule::new(reasons::CURLY_BRACKET, Signal::CurlyBracket, Bound::AtMost(0.0), ""),
            Rule::new(reasons::TOO_FEW_SENTENCES, Signal::Sentences, sentences, "c4.min_sentences"),
        ]
    }

    pub(crate) fn first_broken(&self, cleaned: &Cleaned) -> Option<Broken> {
        self.rules().into_iter().find_map(|rule| rule.broken(|signal| cleaned.value(signal)))
    }

    /// Cleans all of the text, whatever is found: a line for which C4 drops the page stays.
    pub(crate) fn clean(&self, document: &Document<'_>, out: &mut String) -> Cleaned {
        let start = out.len();
        let mut cleaned = Cleaned::default();
        let suspicious = PHRASE.is_match(document.text) || document.text.contains(KELVIN);
        let (mut without, mut next) = (String::new(), 0);
        for source in document.lines() {
            let source = source.trim_matches(is_space);
            let cited = memchr::memchr(b'[', source.as_bytes()).is_some();
            if cited {
                without.clear();
                remove_citations(source, &mut without);
            }
            let line = if cited { &without } else { source };
            match self.line(source, line, suspicious) {
                Line::Remove => continue,
                Line::Filler => cleaned.filler_first = !cleaned.brace_first,
                Line::Brace => cleaned.brace_first = !cleaned.filler_first,
                Line::Keep => {}
            }
            if line.len() == source.len() {
                let words = document.words_of_line(source, &mut next);
                cleaned.tokens += words.len();
                cleaned.sentences += count_sentences(words);
            } else {
                let mut words = Vec::new();
                split_words(line, |word| words.push(word));
                cleaned.tokens += words.len();
                cleaned.sentences += count_sentences(words).max(usize::from(!line.is_empty()));
            }
            if out.len() > start {
                out.push('\n');
            }
            out.push_str(line);
        }
        let kept = out[start..].trim_start_matches(is_space).len();
        out.drain(start..out.len() - kept);
        out.truncate(start + out[start..].trim_end_matches(is_space).len());
        cleaned
    }

    /// The rules in C4's order: a brace in a line that is too short harms nothing. `source` is the line as it was, whose
    /// words count, `line` the one without citations.
    fn line(&self, source: &str, line: &str, suspicious: bool) -> Line {
        let words = || source.split(is_space).filter(|word| !word.is_empty());
        let most = self.max_word_length;
        if most > 0
            && source.len() > most
            && words().any(|word| word.len() > most && word.chars().count() > most)
        {
            return Line::Remove;
        }
        let terminal = line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...");
        if self.require_terminal && !terminal {
            return Line::Remove;
        }
        if words().take(self.min_words_per_line).count() < self.min_words_per_line {
            return Line::Remove;
        }
        let phrase = if suspicious { first_phrase(line) } else { None };
        match phrase {
            Some(0) => Line::Filler,
            Some(1) => Line::Remove,
            _ if memchr::memchr(b'{', line.as_bytes()).is_some() => Line::Brace,
            Some(_) => Line::Remove,
            None => Line::Keep,
        }
    }
}

/// Of the phrases in a line, the one whose rule comes first.
fn first_phrase(line: &str) -> Option<usize> {
    if line.contains(KELVIN) {
        return first_phrase(&line.replace(KELVIN, "k"));
    }
    PHRASE.find_iter(line).map(|found| found.pattern().as_usize()).min()
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
    let digit = |c: char| c.general_category() == GeneralCategory::DecimalNumber;
    while let Some(at) = rest.find('[') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let inside = tail[1..].trim_start_matches(digit);
        let inside = ["edit", "citation needed"]
            .into_iter()
            .find_map(|note| tail[1..].strip_prefix(note))
            .unwrap_or(inside);
        rest = inside.strip_prefix(']').unwrap_or_else(|| {
            out.push('[');
            &tail[1..]
        });
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_whatever_their_case() {
        assert_eq!(first_phrase("We Use CooKies and JavaScript"), Some(1));
        assert_eq!(first_phrase("use coo\u{212a}ies"), Some(7));
        assert_eq!(first_phrase("lorem İpsum"), None);
    }

    #[test]
    fn citations_go() {
        let mut out = String::new();
        remove_citations("a[1] b[] [edit]c[citation needed] [x] [2 [[3]", &mut out);
        assert_eq!(out, "a b c [x] [2 [");
    }

    proptest::proptest! {
        #[test]
        fn words_that_stay_are_counted(text in "(\\PC|[a-z]{1,4} |[.’s'] |\n|\\[[0-9]\\]| ){0,60}") {
            let (rule, mut clean) = (C4Quality::default(), String::new());
            let counted = rule.clean(&Document::new("", &text), &mut clean).tokens;
            let mut words = 0;
            split_words(&clean, |_| words += 1);
            proptest::prop_assert_eq!(counted, words);
        }
    }
}
