//! Bank accounts (IBAN, ISO 13616).

use std::ops::Range;

use super::number;

/// Countries and the lengths of their accounts, from the registry of SWIFT.
#[rustfmt::skip]
const LENGTHS: [(&[u8; 2], usize); 89] = [
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22),
    (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24),
    (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18),
    (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27),
    (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20),
    (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24),
    (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25),
    (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20),
    (b"YE", 30),
];

/// The account whose check digits begin at `start`, in one piece or in groups.
pub(super) fn iban(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let first = start.checked_sub(2)?;
    let country: &[u8; 2] = bytes[first..start].try_into().ok()?;
    let (_, length) = LENGTHS.iter().find(|(known, _)| *known == country)?;
    if number::before(text, first).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let (mut plain, mut at) = (Vec::with_capacity(*length), first);
    while plain.len() < *length {
        at += if plain.len() > 2 { number::gap(text, at) } else { 0 };
        let byte = *bytes.get(at)?;
        if !(byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return None;
        }
        plain.push(byte);
        at += 1;
    }
    let checked = plain[2..4].iter().all(u8::is_ascii_digit) && remainder(&plain) == 1;
    (checked && !number::goes_on(text, at)).then_some(first..at)
}

/// Remainder by 97 of the account, its first four places moved to the end, letters standing for 10 to 35.
fn remainder(plain: &[u8]) -> u32 {
    let (head, account) = plain.split_at(4);
    account.iter().chain(head).fold(0, |rest, &byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::iban;
    use crate::redact::number::for_each_start;

    #[test]
    fn accounts() {
        let found = |text: &str| {
            let mut found = vec![];
            for_each_start(text, |start| found.extend(iban(text, start).map(|range| text[range].to_owned())));
            found.join("|")
        };
        // the registry's examples
        for text in [
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
            "MT84MALT011000012345MTLCAST001S",
            "SC18SSCB11010000000000001497USD",
            "CH93\u{a0}0076\u{a0}2011\u{a0}6238\u{a0}5295\u{a0}7",
        ] {
            assert_eq!(found(&format!("to {text}, please")), text);
        }
        for text in [
            "GB83 WEST 1234 5698 7654 32",
            "XX82 WEST 1234 5698 7654 32",
            "xGB82 WEST 1234 5698 7654 32",
            "GB82 WEST 1234 5698 7654 321",
            "GB82 WEST 1234 5698 7654 3",
            "GB82  WEST 1234 5698 7654 32",
            "gb82 west 1234 5698 7654 32",
            "GB",
            "GB8",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
