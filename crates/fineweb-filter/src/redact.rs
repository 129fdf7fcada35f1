//! Replacing private data.
//!
//! By default FineWeb's patterns and replacements, with one deviation: which replacement is taken follows from the
//! document's id and not from how many were replaced before, so that the text of a document does not depend on its
//! neighbours. On request also IPv6 addresses, telephone numbers, bank accounts and payment cards, each by what its
//! standard says of it and by how people write it; what is no such thing by its check digits, range or length stays.

mod address;
mod bank;
mod card;
mod number;
mod phone;

use std::ops::Range;

use crate::PiiSettings;
use crate::hash::xxh64;
use address::{Emails, Ipv4};

/// Replaces private data in a text.
pub trait Redactor: Send + Sync {
    /// Appends `text` to `out` with private data replaced; `id` names the document.
    fn redact(&self, id: &str, text: &str, out: &mut String);
}

const EMAILS: [&str; 2] = ["email@example.com", "firstname.lastname@example.org"];
/// Addresses that answered nobody when FineWeb chose them.
const ADDRESSES: [&str; 6] =
    ["22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"];
/// Of the range for documentation (RFC 3849).
const IPV6: &str = "2001:db8::1";
/// Of the range that the North American plan keeps for fiction, 555-0100 to 555-0199.
const PHONE: &str = "+1 202-555-0100";
/// The example of ISO 13616.
const IBAN: &str = "GB82WEST12345698765432";
/// The number that shops test with.
const CARD: &str = "4111111111111111";

/// Replaces e-mail addresses and public IPv4 addresses, and what else is asked for.
#[derive(Debug)]
pub struct Pii {
    settings: PiiSettings,
    emails: Emails,
    ipv4: Ipv4,
}

/// A place in a text, and what is put there.
type Hit = (Range<usize>, &'static str);

impl Pii {
    /// Compiles the patterns.
    pub fn new(settings: &PiiSettings) -> Self {
        Self { settings: settings.clone(), emails: Emails::new(), ipv4: Ipv4::new() }
    }

    fn find(&self, id: &str, text: &str) -> Vec<Hit> {
        let PiiSettings { email, ipv4, ipv6, phone, iban, card } = self.settings;
        let choice = xxh64(id.as_bytes(), 0) as usize;
        let mut found = vec![];
        if email {
            let fill = EMAILS[choice % EMAILS.len()];
            self.emails.for_each(text, |range| found.push((range, fill)));
        }
        if ipv4 {
            let fill = ADDRESSES[choice % ADDRESSES.len()];
            self.ipv4.for_each_public(text, |range| found.push((range, fill)));
        }
        if ipv6 {
            address::for_each_public_ipv6(text, |range| found.push((range, IPV6)));
        }
        if phone || iban || card {
            number::for_each_start(text, |start| {
                let account = iban.then(|| bank::iban(text, start)).flatten().map(|range| (range, IBAN));
                let payment = || card.then(|| card::card(text, start)).flatten().map(|range| (range, CARD));
                let call = || phone.then(|| phone::phone(text, start)).flatten().map(|range| (range, PHONE));
                found.extend(account.or_else(payment).or_else(call));
            });
        }
        // what begins first wins, then what is longer: an address inside an e-mail address is part of it
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        found
    }
}

impl Redactor for Pii {
    fn redact(&self, id: &str, text: &str, out: &mut String) {
        let mut copied = 0;
        for (range, fill) in self.find(id, text) {
            if range.start < copied {
                continue;
            }
            out.push_str(&text[copied..range.start]);
            out.push_str(fill);
            copied = range.end;
        }
        out.push_str(&text[copied..]);
    }
}
