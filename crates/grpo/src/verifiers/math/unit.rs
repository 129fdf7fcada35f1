//! Units that stand behind a number as plain words.

/// Units of one to three letters; longer words are units where they stand apart.
const SHORT: [&str; 49] = [
    "m", "g", "s", "h", "l", "L", "W", "V", "N", "J", "cm", "mm", "km", "dm", "nm", "ft", "in", "mi", "yd",
    "kg", "mg", "lb", "oz", "gm", "ml", "mL", "hr", "mph", "min", "sec", "lbs", "hrs", "yds", "gal", "deg",
    "cts", "day", "kmh", "Hz", "kHz", "kW", "sq", "cu", "USD", "EUR", "pts", "cup", "tsp", "mol",
];

/// A text without the unit behind it; nothing where there is none.
pub(super) fn without(tidy: &str) -> Option<&str> {
    let mut rest = tidy.trim_end_matches(['.', ' ']);
    for exponent in ["^2", "^3", "^{2}", "^{3}"] {
        if let Some(before) =
            rest.strip_suffix(exponent).filter(|before| before.ends_with(char::is_alphabetic))
        {
            rest = before;
            break;
        }
    }
    let mut found = false;
    while let Some(start) = word_start(rest) {
        let (before, word) = rest.split_at(start);
        let apart = before.ends_with([' ', '/']);
        let number = before.trim_end_matches([' ', '/']);
        let is_unit = SHORT.contains(&word) && (apart || word.len() > 1) || word.len() > 3 && apart;
        if !is_unit || number.is_empty() {
            break;
        }
        rest = number;
        found = true;
    }
    let is_number =
        rest.ends_with(|last: char| last.is_ascii_digit() || "})%".contains(last)) || rest.ends_with("\\pi");
    (found && is_number).then_some(rest)
}

/// Where the last word begins; nothing behind a backslash is a word.
fn word_start(text: &str) -> Option<usize> {
    let start = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).len();
    (start < text.len() && !text[..start].ends_with('\\')).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn units_go_and_letters_stay() {
        for (text, expected) in [
            ("5 inches", Some("5")),
            ("5 square inches", Some("5")),
            ("5cm", Some("5")),
            ("5 cm^2", Some("5")),
            ("60 km/h", Some("60")),
            (r"99\pi square inches", Some(r"99\pi")),
            ("3x", None),
            ("3 x", None),
            ("3qr", None),
            ("x + m", None),
            (r"2 \tan x", None),
            (r"\cot", None),
            ("Monday", None),
            ("inches", None),
            ("5", None),
        ] {
            assert_eq!(without(text), expected, "{text}");
        }
    }
}
