//! Dropping pages by their address, before anything else is looked at.
//!
//! Deviations from datatrove, each of which lets fewer bad pages pass: (1) whole addresses are compared without
//! scheme, fragment and final slash; (2) words are compared without regard to case.

mod lists;

pub use lists::Lists;

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashSet;

use crate::hash::xxh64;
use crate::{Reason, UrlSettings, reasons};

/// Block lists made ready to be asked; shared by all threads.
#[derive(Debug)]
pub struct UrlFilter {
    lists: Lists,
    subwords: Option<AhoCorasick>,
    soft_words: usize,
}

impl UrlFilter {
    /// Prepares the lists.
    pub fn new(settings: &UrlSettings, mut lists: Lists) -> Self {
        lists.sort();
        // Building fails only beyond 2³² states; then no sub-word is asked for.
        let subwords = Some(&lists.subwords).filter(|words| !words.is_empty());
        let subwords = subwords.and_then(|words| AhoCorasick::new(words).ok());
        let soft_words = settings.soft_words;
        if !settings.enabled {
            return Self { lists: Lists::default(), subwords: None, soft_words };
        }
        Self { lists, subwords, soft_words }
    }

    /// Why the address is blocked, if it is. The order is FineWeb's: domain, host, address, words, sub-words.
    pub fn reason(&self, url: &str) -> Option<Reason> {
        if self.lists.is_empty() {
            return None;
        }
        let host = host(url).to_ascii_lowercase();
        if psl::domain_str(&host).is_some_and(|domain| self.lists.has_domain(domain)) {
            return Some(reasons::URL_DOMAIN);
        }
        if self.lists.has_domain(&host) {
            return Some(reasons::URL_SUBDOMAIN);
        }
        if self.lists.urls.binary_search(&url_key(url)).is_ok() {
            return Some(reasons::URL_EXACT);
        }
        let lower = url.to_ascii_lowercase();
        let words = || lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        if words().any(|word| self.lists.hard_words.contains(word)) {
            return Some(reasons::URL_HARD_WORD);
        }
        let soft: FxHashSet<&str> = words().filter(|word| self.lists.soft_words.contains(*word)).collect();
        if self.soft_words > 0 && soft.len() >= self.soft_words {
            return Some(reasons::URL_SOFT_WORDS);
        }
        let subwords = self.subwords.as_ref()?;
        subwords.is_match(&letters_and_digits(&lower)).then_some(reasons::URL_SUBWORD)
    }
}

fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// The host: what stands between scheme and path without user, port and final dot.
fn host(url: &str) -> &str {
    let rest = after_scheme(url);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = host.rfind(':').filter(|&colon| host[colon + 1..].bytes().all(|b| b.is_ascii_digit()));
    host[..port.unwrap_or(host.len())].trim_end_matches('.')
}

/// A key under which an address is listed: host in lower case, no scheme, fragment or final slash.
fn url_key(url: &str) -> u64 {
    let rest = after_scheme(url.trim());
    let rest = rest.split('#').next().unwrap_or(rest).trim_end_matches('/');
    let split = rest.find('/').unwrap_or(rest.len());
    let mut key = rest[..split].to_ascii_lowercase();
    key.push_str(&rest[split..]);
    xxh64(key.as_bytes(), 0)
}

fn domain_key(domain: &str) -> u64 {
    xxh64(domain.as_bytes(), 0)
}

fn letters_and_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts() {
        for (url, expect) in [
            ("https://a.b.co.uk/x", "a.b.co.uk"),
            ("http://user:pw@a.b:8080?x", "a.b"),
            ("//a.b./", "//a.b./".split('/').next().unwrap_or("")),
            ("a.b/c", "a.b"),
            ("https://[::1]:80/", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(host(url), expect, "{url}");
        }
    }
}
