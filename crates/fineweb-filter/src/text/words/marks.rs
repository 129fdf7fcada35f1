//! Which marks split from the ends of a word, and which split it inside; the classes are those of spaCy 3.8 (MIT).

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Bytes of the mark that leads `word`; 0 where none does.
pub(super) fn prefix(word: &str) -> usize {
    let mut chars = word.chars();
    let Some(first) = chars.next() else { return 0 };
    let leads = match first {
        '.' => {
            let run = word.len() - word.trim_start_matches('.').len();
            return if run > 1 { run } else { 0 };
        }
        'U' if word.starts_with("US$") => return 3,
        'C' | 'A' if word[1..].starts_with('$') => return 2,
        'a'..='z' | 'A'..='Z' | '0'..='9' => false,
        '+' => !chars.next().is_some_and(|next| next.is_ascii_digit()),
        '§' | '%' | '=' | '—' | '–' => true,
        _ => is_mark(first) || is_quote(first) || is_currency(first) || is_icon(first),
    };
    if leads { first.len_utf8() } else { 0 }
}

/// Bytes of the mark, ending or unit that closes `word`; 0 where none does.
pub(super) fn suffix(word: &str) -> usize {
    let Some(last) = word.chars().next_back() else { return 0 };
    let rest = &word[..word.len() - last.len_utf8()];
    let before = rest.chars().next_back();
    let after_digit = before.is_some_and(|c| c.is_ascii_digit());
    let closes = match last {
        '.' => match before {
            Some('.') => return word.len() - word.trim_end_matches('.').len(),
            Some(c) => leaves_dot(c, rest),
            None => false,
        },
        '…' if before == Some('…') => return 2 * '…'.len_utf8(),
        's' | 'S' if matches!(before, Some('\'' | '’')) => return 1 + before.map_or(0, char::len_utf8),
        '+' => after_digit,
        '—' | '–' => true,
        '$' if !after_digit => return dollars(word),
        _ if is_mark(last) || is_quote(last) || is_icon(last) => true,
        _ if is_currency(last) => after_digit,
        _ => return unit(word),
    };
    if closes { last.len_utf8() } else { 0 }
}

/// Whether a final dot behind `rest`, which ends in `c`, is a mark: behind digits and small letters, behind marks, and
/// behind two capitals. What is left is initials (`J.`, `U.S.`).
fn leaves_dot(c: char, rest: &str) -> bool {
    let two_capitals = || is_upper(c) && rest.chars().rev().nth(1).is_some_and(is_upper);
    c.is_ascii_digit()
        || is_lower(c)
        || matches!(c, '%' | '²' | '-' | '+' | '|' | '…')
        || is_mark(c)
        || is_quote(c)
        || two_capitals()
        || rest.chars().rev().nth(1) == Some('°') && matches!(c, 'F' | 'C' | 'K')
}

/// `US$`, `C$`, `A$` behind a digit.
fn dollars(word: &str) -> usize {
    let behind_digit = |mark: &&&str| {
        word.strip_suffix(**mark).is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
    };
    ["US$", "C$", "A$"].iter().find(behind_digit).map_or(0, |mark| mark.len())
}

/// Units that split from a number, in Latin and Cyrillic letters.
const UNITS: &str = "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h \
    kmh mph hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг \
    м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ";

/// Bytes of the unit that ends `word` behind a digit.
fn unit(word: &str) -> usize {
    // a unit has no digits: what stands behind the last one must be a unit whole
    let Some(digit) = word.bytes().rev().take(16).position(|b| b.is_ascii_digit()) else { return 0 };
    let tail = &word[word.len() - digit..];
    if tail.is_empty() || !UNITS.split_ascii_whitespace().any(|unit| unit == tail) { 0 } else { tail.len() }
}

/// Bytes of the mark at the head of `rest` that splits a word inside; `before` is the character before it.
pub(super) fn infix(before: Option<char>, rest: &str) -> Option<usize> {
    let mut chars = rest.chars();
    let c = chars.next()?;
    if c.is_ascii_alphanumeric() {
        return None;
    }
    let (after, before) = (chars.next(), before.unwrap_or(' '));
    let letter_after = || after.is_some_and(is_letter);
    let splits = match c {
        '.' if after == Some('.') => return Some(rest.len() - rest.trim_start_matches('.').len()),
        '.' => {
            (is_lower(before) || is_quote(before))
                && after.is_some_and(|after| is_upper(after) || is_quote(after))
        }
        '-' if before.is_ascii_digit()
            && after.is_some_and(|after| after.is_ascii_digit() || after == '-') =>
        {
            true
        }
        '+' | '*' | '^' => {
            before.is_ascii_digit() && after.is_some_and(|after| after.is_ascii_digit() || after == '-')
        }
        ',' => is_letter(before) && letter_after(),
        '-' | '–' | '—' | '~' => {
            // of dashes, up to three hyphens or two long ones split as one
            let run = rest.chars().take_while(|&dash| dash == c).count();
            let most = match c {
                '-' => 3,
                '—' => 2,
                _ => 1,
            };
            let bytes = run * c.len_utf8();
            let splits = run <= most
                && (is_letter(before) || before.is_ascii_digit())
                && rest[bytes..].chars().next().is_some_and(is_letter);
            return splits.then_some(bytes);
        }
        ':' | '<' | '>' | '=' | '/' => (is_letter(before) || before.is_ascii_digit()) && letter_after(),
        _ => c == '…' || is_icon(c),
    };
    splits.then_some(c.len_utf8())
}

/// Marks that split from either end.
fn is_mark(c: char) -> bool {
    match c {
        '\0'..='\x7f' => {
            matches!(
                c,
                ',' | ':'
                    | ';'
                    | '!'
                    | '?'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '<'
                    | '>'
                    | '_'
                    | '#'
                    | '*'
                    | '&'
            )
        }
        _ => "…¿؟¡。？！，、；：～·।،۔؛٪".contains(c),
    }
}

fn is_quote(c: char) -> bool {
    match c {
        '\0'..='\x7f' => matches!(c, '\'' | '"' | '`' | ','),
        _ => "”“‘´’‚„»«「」『』（）〔〕【】《》〈〉\u{2329}\u{232a}⟦⟧".contains(c),
    }
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '€' | '¥' | '฿' | '﷼' | '₠'..='₿')
}

/// Dingbats, arrows, emoji: Unicode's other symbols as of version 11, which newer emoji are not among.
fn is_icon(c: char) -> bool {
    let newer = matches!(c,
        '\u{1f6d5}'..='\u{1f6df}' | '\u{1f6fa}'..='\u{1f6ff}' | '\u{1f7e0}'..='\u{1f7ff}' | '\u{1f90c}'..='\u{1f90f}'
        | '\u{1f93f}' | '\u{1f971}' | '\u{1f972}' | '\u{1f977}'..='\u{1f979}' | '\u{1f97b}'
        | '\u{1f9a3}'..='\u{1f9af}' | '\u{1f9ba}'..='\u{1f9bf}' | '\u{1f9c3}'..='\u{1f9cf}'
        | '\u{1fa00}'..='\u{1fa5f}' | '\u{1fa70}'..='\u{1fbff}');
    !c.is_ascii() && c.general_category() == GeneralCategory::OtherSymbol && !newer
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (c >= '\u{c0}' && c.is_alphabetic())
}

/// Letters without case are small and capital.
fn is_lower(c: char) -> bool {
    is_letter(c) && !c.is_uppercase()
}

fn is_upper(c: char) -> bool {
    is_letter(c) && !c.is_lowercase()
}
