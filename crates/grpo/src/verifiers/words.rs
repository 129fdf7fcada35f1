//! Words of a text, marks aside.

/// Words in small letters, without marks around them; a minus before a digit stays.
///
/// Where there are nothing but marks, as in a row of brackets, the marks are what is said.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return text.split_whitespace().collect();
    }
    words.join(" ").to_lowercase().replace('−', "-")
}

fn bare(word: &str) -> &str {
    let is_mark = |letter: char| !letter.is_alphanumeric();
    let bare = word.trim_matches(is_mark);
    let before = &word[..word.len() - word.trim_start_matches(is_mark).len()];
    match before.chars().next_back() {
        Some(minus @ ('-' | '−')) if bare.starts_with(|letter: char| letter.is_ascii_digit()) => {
            let at = before.len() - minus.len_utf8();
            &word[at..before.len() + bare.len()]
        }
        // `.5` is not 5
        Some('.') if bare.starts_with(|letter: char| letter.is_ascii_digit()) => {
            &word[before.len() - 1..before.len() + bare.len()]
        }
        _ => bare,
    }
}

/// `w o r d.` and `w-o-r-d` alike.
pub(super) fn letters(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty()).collect()
}

/// Whether `words` stand in `text`, and not as a part of longer ones.
pub(super) fn contains(text: &str, words: &str) -> bool {
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + words.len()..]);
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
        })
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_go_but_for_what_they_mean() {
        for (text, expected) in [
            (" E. ", "e"),
            ("(B)", "b"),
            ("9.9.", "9.9"),
            ("-734", "-734"),
            ("\"−734\"", "-734"),
            ("$.5", ".5"),
            ("a - b", "a b"),
            ("} ]", "}]"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
