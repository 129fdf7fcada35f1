//! Numbers in running text: `−$1,234.50`, `1 1/2 cups`, `50 %`, `1.5 × 10^3`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::rational::Rational;

/// A number as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    /// Its value, of percent a hundredth of what is written; nothing where it has too many digits.
    pub(super) value: Option<Rational>,
    /// Whether percent stands behind it.
    pub(super) percent: bool,
}

/// Bytes of a text of which numbers are read: the last ones.
const LONGEST: usize = 1 << 16;
/// The largest power of ten that is read.
const LARGEST_EXPONENT: i64 = 30;

/// A sign, money, and then a mixed number, or an amount that may have a fraction or a power of ten behind it.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    let amount = r"(?:\d{1,3}(?:,\d{3})+\b|\d{1,3}(?:[ ']\d{3})+\b|\d+)(?:\.\d+)?|\.\d+";
    let pattern = format!(
        r"(?P<sign>[-+] ?)?(?:[$€£¥₹] ?)?(?P<inner>-)?(?:(?P<whole>\d+) (?P<top>\d+) ?/ ?(?P<bottom>\d+)|(?P<amount>{amount})(?:[eE](?P<exponent>[-+]?\d+)\b| ?[×*x] ?10\^\{{?(?P<power>[-+]?\d+)\}}?| ?/ ?(?P<under>\d+(?:\.\d+)?))?)(?P<percent> ?%| ?per ?cent\b)?"
    );
    Regex::new(&pattern).expect("the pattern is well formed")
});

/// `\frac{1}{2}`, and the same without braces.
static FRACTION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(- *)?\\[dtc]?frac *(?:\{ *(-?\d+) *\} *\{ *(\d+) *\}|(\d) *(\d))";
    Regex::new(pattern).expect("the pattern is well formed")
});

/// All numbers of a text, in order. Digits that belong to words, dates or versions, as in `m2`, `1-2-3` and `1.2.3`,
/// are none; where there are no digits at all, `half` and `twelve` are numbers too.
pub(super) fn quantities(text: &str) -> Vec<Quantity> {
    let text = tidy(tail(text));
    let mut found = vec![];
    for captures in NUMBER.captures_iter(&text) {
        let whole = captures.get(0).expect("the match");
        let signed = captures.name("sign");
        if stands_alone(&text[..whole.start()], &text[whole.end()..], signed.is_some()) {
            found.push(read(&captures, &text[..whole.start()]));
        }
    }
    if !text.contains(|letter: char| letter.is_ascii_digit()) {
        found.extend(in_words(&text));
    }
    found
}

fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// One spelling for marks that mean the same.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '−' | '‐' | '‑' | '–' | '﹣' | '－' => tidy.push('-'),
            '\u{a0}' | '\u{2009}' | '\u{202f}' | '\n' | '\t' | '\r' => tidy.push(' '),
            '⁄' | '∕' => tidy.push('/'),
            '’' => tidy.push('\''),
            '½' => tidy.push_str(" 1/2"),
            '⅓' => tidy.push_str(" 1/3"),
            '⅔' => tidy.push_str(" 2/3"),
            '¼' => tidy.push_str(" 1/4"),
            '¾' => tidy.push_str(" 3/4"),
            '％' => tidy.push('%'),
            _ => tidy.push(letter),
        }
    }
    if !tidy.contains('\\') && !tidy.contains("{,}") {
        return tidy;
    }
    let marks = [
        ("\\$", "$"),
        ("\\%", "%"),
        ("\\!", ""),
        ("{,}", ","),
        ("\\,", " "),
        ("\\times", "×"),
        ("\\cdot", "×"),
        ("^\\circ", "°"),
        ("^{\\circ}", "°"),
    ];
    let tidy = marks.iter().fold(tidy, |text, (mark, plain)| text.replace(mark, plain));
    let written = |found: &Captures<'_>| {
        let part =
            |one: usize, other: usize| found.get(one).or(found.get(other)).map_or("", |part| part.as_str());
        // apart from what may be whole before it, but not from its sign
        let sign = if found.get(1).is_some() { "-" } else { " " };
        format!("{sign}{}/{}", part(2, 4), part(3, 5))
    };
    FRACTION.replace_all(&tidy, written).into_owned()
}

/// Whether digits between these are a number by themselves.
fn stands_alone(before: &str, after: &str, signed: bool) -> bool {
    let last = before.chars().next_back();
    let belongs = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '^' | '/' | '-');
    let begins = match last {
        // `3 - 5` takes away; the sign was taken for one
        Some(letter) if signed => !belongs(letter) && letter != ')',
        Some(letter) => {
            !belongs(letter)
                || letter == '.'
                    && !before.trim_end_matches('.').ends_with(|letter: char| letter.is_ascii_digit())
        }
        None => true,
    };
    let mut next = after.chars();
    let ends = match next.next() {
        Some('.' | '-' | '/' | ',') => !next.next().is_some_and(|letter| letter.is_ascii_digit()),
        Some('^' | '_') => false,
        Some(letter) => !letter.is_ascii_digit(),
        None => true,
    };
    begins && ends
}

fn read(captures: &Captures<'_>, before: &str) -> Quantity {
    let digits = |name: &str| captures.name(name).map(|digits| digits.as_str());
    let number = |digits: &str| Rational::parse(&digits.replace([',', ' ', '\''], ""));
    let over = |over: &str, under: &str| number(over)?.times(number(under)?.inverse()?);
    let magnitude = || {
        if let (Some(whole), Some(top), Some(bottom)) = (digits("whole"), digits("top"), digits("bottom")) {
            return number(whole)?.plus(over(top, bottom)?);
        }
        let amount = digits("amount")?;
        if let Some(under) = digits("under") {
            return over(amount, under);
        }
        match digits("exponent").or(digits("power")) {
            None => number(amount),
            Some(exponent) => {
                let exponent = exponent.parse().ok().filter(|size: &i64| size.abs() <= LARGEST_EXPONENT)?;
                number(amount)?.times(Rational::ten(exponent)?)
            }
        }
    };
    let percent = captures.name("percent").is_some();
    let hundredth = Rational { over: 1, under: if percent { 100 } else { 1 } };
    let value = magnitude().and_then(|value| value.times(hundredth));
    // `Total - 5` has a dash, `= - 5` a sign
    let dash = digits("sign") == Some("- ")
        && before.trim_end().ends_with(|letter: char| !"=(:,[{".contains(letter));
    let minus = (digits("sign").is_some_and(|sign| sign.starts_with('-')) && !dash)
        != captures.name("inner").is_some();
    Quantity { value: if minus { value.map(Rational::negated) } else { value }, percent }
}

const WORDS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

fn in_words(text: &str) -> impl Iterator<Item = Quantity> + '_ {
    let words = text.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase);
    let value = |word: String| match word.as_str() {
        "half" => Rational::new(1, 2),
        "quarter" => Rational::new(1, 4),
        word => WORDS.iter().position(|other| *other == word).map(|number| Rational::whole(number as i64)),
    };
    words.filter_map(value).map(|value| Quantity { value: Some(value), percent: false })
}

#[cfg(test)]
mod tests {
    use super::{Rational, quantities};

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, over, under) in [
            ("71.0", 71, 1),
            ("It is 1,234,567 dollars.", 1_234_567, 1),
            ("12 345", 12_345, 1),
            ("1'000", 1_000, 1),
            ("1, 2", 2, 1),
            ("−$2.50!", -5, 2),
            ("$-2.50", -5, 2),
            ("-3", -3, 1),
            ("= - 3", -3, 1),
            ("7 - 3", 3, 1),
            ("Total - 3", 3, 1),
            ("1 1/2 cups", 3, 2),
            ("-1 1/2", -3, 2),
            ("2½", 5, 2),
            ("3 / 4", 3, 4),
            (r"\frac{3}{4}", 3, 4),
            (r"it is -\frac{3}{4}", -3, 4),
            (r"\frac{-3}{4}", -3, 4),
            (r"45^\circ", 45, 1),
            (r"1\dfrac34", 7, 4),
            (r"\$1{,}000", 1_000, 1),
            (r"5,\!000", 5_000, 1),
            ("50 %", 1, 2),
            (r"12.5\%", 1, 8),
            ("50 percent", 1, 2),
            ("1.5e3", 1_500, 1),
            ("1.5E-1", 3, 20),
            (r"1.5 \times 10^{3}", 1_500, 1),
            ("2 x 10^-2", 1, 50),
            ("5 m^2", 5, 1),
            ("5 cm3", 5, 1),
            ("5km", 5, 1),
            ("x=.5", 1, 2),
            ("a half", 1, 2),
            ("Twelve.", 12, 1),
            ("48/2=24", 24, 1),
            ("5.", 5, 1),
            ("12:30", 30, 1),
        ] {
            let last = quantities(text).last().and_then(|number| number.value);
            assert_eq!(last, Rational::new(over, under), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "x2",
            "1.2.3",
            "2024-01-02",
            "1-1/2",
            "3-5",
            "1/2/3",
            "2^10",
            "-",
            "1/0",
            "1e999999999",
            "none of it",
        ] {
            let last = quantities(text).last().and_then(|number| number.value);
            assert_eq!(last, None, "{text}");
        }
        assert_eq!(quantities(&"9".repeat(100)).len(), 1, "there it is, but nobody can say which");
    }
}
