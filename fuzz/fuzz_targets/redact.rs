//! Any text is redacted; and nothing changes where nothing is asked for.

#![no_main]

use fineweb_filter::redact::Pii;
use fineweb_filter::{PiiSettings, Redactor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let all = PiiSettings { email: true, ipv4: true, ipv6: true, phone: true, iban: true, card: true };
    let mut out = String::new();
    Pii::new(&all).redact("id", text, &mut out);
    assert!(out.len() <= 40 * (text.len() + 1));
    let none = PiiSettings { email: false, ipv4: false, ipv6: false, phone: false, iban: false, card: false };
    out.clear();
    Pii::new(&none).redact("id", text, &mut out);
    assert_eq!(out, text);
});
