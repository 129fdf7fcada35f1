//! Answers in words: `\text{Monday}`, `(E)`, `June 20`, `A, C and F`.

/// Whether the right answer is in words, and the other has the same: case and marks aside, and in any order where
/// commas stand between them.
pub(super) fn is_same(gold: &str, said: &str) -> bool {
    let (Some(mut right), Some(mut words)) = (words(gold), words(said)) else { return false };
    if !is_worded(gold, &right) {
        return false;
    }
    if gold.contains(',') {
        right.sort_unstable();
        words.sort_unstable();
    }
    right == words
}

/// Words that are said to be a text, one of at least two letters, or a capital, such as that of a choice.
fn is_worded(gold: &str, words: &[String]) -> bool {
    let is_word = |word: &&String| word.starts_with(char::is_alphabetic);
    if gold.contains("\\text") {
        return words.iter().any(|word| is_word(&word));
    }
    let is_number = |word: &String| word.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    let long = |word: &String| word.chars().nth(1).is_some() || gold.contains(&word.to_uppercase());
    // `6x` and `2 ab` are no words
    !words.iter().any(is_number) && words.iter().filter(is_word).any(long)
}

/// Words and numbers, in small letters; nothing where there is mathematics.
fn words(text: &str) -> Option<Vec<String>> {
    let bare = text.replace("\\text", "").to_lowercase();
    if bare.contains(|letter: char| "\\^_=+*/<>|".contains(letter)) {
        return None;
    }
    let mut pieces = vec![String::new()];
    let mut letters = bare.chars().peekable();
    while let Some(letter) = letters.next() {
        let before_digit = letters.peek().is_some_and(char::is_ascii_digit);
        let Some(piece) = pieces.last_mut() else { break };
        match letter {
            // `a.m.` is `am`
            '.' if !before_digit => {}
            // a minus before a digit is no mark
            '.' | ':' | '-' if before_digit => piece.push(letter),
            letter if letter.is_alphabetic() && piece.ends_with(|last: char| last.is_ascii_digit()) => {
                pieces.push(letter.into());
            }
            letter if letter.is_alphanumeric() => piece.push(letter),
            _ => pieces.push(String::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty() && piece != "and" && piece != "or");
    (!pieces.is_empty()).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn words_are_compared_without_their_marks() {
        for (gold, said, same) in [
            (r"\text{Monday}", "monday", true),
            (r"\text{(E)}", "E", true),
            ("D", "(D)", true),
            (r"\text{A, C, F}", "F, A and C", true),
            (r"\text{1:03 PM}", "1:03 pm", true),
            (r"\text{1:03 PM}", "1:03p.m.", true),
            (r"\text{3rd}", "3rd", true),
            (r"\text{1:03 PM}", "1:03", false),
            (r"\text{June 20}", "June 21", false),
            (r"20\text{ degrees}", "-20 degrees", false),
            (r"\text{even}", "odd", false),
            (r"\text{(E)}", "C", false),
            ("x", "X", false),
            ("6x", "6X", false),
            ("5", "5", false),
        ] {
            assert_eq!(is_same(gold, said), same, "{gold} {said}");
        }
    }
}
