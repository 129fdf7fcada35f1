//! Counting sentences.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::is_terminal;

/// Sentences among the words and marks of one line, as spaCy's sentencizer counts them: one ends where a word follows a
/// mark that stands alone and is terminal, so that neither `U.S.` nor `...` ends one.
pub fn count_sentences<'t>(words: impl IntoIterator<Item = &'t str>) -> usize {
    let mut count = 0;
    let (mut any, mut ended) = (false, false);
    for word in words {
        any = true;
        if ends_sentence(word) {
            ended = true;
        } else if ended && !word.chars().all(is_mark) {
            count += 1;
            ended = false;
        }
    }
    count + usize::from(any)
}

fn ends_sentence(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| is_terminal(c) || c == '؟') && chars.next().is_none()
}

fn is_mark(c: char) -> bool {
    match c {
        '\0'..='\x7f' => {
            c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
        }
        _ => c.general_category_group() == GeneralCategoryGroup::Punctuation,
    }
}

#[cfg(test)]
mod tests {
    use super::count_sentences;

    #[test]
    fn sentences_end_before_a_word() {
        for (words, expect) in [
            ("", 0),
            ("no end", 1),
            ("One . Two ! Three ?", 3),
            ("He said \" no . \" Then left", 2),
            ("version 3.50 is out", 1),
            ("Wait ... what in the U.S. then ?!", 1),
            ("What ? ! Yes", 2),
        ] {
            assert_eq!(count_sentences(words.split_whitespace()), expect, "{words:?}");
        }
    }
}
