//! Hostile text made harmless for people: short, visible, in one direction.
//!
//! Escaping is the template's work; here it is about what a browser or terminal would act on or drown in.
//! Sections shorten; `render` makes visible, once, whatever goes into a page.

use std::fmt::Write as _;

/// The beginning of a text: at most so many characters and lines, with an ellipsis where more follows.
pub(super) fn beginning(text: &str, chars: usize, lines: usize) -> String {
    let by_lines = text.match_indices('\n').nth(lines - 1).map_or(text.len(), |(at, _)| at);
    let by_chars = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let end = match text[..by_chars].rfind(char::is_whitespace) {
        // not in the middle of a word, where the script has any
        Some(space) if by_chars < by_lines && by_chars - space < 24 => space,
        _ => by_lines.min(by_chars),
    };
    let mut shown = text[..end].trim_end().to_owned();
    if !text[end..].trim().is_empty() {
        shown.push_str(" …");
    }
    shown
}

/// Shows what cannot be seen: control characters as their pictures, marks that turn or hide text by number.
///
/// Lines and tabs stay. Without this a page could write its own report: U+202E alone turns the rest of a line.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => out.push(char),
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + char as u32).expect("a control picture")),
            '\x7f' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => write!(out, "⟨U+{:04X}⟩", char as u32).expect("a String takes all"),
            _ => out.push(char),
        }
    }
    out
}

/// The same in one line, for names, addresses and cells of tables.
pub(super) fn line(text: &str, chars: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    beginning(&words.join(" "), chars, 1)
}

/// Names as a sentence has them: `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_cut_by_characters_and_by_lines() {
        assert_eq!(beginning("ärger", 9, 1), "ärger");
        assert_eq!(beginning("ärger", 2, 1), "är …");
        assert_eq!(beginning("one two three", 9, 1), "one two …");
        assert_eq!(beginning("a\nb\nc", 9, 2), "a\nb …");
        assert_eq!(beginning("a\nb\n \n", 9, 2), "a\nb");
        assert_eq!(beginning("", 9, 1), "");
    }

    #[test]
    fn lists_are_sentences() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([0, 1, 2, 3].map(|n| listed(&names[..n])), ["", "a", "a and b", "a, b and c"]);
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(visible("a\u{202e}b\0\u{1b}[31m\t\n"), "a⟨U+202E⟩b␀␛[31m\t\n");
        assert_eq!(line("  a\r\n b ", 20), "a b");
    }
}
