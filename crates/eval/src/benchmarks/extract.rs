//! What of a reply is the answer, and when two answers are the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of a reply is the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Extract {
    /// All of it.
    #[default]
    Whole,
    /// The rest of the line behind the last occurrence of this text.
    After(String),
    /// The last number, with `1,000` for 1000 and `2.50` for 2.5.
    LastNumber,
}

impl Extract {
    /// The answer in a reply; nothing where it has none.
    pub fn of(&self, reply: &str) -> Option<String> {
        match self {
            Self::Whole => Some(reply.to_owned()),
            Self::After(marker) => {
                let (_, rest) = reply.rsplit_once(marker.as_str())?;
                rest.trim_start().lines().next().map(str::to_owned)
            }
            Self::LastNumber => last_number(reply),
        }
    }
}

/// In which ways two answers may differ and still be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Normalise {
    /// Capitals are as good as small letters.
    pub case: bool,
    /// White space at the ends does not count, and one space is as good as many.
    pub space: bool,
    /// ASCII punctuation does not count.
    pub punctuation: bool,
}

impl Default for Normalise {
    fn default() -> Self {
        Self { case: true, space: true, punctuation: true }
    }
}

impl Normalise {
    /// What is left to compare.
    pub fn of(self, answer: &str) -> String {
        let mut text = answer.to_owned();
        if self.case {
            text = text.to_lowercase();
        }
        if self.punctuation {
            text.retain(|letter| !letter.is_ascii_punctuation());
        }
        if self.space {
            text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        text
    }
}

/// Digits with commas between them and at most one point within, and a minus that no digit or letter precedes.
fn last_number(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(u8::is_ascii_digit)? + 1;
    let (mut start, mut pointed) = (end, false);
    while let Some(at) = start.checked_sub(1) {
        let before_is_digit = at > 0 && bytes[at - 1].is_ascii_digit();
        match bytes[at] {
            b'0'..=b'9' => {}
            b',' if before_is_digit && !pointed && end - at > 3 => {}
            b',' if before_is_digit && pointed => {}
            b'.' if before_is_digit && !pointed => pointed = true,
            _ => break,
        }
        start = at;
    }
    let digits: String = text[start..end].chars().filter(|letter| *letter != ',').collect();
    let digits = match digits.split_once('.') {
        Some((whole, part)) => match part.trim_end_matches('0') {
            "" => whole.to_owned(),
            part => format!("{whole}.{part}"),
        },
        None => digits,
    };
    let negative = start > 0
        && bytes[start - 1] == b'-'
        && !text[..start - 1].ends_with(|letter: char| letter.is_alphanumeric());
    Some(if negative { format!("-{digits}") } else { digits })
}

#[cfg(test)]
mod tests {
    use super::{Extract, Normalise};

    #[test]
    fn answers_are_found_in_replies() {
        let number = |reply: &str| Extract::LastNumber.of(reply);
        for (reply, expected) in [
            ("3 + 4 = 7.", "7"),
            ("#### 1,250", "1250"),
            ("it costs $12.50", "12.5"),
            ("that is 18.00 in all", "18"),
            ("from 3 to -4", "-4"),
            ("pages 3-4", "4"),
            ("1, 2, 3", "3"),
            ("1,234.5 metres", "1234.5"),
        ] {
            assert_eq!(number(reply).as_deref(), Some(expected), "{reply}");
        }
        assert_eq!(number("none"), None);
        let after = Extract::After("The answer is".to_owned());
        assert_eq!(after.of("The answer is 3. No: The answer is 4.\nBye").as_deref(), Some("4."));
        assert_eq!(after.of("4"), None);
    }

    #[test]
    fn what_differs_in_form_is_the_same() {
        let same = Normalise::default();
        assert_eq!(same.of(" The  Hague! "), same.of("the hague"));
        let strict = Normalise { case: false, space: false, punctuation: false };
        assert_eq!(strict.of(" The  Hague! "), " The  Hague! ");
    }
}
