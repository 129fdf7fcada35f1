//! Replacing private data.
//!
//! FineWeb's patterns and replacements, with one deviation: which replacement is taken follows from the
//! document's id and not from how many were replaced before, so that the text of a document does not depend
//! on its neighbours.

use std::net::Ipv4Addr;
use std::ops::Range;

use regex::Regex;

use crate::PiiSettings;
use crate::hash::xxh64;

/// Replaces private data in a text.
pub trait Redactor: Send + Sync {
    /// Appends `text` to `out` with private data replaced; `id` names the document.
    fn redact(&self, id: &str, text: &str, out: &mut String);
}

const EMAILS: [&str; 2] = ["email@example.com", "firstname.lastname@example.org"];
/// Addresses that answered nobody when FineWeb chose them.
const ADDRESSES: [&str; 6] =
    ["22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"];

/// Replaces e-mail addresses and public IPv4 addresses.
#[derive(Debug)]
pub struct Pii {
    email: Option<Regex>,
    ipv4: Option<Regex>,
}

impl Pii {
    /// Compiles the patterns that are asked for.
    pub fn new(settings: &PiiSettings) -> Self {
        const ATOM: &str = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
        const LABEL: &str = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        const OCTET: &str = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)";
        let compile = |pattern: String| Regex::new(&pattern).expect("the pattern is a constant");
        let host = format!(r"(?:(?:{LABEL}\.)+{LABEL}|\[(?:{OCTET}\.){{3}}{OCTET}\])");
        Self {
            email: settings.email.then(|| compile(format!(r"(?-u:\b){ATOM}(?:\.{ATOM})*@{host}"))),
            ipv4: settings.ipv4.then(|| compile(format!(r"(?:{OCTET}\.){{3}}{OCTET}"))),
        }
    }
}

impl Redactor for Pii {
    fn redact(&self, id: &str, text: &str, out: &mut String) {
        let choice = xxh64(id.as_bytes(), 0) as usize;
        let mut found: Vec<(Range<usize>, &str)> = Vec::new();
        if let Some(email) = self.email.as_ref().filter(|_| text.contains('@')) {
            let fill = EMAILS[choice % EMAILS.len()];
            found.extend(email.find_iter(text).map(|hit| (hit.range(), fill)));
        }
        if let Some(ipv4) = &self.ipv4 {
            let fill = ADDRESSES[choice % ADDRESSES.len()];
            let public = ipv4.find_iter(text).filter(|hit| is_public(hit.as_str()));
            found.extend(public.map(|hit| (hit.range(), fill)));
        }
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut copied = 0;
        for (range, fill) in found {
            if range.start < copied {
                continue; // an address inside an e-mail address
            }
            out.push_str(&text[copied..range.start]);
            out.push_str(fill);
            copied = range.end;
        }
        out.push_str(&text[copied..]);
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
