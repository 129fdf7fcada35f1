//! Payment cards (ISO/IEC 7812): an issuer's range, its lengths, and Luhn's check digit.

use std::ops::Range;

use super::number;

/// The first digits of issuers' ranges, from and to, and the lengths of their numbers, from and to.
///
/// Lengths and ranges that are hardly used are left out: numbers of 13 digits are articles far more often than Visa's.
const ISSUERS: [(u32, u32, usize, usize); 19] = [
    (34, 34, 15, 15), // American Express
    (37, 37, 15, 15),
    (4, 4, 16, 16), // Visa
    (4, 4, 19, 19),
    (51, 55, 16, 16), // Mastercard
    (2221, 2720, 16, 16),
    (6011, 6011, 16, 19), // Discover
    (644, 649, 16, 19),
    (65, 65, 16, 19),
    (300, 305, 14, 19), // Diners Club
    (3095, 3095, 14, 19),
    (36, 36, 14, 19),
    (38, 39, 14, 19),
    (3528, 3589, 16, 19), // JCB
    (62, 62, 16, 19),     // UnionPay
    (2200, 2204, 16, 19), // Mir
    (5018, 5018, 16, 19), // Maestro
    (6304, 6304, 16, 19),
    (6759, 6763, 16, 19),
];

/// The card's number that begins at `start`: in one piece, or in groups as they are pressed into the plastic.
pub(super) fn card(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if !bytes[start].is_ascii_digit() {
        return card(text, start + 1).filter(|_| bytes[start] == b'(');
    }
    let before = number::before(text, start);
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '_' | '+')) {
        return None;
    }
    let (mut plain, mut groups, mut at) = (vec![], vec![], start);
    let mut mark = None;
    loop {
        let length = number::digits(text, at);
        if plain.len() + length > 19 + 4 {
            break;
        }
        plain.extend_from_slice(&bytes[at..at + length]);
        at += length;
        groups.push(Group { length, digits: plain.len(), end: at });
        let gap = number::gap(text, at);
        let same = *mark.get_or_insert(&text[at..at + gap]) == &text[at..at + gap];
        if gap == 0 || !same || number::digits(text, at + gap) == 0 {
            break;
        }
        at += gap;
    }
    // another number may follow: a count, a year too, but no fifth group of four
    let ends = (1..=groups.len()).rev().filter(|&count| match groups.get(count) {
        Some(next) => mark == Some(" ") && next.length != 4,
        None => !number::goes_on(text, at) && !is_fraction(text, at),
    });
    let mut cards = ends.filter(|&count| {
        let digits = &plain[..groups[count - 1].digits];
        is_grouped(&groups[..count]) && is_issued(digits) && luhn(digits)
    });
    cards.next().map(|count| start..groups[count - 1].end)
}

struct Group {
    length: usize,
    /// Digits up to its end.
    digits: usize,
    end: usize,
}

fn is_fraction(text: &str, at: usize) -> bool {
    text[at..].starts_with(['.', ',']) && number::digits(text, at + 1) > 0
}

fn is_grouped(groups: &[Group]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(|group| group.length).collect();
    match lengths[..] {
        [_] | [4, 6, 4 | 5] => true,
        [4, 4, 4, .., last] => {
            (2..=4).contains(&last) && lengths[..lengths.len() - 1].iter().all(|&n| n == 4)
        }
        _ => false,
    }
}

fn is_issued(plain: &[u8]) -> bool {
    ISSUERS.iter().any(|&(from, to, shortest, longest)| {
        let places = from.ilog10() as usize + 1;
        let lengths = shortest.max(places)..=longest;
        let start = plain.iter().take(places).fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
        lengths.contains(&plain.len()) && (from..=to).contains(&start)
    })
}

/// From the right, every second digit counts twice, and as the sum of its own digits.
fn luhn(plain: &[u8]) -> bool {
    let digits = plain.iter().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::card;
    use crate::redact::number::for_each_start;

    #[test]
    fn cards() {
        let found = |text: &str| {
            let mut found = vec![];
            for_each_start(text, |start| found.extend(card(text, start).map(|range| text[range].to_owned())));
            found.join("|")
        };
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "5500-0000-0000-0004",
            "2223000048400011",
            "3782 822463 10005",
            "378282246310005",
            "3056 930902 5904",
            "6011111111111117",
            "3566 0020 2036 0505",
            "6200000000000005",
        ] {
            assert_eq!(found(&format!("card {text}, thanks")), text);
            assert_eq!(found(&format!("({text}).")), text);
            assert_eq!(found(&format!("{text} 2 times")), text);
        }
        for text in [
            "4111111111111112",
            "4111 1111-1111 1111",
            "41 11 11 11 11 11 11 11",
            "4111 1111 1111 1111 1111",
            "41111111111111111",
            "x4111111111111111",
            "4111111111111111.5",
            "0.4111111111111111",
            "9780306406157",
            "4006381333931",
            "1111 1111 1111 1117",
            "20240101123456",
            "4",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
