//! E-mail and Internet addresses.
//!
//! Each has a mark that prose seldom shows: `@`, a dot between digits, a colon. A search for the mark runs at the speed
//! of memory; patterns are asked only around it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use memchr::memchr_iter;
use regex::Regex;

const OCTET: &str = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)";

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// FineWeb's pattern of e-mail addresses: `\b`, atoms with dots between, `@`, host.
#[derive(Debug)]
pub(super) struct Emails {
    host: Regex,
}

impl Emails {
    pub(super) fn new() -> Self {
        const LABEL: &str = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        Self { host: compile(&format!(r"\A(?:(?:{LABEL}\.)+{LABEL}|\[(?:{OCTET}\.){{3}}{OCTET}\])")) }
    }

    pub(super) fn for_each(&self, text: &str, mut take: impl FnMut(Range<usize>)) {
        let mut from = 0;
        for at in memchr_iter(b'@', text.as_bytes()) {
            let Some(start) = local_part(text.as_bytes(), from, at) else { continue };
            if let Some(host) = self.host.find(&text[at + 1..]) {
                from = at + 1 + host.end();
                take(start..from);
            }
        }
    }
}

/// Where the leftmost local part begins that ends at `at`: at the edge of a word, not before `from`.
fn local_part(text: &[u8], from: usize, at: usize) -> Option<usize> {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut first = at;
    while first > from {
        let byte = text[first - 1];
        let dot = byte == b'.' && first < at && text[first] != b'.';
        if !(atom(byte) || dot) {
            break;
        }
        first -= 1;
    }
    let edge = |&start: &usize| {
        let before = start.checked_sub(1).is_some_and(|before| word(text[before]));
        atom(text[start]) && before != word(text[start])
    };
    (first..at).find(edge)
}

/// FineWeb's pattern of IPv4 addresses: four octets, whatever stands around them.
#[derive(Debug)]
pub(super) struct Ipv4 {
    address: Regex,
}

impl Ipv4 {
    pub(super) fn new() -> Self {
        Self { address: compile(&format!(r"\A(?:{OCTET}\.){{3}}{OCTET}")) }
    }

    pub(super) fn for_each_public(&self, text: &str, mut take: impl FnMut(Range<usize>)) {
        let bytes = text.as_bytes();
        let mut from = 0;
        for dot in memchr_iter(b'.', bytes) {
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            if dot < from + 1 || !digit(dot - 1) || !digit(dot + 1) {
                continue;
            }
            // of the digits before the first dot one to three make the first octet, the more the better
            let digits = (1..=3).take_while(|back| dot >= from + back && digit(dot - back)).count();
            let starts = (1..=digits).rev().map(|back| dot - back);
            let mut hits =
                starts.filter_map(|start| self.address.find(&text[start..]).map(|hit| (start, hit)));
            if let Some((start, hit)) = hits.next() {
                from = start + hit.end();
                if is_public(hit.as_str()) {
                    take(start..from);
                }
            }
        }
    }
}

/// Globally routed, as IANA's special-purpose registry has it. Octets with leading zeros are no address.
fn is_public(address: &str) -> bool {
    let Ok(ip) = address.parse::<Ipv4Addr>() else {
        return false;
    };
    let [a, b, c, d] = ip.octets();
    let shared = a == 100 && b & 0xc0 == 64;
    let protocol = (a, b, c) == (192, 0, 0) && d != 9 && d != 10;
    let benchmark = a == 198 && b & 0xfe == 18;
    !(a == 0
        || a >= 240
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || shared
        || protocol
        || benchmark)
}

/// The longest text of an IPv6 address, with an IPv4 address at its end.
const IPV6_LENGTH: usize = 45;

/// Public IPv6 addresses (RFC 4291) in any of their spellings, not those of networks (`2a00::/32`).
pub(super) fn for_each_public_ipv6(text: &str, mut take: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let part = |at: usize| {
        bytes.get(at).is_some_and(|&byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
    };
    let mut from = 0;
    for colon in memchr_iter(b':', bytes) {
        if colon < from {
            continue;
        }
        let start = colon - (1..=4.min(colon)).take_while(|back| part(colon - back)).count();
        let mut end = colon + (0..=IPV6_LENGTH).take_while(|&ahead| part(colon + ahead)).count();
        from = end;
        if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) || end - start > IPV6_LENGTH {
            continue;
        }
        let before = text[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '.' | '_')) {
            continue;
        }
        // marks of the sentence
        let mark = |token: &str| token.ends_with('.') || token.ends_with(':') && !token.ends_with("::");
        while mark(&text[start..end]) {
            end -= 1;
        }
        let network = text[end..].strip_prefix('/').is_some_and(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest[..digits].parse::<u8>().is_ok_and(|length| length < 64)
        });
        if !network && text[start..end].parse::<Ipv6Addr>().is_ok_and(is_public_ipv6) {
            take(start..end);
        }
    }
}

/// Global unicast without what IANA's special-purpose registry takes out: protocol assignments, documentation, 6to4.
fn is_public_ipv6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let protocol = a == 0x2001 && b < 0x200;
    let documentation = a == 0x2001 && b == 0xdb8 || a == 0x3fff && b < 0x1000;
    a & 0xe000 == 0x2000 && !protocol && !documentation && a != 0x2002
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::{Emails, Ipv4, OCTET, for_each_public_ipv6, is_public};

    /// FineWeb's patterns, asked everywhere.
    fn emails(text: &str) -> Vec<std::ops::Range<usize>> {
        const ATOM: &str = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
        const LABEL: &str = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        let host = format!(r"(?:(?:{LABEL}\.)+{LABEL}|\[(?:{OCTET}\.){{3}}{OCTET}\])");
        let pattern = Regex::new(&format!(r"(?-u:\b){ATOM}(?:\.{ATOM})*@{host}")).unwrap();
        pattern.find_iter(text).map(|hit| hit.range()).collect()
    }

    fn addresses(text: &str) -> Vec<std::ops::Range<usize>> {
        let pattern = Regex::new(&format!(r"(?:{OCTET}\.){{3}}{OCTET}")).unwrap();
        pattern.find_iter(text).filter(|hit| is_public(hit.as_str())).map(|hit| hit.range()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn around_the_mark_is_as_good_as_everywhere(
            text in "[a-c1.@ _+é-]{0,40}|([a-z.!-]{0,4}@?[a-b.-]{0,4}){0,6}|\\PC{0,40}|a@\\[[0-9.]{5,12}\\]b@c.d",
            numbers in "([0-9]{0,4}\\.?){0,12}|[0-9a. ]{0,40}",
        ) {
            let mut found = vec![];
            Emails::new().for_each(&text, |range| found.push(range));
            prop_assert_eq!(found, emails(&text));
            for text in [text, numbers] {
                let mut found = vec![];
                Ipv4::new().for_each_public(&text, |range| found.push(range));
                prop_assert_eq!(found, addresses(&text));
                for_each_public_ipv6(&text, |range| assert!(text[range].contains(':')));
            }
        }
    }

    #[test]
    fn ipv6_addresses() {
        let found = |text: &str| {
            let mut found = vec![];
            for_each_public_ipv6(text, |range| found.push(text[range].to_owned()));
            found.join(" ")
        };
        for (text, expect) in [
            ("2a00:1450:4001:82a::200e", "2a00:1450:4001:82a::200e"),
            ("at 2606:4700::1111.", "2606:4700::1111"),
            ("[2606:4700::1111]:443", "2606:4700::1111"),
            ("http://[2606:4700::1111]/", "2606:4700::1111"),
            ("2400:0000:0000:0000:0000:0000:0000:0001, and", "2400:0000:0000:0000:0000:0000:0000:0001"),
            ("2A02:8071::: so", ""),
            ("from 2A02:8071::5: so", "2A02:8071::5"),
            ("2400:cb00::192.0.2.33", "2400:cb00::192.0.2.33"),
            ("2a00:1450:4001:82a::200e/64", "2a00:1450:4001:82a::200e"),
            ("2a00::/32", ""),
            ("2001:db8::1 fe80::1 ::1 fd00::1 2002:c000:204::1 3fff::1 ff02::1 ::ffff:192.0.2.1", ""),
            ("12:30:45 and std::dec, 1:2, a::b", ""),
            ("2a00:1450:4001:82a::200ez", ""),
            ("x2a00:1450:4001:82a::200e", ""),
            ("00:1b:44:11:3a:b7", ""),
            (":", ""),
            ("::", ""),
        ] {
            assert_eq!(found(text), expect, "{text}");
        }
    }
}
