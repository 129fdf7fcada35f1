//! Telephone numbers.
//!
//! A number with a plus sign is one if its country exists and its length is right (E.164). A national number has no mark,
//! so it must be written as people of some country write theirs: with an area in brackets, in North America's groups, or
//! with a leading zero and groups that are no date. Where a word nearby says so (`Tel.`, `call`), less will do; where one
//! says that it is an order, an edition or the like, nothing will.

use std::ops::Range;

use super::number;

/// E.164: fifteen digits, country included.
const MOST_DIGITS: usize = 15;
/// Without the country.
const FEWEST_DIGITS: usize = 7;
/// How far back a word may stand that says what a number is.
const CUE_BYTES: usize = 40;

/// Words before numbers that one can call.
#[rustfmt::skip]
const CUES: [&str; 33] = [
    "tel", "tél", "telephone", "telefon", "telefono", "teléfono", "téléphone", "telefone", "phone", "phones", "mobile",
    "mobil", "mob", "cell", "handy", "fax", "call", "calling", "ring", "dial", "whatsapp", "sms", "hotline", "helpline",
    "callers", "ph", "landline", "rufnummer", "móvil", "portable", "cellphone", "telefoon", "telegram",
];
/// Words before numbers that one cannot.
#[rustfmt::skip]
const OTHERS: [&str; 24] = [
    "isbn", "issn", "doi", "ean", "upc", "order", "invoice", "ref", "reference", "serial", "part", "patent", "sku",
    "model", "article", "case", "tracking", "account", "vat", "edition", "id", "grant", "license", "version",
];

/// A number as it is written.
struct Written {
    plus: bool,
    groups: Vec<Group>,
}

#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    /// Whether brackets stand around it.
    bracketed: bool,
    /// What stands before it: nothing, or a mark.
    mark: Mark,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Space,
    Hyphen,
    Dot,
    Slash,
}

/// The telephone number that begins at `start`.
pub(super) fn phone(text: &str, start: usize) -> Option<Range<usize>> {
    // a bracket around more than the area stands around the number, not in it
    let closed = text.as_bytes().get(start + 1 + number::digits(text, start + 1)) == Some(&b')');
    let start = start + usize::from(text.as_bytes()[start] == b'(' && !closed);
    let written = read(text, start)?;
    if !may_begin(text, start, written.plus) {
        return None;
    }
    let cue = cue(text, start);
    if cue == Some(false) {
        return None;
    }
    // what follows behind a space may be another number
    let counts = (1..=written.groups.len()).rev();
    let whole = |count: &usize| match written.groups.get(*count) {
        Some(next) => !next.bracketed && is_space(text, written.groups[count - 1].end),
        None => ends(text, written.groups[count - 1].end),
    };
    let mut found = counts.filter(whole).filter(|&count| {
        let groups = &written.groups[..count];
        if written.plus { is_international(text, groups) } else { is_national(text, groups, cue.is_some()) }
    });
    let last = &written.groups[found.next()? - 1];
    let closing = last.bracketed && text[last.end..].starts_with(')');
    Some(start..last.end + usize::from(closing))
}

/// Groups of digits with marks between them, and one in brackets at most.
fn read(text: &str, start: usize) -> Option<Written> {
    let bytes = text.as_bytes();
    let plus = bytes[start] == b'+';
    let (mut at, mut groups, mut total) = (start + usize::from(plus), vec![], 0);
    let (mut mark, mut brackets) = (Mark::None, 0);
    loop {
        let bracketed = bytes.get(at) == Some(&b'(');
        let begin = at + usize::from(bracketed);
        let length = number::digits(text, begin);
        total += length;
        let closed = !bracketed || bytes.get(begin + length) == Some(&b')');
        brackets += usize::from(bracketed);
        if length == 0 || total > MOST_DIGITS + 4 || !closed || brackets > 1 {
            break;
        }
        groups.push(Group { start: begin, end: begin + length, bracketed, mark });
        at = begin + length + usize::from(bracketed);
        let (next, after) = between(text, at);
        // a dash with spaces may stand behind the area; later it belongs to the sentence
        if next == Mark::Hyphen && is_space(text, at) && groups.len() > 1 {
            break;
        }
        if next == Mark::None && !(bracketed || bytes.get(after) == Some(&b'(')) {
            break;
        }
        (mark, at) = (next, after);
    }
    (!groups.is_empty()).then_some(Written { plus, groups })
}

fn is_space(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(char::is_whitespace)
}

/// The mark at `at`, spaces around it included, and where it ends.
fn between(text: &str, at: usize) -> (Mark, usize) {
    let space = |at: usize| if text.as_bytes().get(at) == Some(&b'-') { 0 } else { number::gap(text, at) };
    let mark = |at: usize| match text.as_bytes().get(at) {
        Some(b'-') => Some(Mark::Hyphen),
        Some(b'.') => Some(Mark::Dot),
        Some(b'/') => Some(Mark::Slash),
        _ => None,
    };
    let first = at + space(at);
    match mark(first) {
        // the end of a sentence
        Some(Mark::Dot) if first > at || is_space(text, first + 1) => (Mark::None, at),
        Some(found) => (found, first + 1 + space(first + 1)),
        None if first > at => (Mark::Space, first),
        None => (Mark::None, at),
    }
}

/// Whether no longer word or number ends where this one begins.
fn may_begin(text: &str, start: usize, plus: bool) -> bool {
    let mut before = text[..start].chars().rev();
    match before.next() {
        Some(c) if c.is_alphanumeric() => false,
        Some(':') => !before.next().is_some_and(|c| c.is_ascii_digit()),
        Some('/' | '=') => plus,
        Some('.' | ',' | '-' | '_' | '+' | '#' | '$' | '€' | '£' | '¥' | '%' | '&' | '@' | '*' | '^') => {
            false
        }
        Some(c) if c.is_whitespace() => !before.next().is_some_and(|c| c.is_ascii_digit()),
        _ => true,
    }
}

/// Whether no longer word or number begins where this one ends.
fn ends(text: &str, at: usize) -> bool {
    let mut after = text[at..].chars();
    match after.next() {
        Some(c) if c.is_alphanumeric() => false,
        Some('%' | '€' | '$' | '£' | '°' | '_' | '@') => false,
        Some('.' | ',' | '-' | '/' | ':' | '+' | '\u{2013}') => {
            !after.next().is_some_and(|c| c.is_ascii_digit())
        }
        _ => true,
    }
}

/// Whether the words before say that this can be called (yes), that it cannot (no), or nothing.
fn cue(text: &str, start: usize) -> Option<bool> {
    let from = text.ceil_char_boundary(start.saturating_sub(CUE_BYTES));
    let before = text[from..start].to_lowercase();
    // the word at the edge may have been cut; the words of another line say nothing
    let line = before.rsplit('\n').next().unwrap_or_default();
    let words = line.rsplit(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    for (back, word) in words.take(6).enumerate() {
        if CUES.contains(&word) {
            return Some(true);
        }
        if back < 3 && OTHERS.contains(&word) {
            return Some(false);
        }
    }
    None
}

fn plain(text: &str, groups: &[Group]) -> Vec<u8> {
    groups.iter().flat_map(|group| text[group.start..group.end].bytes()).collect()
}

/// Plus, a country that exists, seven to fifteen digits in all. The zero of `+44 (0)20` is written, not dialled.
fn is_international(text: &str, groups: &[Group]) -> bool {
    let plain = plain(text, groups);
    let Some(country) = country(&plain) else { return false };
    let national = plain.len() - country;
    let long = plain.len() <= MOST_DIGITS + 1 && national >= FEWEST_DIGITS;
    // +20 000 000 are visitors; Italy's numbers keep their zero
    let zero = plain.get(country) == Some(&b'0') && plain[..country] != *b"39" && national < 9;
    let north_american = country != 1 || national == 10 && is_north_american(&plain[1..]);
    // behind digits in one piece, or a lone one, another number begins
    let length = |group: &Group| group.end - group.start;
    let other = groups.len() > 1 && (length(&groups[0]) > 8 || length(&groups[groups.len() - 1]) < 2);
    long && !zero && north_american && !other
}

/// Length of the country code at the start of `digits` (ITU-T E.164, annex of 2016).
fn country(digits: &[u8]) -> Option<usize> {
    const TWO: [u8; 44] = [
        20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57,
        58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
    ];
    let value = |places: usize| {
        digits
            .get(..places)
            .map(|digits| digits.iter().fold(0u16, |n, digit| n * 10 + u16::from(digit - b'0')))
    };
    if matches!(value(1)?, 1 | 7) {
        return Some(1);
    }
    if TWO.iter().any(|&code| value(2) == Some(u16::from(code))) {
        return Some(2);
    }
    let three = matches!(value(3)?,
        211..=213 | 216 | 218 | 220..=258 | 260..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=383 | 385..=387 | 389
        | 420 | 421 | 423 | 500..=509 | 590..=599 | 670 | 672..=683 | 685..=692 | 800 | 808 | 850 | 852 | 853 | 855 | 856
        | 870 | 878 | 880..=883 | 886 | 888 | 960..=968 | 970..=977 | 979 | 992..=996 | 998);
    three.then_some(3)
}

/// Area and exchange of ten digits of the North American plan: both begin with 2 to 9 and end in no `11`.
fn is_north_american(ten: &[u8]) -> bool {
    let block = |three: &[u8]| (b'2'..=b'9').contains(&three[0]) && three[1..] != *b"11";
    ten.len() == 10 && block(&ten[..3]) && block(&ten[3..6]) && ten[1] != b'9'
}

fn is_national(text: &str, groups: &[Group], cue: bool) -> bool {
    let plain = plain(text, groups);
    let lengths: Vec<usize> = groups.iter().map(|group| group.end - group.start).collect();
    let marks: Vec<Mark> = groups[1..].iter().map(|group| group.mark).collect();
    let bracketed = groups.iter().any(|group| group.bracketed);
    // 1-212-555-0100 and (212) 555-0100
    let (ten, shape) = match (&lengths[..], plain[0]) {
        ([1, 3, 3, 4], b'1') => (&plain[1..], &groups[1..]),
        ([3, 3, 4], _) => (&plain[..], groups),
        _ => (&[][..], groups),
    };
    if is_north_american(ten) {
        let spaces = marks.iter().all(|mark| *mark == Mark::Space);
        let alike =
            shape[1..].windows(2).all(|pair| pair[0].mark == pair[1].mark) && !marks.contains(&Mark::Slash);
        return shape[0].bracketed || alike && (!spaces || cue);
    }
    if plain[0] == b'0' {
        return is_trunk(&plain, &lengths, &marks, bracketed, cue);
    }
    // nothing but the words around it says that 912 345 678 is one
    cue && match lengths[..] {
        [10] => is_north_american(&plain),
        [single] => (9..=11).contains(&single),
        _ => {
            (7..=12).contains(&plain.len())
                && lengths.iter().all(|length| (2..=8).contains(length))
                && !is_dated(&lengths, &marks)
        }
    }
}

/// With the zero that is dialled before an area: `020 7946 0000`, `(069) 90009-000`, `01 99 00 00 00`.
fn is_trunk(plain: &[u8], lengths: &[usize], marks: &[Mark], bracketed: bool, cue: bool) -> bool {
    if plain[1..].first().is_none_or(|second| *second == b'0') || !(9..=12).contains(&plain.len()) {
        return false;
    }
    if lengths.len() == 1 {
        return cue && plain.len() >= 10;
    }
    let area = (2..=5).contains(&lengths[0]);
    let groups = lengths.len() <= 5 && lengths[1..].iter().all(|length| (2..=8).contains(length));
    // triples are how any number is written
    let triples = lengths.iter().all(|length| *length == 3);
    // slash and hyphen once, behind the area or before an extension; dots and spaces throughout
    let slashes = marks.iter().skip(1).all(|mark| *mark != Mark::Slash);
    let dots = marks.iter().filter(|mark| **mark == Mark::Dot).count();
    let dotted = dots == 0 || dots == marks.len() && lengths.iter().all(|length| *length == 2);
    area && groups
        && slashes
        && (dotted || cue)
        && !is_dated(lengths, marks)
        && (!triples || bracketed || cue)
}

/// Day, month and year, in some order, with one mark between.
fn is_dated(lengths: &[usize], marks: &[Mark]) -> bool {
    let date = matches!(lengths, [1..=2, 1..=2, 4, ..] | [4, 1..=2, 1..=2, ..]);
    date && marks.len() >= 2 && marks[0] == marks[1] && marks[0] != Mark::Space
}

#[cfg(test)]
mod tests {
    use super::phone;
    use crate::redact::number::for_each_start;

    fn found(text: &str) -> String {
        let mut found: Vec<String> = vec![];
        for_each_start(text, |start| found.extend(phone(text, start).map(|range| text[range].to_owned())));
        found.join("|")
    }

    #[test]
    fn numbers_that_need_no_word_beside_them() {
        for text in [
            "+442079460123",
            "+44 20 7946 0123",
            "+44 (0)20 7946 0123",
            "+1 (212) 555-0123",
            "+1-212-555-0123",
            "+49 30 23125-123",
            "+33 1 99 00 12 34",
            "+91 98765 43210",
            "+86 138 0013 8000",
            "+55 11 91234-5678",
            "+971 50 123 4567",
            "+46 (0)8 465 004 12",
            "(212) 555-0123",
            "(212)555-0123",
            "212-555-0123",
            "212.555.0123",
            "1-800-555-0123",
            "1 (212) 555-0123",
            "020 7946 0123",
            "(020) 7946 0123",
            "0161 496 0123",
            "(01632) 960123",
            "07700 900123",
            "01 99 00 12 34",
            "01.99.00.12.34",
            "030 23125123",
            "0221/4710123",
            "0221 / 4710123",
            "0221 - 4710123",
            "(069) 90009-123",
            "089-1234567",
            "(02) 5550 1234",
            "0412 345 678",
            "08-465 004 12",
            "06-12345678",
            "03-1234-5678",
            "044 668 18 00",
        ] {
            for around in [
                "write to {} or come",
                "({}).",
                "a, {}, b",
                "fon:{}",
                "{}",
                "at {} 3 times",
                "to {}. 5 of",
                "{} - 24 hours",
            ] {
                assert_eq!(found(&around.replace("{}", text)), text, "{around}");
            }
        }
    }

    #[test]
    fn numbers_that_a_word_makes_ones() {
        for text in ["912 345 678", "12 34 56 78", "2125550123", "07700900123", "212 555 0123", "012 345 678"]
        {
            assert_eq!(found(&format!("Tel.: {text}")), text);
            assert_eq!(found(&format!("please call us on {text} today")), text);
            assert_eq!(found(&format!("there were {text} of them")), "", "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "2024-01-02",
            "01.02.2024",
            "01/02/2024 12",
            "04-05-2006",
            "192.168.100.200",
            "3.14159265",
            "0.123456789",
            "1,234,567.89",
            "978-0-306-40615-7",
            "ISBN 0-306-40615-2",
            "order 020 7946 0123",
            "2019-2020",
            "1234-5678-901",
            "12345678",
            "1700000000",
            "10:20:30",
            "+1 and +2",
            "+20 000 000 visitors",
            "+999 123 456 789",
            "+1 112 555 0123",
            "x020 7946 0123",
            "$212-555-0123",
            "212-555-0123-4567",
            "212-555-012",
            "123-456-7890-1",
            "112-555-0123",
            "4111 1111 1111 1111",
            "0044 0532 0130 00",
            "DE89 3704 0044 0532 0130 00",
            "1914-1918 and 1939-1945",
            "000 000 0000",
            "(2020) 12",
            "p. 020-035",
            "?id=0207946-0123",
            "(",
            "+",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
