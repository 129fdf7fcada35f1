//! Addresses taken apart, and the keys under which parts of them are listed.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use idna::AsciiDenyList;
use psl::{List, Psl, Type};

use crate::hash::xxh64;

/// What stands behind `://`, or all of it.
pub(super) fn after_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// The host: what stands between scheme and path without user, port and final dot.
pub(super) fn host(url: &str) -> &str {
    let rest = after_scheme(url);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = host.rfind(':').filter(|&colon| host[colon + 1..].bytes().all(|b| b.is_ascii_digit()));
    host[..port.unwrap_or(host.len())].trim_end_matches('.')
}

/// A host as the network knows it: in lower case, letters beyond ASCII as punycode (UTS 46). What is no name stays as it is.
pub(super) fn on_the_wire(host: &str) -> Cow<'_, str> {
    if !host.is_ascii()
        && let Ok(ascii) = idna::domain_to_ascii_cow(host.as_bytes(), AsciiDenyList::EMPTY)
    {
        return ascii;
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    Cow::Borrowed(host)
}

/// The registered domain of a host in lower case: one label more than its public suffix.
///
/// Suffixes that companies added for their customers (`github.io`) do not count: as for datatrove, `a.github.io` was
/// registered as `github.io`. A suffix that is on no list is its last label. An IPv4 address has no domain.
pub(super) fn registered_domain(host: &str) -> Option<&str> {
    if host.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    let mut rest = host;
    loop {
        let suffix = List.suffix(rest.as_bytes())?;
        let length = suffix.as_bytes().len();
        if suffix.typ() != Some(Type::Private) {
            let before = host[..host.len() - length].strip_suffix('.')?;
            let label = before.rfind('.').map_or(0, |dot| dot + 1);
            return (label < before.len()).then(|| &host[label..]);
        }
        rest = rest[rest.len() - length..].split_once('.')?.1;
    }
}

/// The host and the hosts above it, down to its last label.
pub(super) fn with_parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent))
}

/// A key under which an address is listed: host as the network knows it, no scheme, fragment or final slash.
pub(super) fn url_key(url: &str) -> u64 {
    let rest = after_scheme(url.trim());
    let rest = rest.split('#').next().unwrap_or(rest).trim_end_matches('/');
    let split = rest.find('/').unwrap_or(rest.len());
    let mut key = on_the_wire(&rest[..split]).into_owned();
    key.push_str(&rest[split..]);
    xxh64(key.as_bytes(), 0)
}

/// A key under which a host or domain in lower case is listed.
pub(super) fn domain_key(domain: &str) -> u64 {
    xxh64(domain.as_bytes(), 0)
}

/// A key under which a document is taken down, with or without the brackets of WARC.
pub(super) fn id_key(id: &str) -> u64 {
    xxh64(id.trim().trim_start_matches('<').trim_end_matches('>').as_bytes(), 1)
}

/// A key under which a host is taken down, apart from those of addresses.
pub(super) fn taken_host_key(host: &str) -> u64 {
    xxh64(host.as_bytes(), 2)
}

pub(super) fn letters_and_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::{host, registered_domain, with_parents};

    #[test]
    fn hosts() {
        for (url, expect) in [
            ("https://a.b.co.uk/x", "a.b.co.uk"),
            ("http://user:pw@a.b:8080?x", "a.b"),
            ("//a.b./", ""),
            ("a.b/c", "a.b"),
            ("https://[::1]:80/", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(host(url), expect, "{url}");
        }
        assert_eq!(with_parents("a.b.c").collect::<Vec<_>>(), ["a.b.c", "b.c", "c"]);
    }

    #[test]
    fn domains() {
        for (host, expect) in [
            ("www.a.co.uk", Some("a.co.uk")),
            ("a.co.uk", Some("a.co.uk")),
            ("co.uk", None),
            ("x.y.blogspot.com", Some("blogspot.com")),
            ("user.github.io", Some("github.io")),
            ("deep.s3.dualstack.us-east-1.amazonaws.com", Some("amazonaws.com")),
            ("a.b.unknown", Some("b.unknown")),
            ("unknown", None),
            ("192.0.2.1", None),
            ("[::1]", None),
            (".com", None),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(registered_domain(host), expect, "{host}");
        }
    }
}
