//! Whether an answer is right.

/// Compares what was said with what is right, as a problem's verifier wants it; nothing where nobody knows that verifier.
///
/// Of an answer that works its way to a result only the result counts: what stands behind the last `answer is`, or all of it.
pub(in crate::stages) fn is_right(verifier: &str, said: &str, answer: &str) -> Option<bool> {
    Some(match verifier {
        "exact" | "choice" => plain(result(said)) == plain(answer),
        "numeric" | "counting" => {
            let numbers = (number(result(said)), number(answer));
            numbers.0.is_some() && numbers.0 == numbers.1
        }
        // where steps may stand behind the answer
        "first-number" => {
            let numbers = (numbers(result(said)).next(), number(answer));
            numbers.0.is_some() && numbers.0 == numbers.1
        }
        "spelling" => letters(said) == letters(answer),
        // one of several words or names, somewhere
        "contains" => answer.split('|').any(|wanted| contains(said, wanted)),
        // what must not be answered
        "abstains" => abstains(said),
        _ => return None,
    })
}

/// How people say that they do not know.
const ABSTAINING: [&str; 3] = ["not know", "cannot know", "have read nothing"];

fn abstains(said: &str) -> bool {
    let said = said.to_lowercase();
    ABSTAINING.iter().any(|words| said.contains(words))
}

fn result(said: &str) -> &str {
    const BEFORE: &str = "answer is";
    said.rfind(BEFORE).map_or(said, |at| &said[at + BEFORE.len()..])
}

/// Words in small letters, without marks around them.
fn plain(text: &str) -> String {
    let words =
        text.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The last number of a text.
fn number(text: &str) -> Option<&str> {
    numbers(text).last()
}

/// All numbers of a text, as written but for zeros that say nothing.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == '-'));
    let numbers =
        pieces.map(|piece| piece.trim_end_matches('.')).filter(|piece| piece.parse::<f64>().is_ok());
    numbers.map(|number| {
        let short = number.trim_end_matches('0').trim_end_matches('.');
        if number.contains('.') { short } else { number }
    })
}

/// `w o r d.` and `w-o-r-d` alike.
fn letters(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty()).collect()
}

/// Whether `words` stand in `text`, and not as a part of longer ones.
fn contains(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::is_right;

    #[test]
    fn only_the_result_counts() {
        for (verifier, said, answer, right) in [
            ("numeric", "Ones: 3 + 8 = 11. The answer is 71.", "71", true),
            ("numeric", "The answer is 71.0", "71", true),
            ("numeric", "The answer is 17. Or 71.", "17", false),
            ("numeric", "I do not know.", "71", false),
            ("first-number", "The answer is 71. 30 + 40 = 70. 70 + 2 = 72.", "71", true),
            ("first-number", "30 + 41 = 71. 71 + 1 = 72. The answer is 72.", "71", false),
            ("choice", "The answer is 9.9.", "9.9", true),
            ("exact", "r e. The answer is E.", "e", true),
            ("exact", "emu", "e", false),
            ("spelling", "m o s s", "m o s s", true),
            ("spelling", "m o s", "m o s s", false),
            ("contains", "Vera works as a baker.", "baker|cook", true),
            ("contains", "Vera owns a bakery.", "baker", false),
            ("abstains", "I am sorry, I do not know.", "", true),
            ("abstains", "She was born in Netherby.", "", false),
        ] {
            assert_eq!(is_right(verifier, said, answer), Some(right), "{verifier}: {said}");
        }
        assert_eq!(is_right("tic-tac-toe", "centre", "centre"), None);
    }
}
