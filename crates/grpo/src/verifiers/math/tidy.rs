//! One spelling for what LaTeX, Unicode and people spell in many ways.

use std::sync::LazyLock;

use regex::Regex;

/// Commas that LaTeX needs help with to set as those of thousands: `5,\!000`, `90{,}900`.
static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| expression(r"(\d)(?:, *\\!|\{,\}) *(\d{3})"));
/// Thousands set apart by spaces; with a slash behind them it would be a mixed number.
static SPACED: LazyLock<Regex> = LazyLock::new(|| expression(r"\b\d{1,3}(?: \d{3})+\b( ?/)?"));

fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is well formed")
}

/// Without what is only for the eye: delimiters, spaces of LaTeX, money, styles, a full stop.
pub(super) fn tidy(text: &str) -> String {
    let joined = THOUSANDS.replace_all(text.trim(), "$1$2");
    // once more, for groups that share a digit with the one before
    let joined = THOUSANDS.replace_all(&joined, "$1$2");
    let mut tidy = String::with_capacity(joined.len());
    let mut rest = &*joined;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if letter == '\\' {
            rest = command(rest, &mut tidy);
        } else {
            tidy.push_str(plain(letter).unwrap_or(rest_of(&joined, rest, letter)));
        }
    }
    let tidy = tidy.trim().trim_end_matches(['.', ',', ';', ':', ' ']);
    let joined = |found: &regex::Captures<'_>| match found.get(1) {
        Some(_) => found[0].to_owned(),
        None => found[0].replace(' ', ""),
    };
    SPACED.replace_all(tidy, joined).into_owned()
}

/// The letter that was read before `rest`, as a piece of `text`.
fn rest_of<'a>(text: &'a str, rest: &str, letter: char) -> &'a str {
    let end = text.len() - rest.len();
    &text[end - letter.len_utf8()..end]
}

fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        '$' | '€' | '£' | '¥' | '₹' | '\u{200b}' => "",
        '−' | '–' | '‐' | '﹣' | '－' => "-",
        '×' | '·' | '⋅' | '∙' | '∗' => "*",
        '÷' | '⁄' | '∕' => "/",
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\n' | '\t' | '\r' | '~' => " ",
        '°' => "^\\circ ",
        'π' => "\\pi ",
        'θ' => "\\theta ",
        '∞' => "\\infty ",
        '√' => "\\sqrt ",
        '±' => "\\pm ",
        '≤' => "\\leq ",
        '≥' => "\\geq ",
        '≠' => "\\ne ",
        '≈' => "=",
        '∪' => "\\cup ",
        '∩' => "\\cap ",
        '∈' => "\\in ",
        '∅' => "\\emptyset ",
        '²' => "^2",
        '³' => "^3",
        '½' => "\\frac12 ",
        '⅓' => "\\frac13 ",
        '⅔' => "\\frac23 ",
        '¼' => "\\frac14 ",
        '¾' => "\\frac34 ",
        '％' => "%",
        _ => return None,
    })
}

/// Copies one command, in its one spelling; gives what is left behind it.
fn command<'a>(text: &'a str, tidy: &mut String) -> &'a str {
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        let Some(mark) = text.chars().next() else { return text };
        match mark {
            ',' | ';' | ':' | '!' | ' ' | '\n' => tidy.push(' '),
            '$' | '(' | ')' | '[' | ']' => {}
            '%' | '_' | '&' | '#' => tidy.push(mark),
            _ => tidy.extend(['\\', mark]),
        }
        return &text[mark.len_utf8()..];
    }
    let known = match name {
        "left" | "right" | "middle" => return rest.strip_prefix('.').unwrap_or(rest),
        "big" | "Big" | "bigl" | "bigr" | "Bigl" | "Bigr" | "bigg" | "Bigg" | "displaystyle"
        | "textstyle" | "limits" | "quad" | "qquad" | "mathbb" | "mathcal" | "boxed" | "bf" | "rm" => " ",
        "dfrac" | "tfrac" | "cfrac" | "frac" => "\\frac",
        "dbinom" | "tbinom" | "binom" => "\\binom",
        "lvert" | "rvert" | "vert" => "|",
        "le" | "leq" | "leqslant" => "\\leq ",
        "ge" | "geq" | "geqslant" => "\\geq ",
        "neq" | "ne" => "\\ne ",
        "lt" => "<",
        "gt" => ">",
        "lbrace" => "\\{",
        "rbrace" => "\\}",
        "cdot" | "times" | "ast" => "*",
        "div" => "/",
        "approx" | "equiv" => "=",
        "degree" | "degrees" => "^\\circ ",
        "varnothing" => "\\emptyset ",
        "mbox" | "textbf" | "textrm" | "textit" | "mathrm" | "mathbf" | "mathit" | "mathsf"
        | "operatorname" | "textnormal" | "hbox" | "text" => "\\text",
        _ => {
            tidy.push('\\');
            tidy.push_str(name);
            // the name ends where it ended
            tidy.push(' ');
            return rest;
        }
    };
    tidy.push_str(known);
    rest
}

/// All that the eye sees; spaces only between letters and digits, where they part them.
pub(super) fn squeezed(tidy: &str) -> String {
    let mut squeezed = String::with_capacity(tidy.len());
    for piece in tidy.split_whitespace() {
        if squeezed.ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric) {
            squeezed.push(' ');
        }
        squeezed.push_str(piece);
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::{squeezed, tidy};

    #[test]
    fn spellings_meet() {
        for (one, other) in [
            (r"\dfrac{1}{2}", r"\frac{1}{2}"),
            (r"\left( 1,\ 2 \right)", "(1,2)"),
            (r"\$5{,}000.", "5000"),
            (r"111, \! 111, \! 111", "111111111"),
            (r"$-3\pi$", "−3π"),
            (r"3 \times 4", "3*4"),
            (r"45^\circ", "45°"),
            (r"\(x \le 2\)", "x≤2"),
            (r"12 345", "12345"),
        ] {
            assert_eq!(squeezed(&tidy(one)), squeezed(&tidy(other)), "{one} {other}");
        }
    }
}
