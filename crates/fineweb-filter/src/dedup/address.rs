//! Addresses that lead to one page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which addresses count as one. Letter case of scheme and host never matters (RFC 3986, 6.2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a settings file")]
pub struct AddressSettings {
    /// Whether of documents of one address only the best stays, before texts are compared. FineWeb does not ask.
    #[schemars(extend("unit" = "", "source" = "FineWeb: off"))]
    pub enabled: bool,
    /// `http:` and `https:` are one.
    #[schemars(extend("unit" = ""))]
    pub ignore_scheme: bool,
    /// `#` and what follows makes no difference.
    #[schemars(extend("unit" = ""))]
    pub ignore_fragment: bool,
    /// `/` at the end makes no difference.
    #[schemars(extend("unit" = ""))]
    pub ignore_trailing_slash: bool,
}

impl Default for AddressSettings {
    fn default() -> Self {
        Self { enabled: false, ignore_scheme: true, ignore_fragment: true, ignore_trailing_slash: true }
    }
}

/// A key that addresses share which count as one: 128 bits of BLAKE3. An empty address has none.
pub fn address_key(address: &str, settings: &AddressSettings) -> Option<u128> {
    let mut rest = address.trim();
    if settings.ignore_fragment {
        rest = rest.split('#').next().unwrap_or(rest);
    }
    let (scheme, mut rest) = rest.split_once("://").map_or(("", rest), |(scheme, rest)| (scheme, rest));
    if settings.ignore_trailing_slash {
        rest = rest.strip_suffix('/').unwrap_or(rest);
    }
    if rest.is_empty() {
        return None;
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let mut hasher = blake3::Hasher::new();
    if !settings.ignore_scheme {
        hasher.update(scheme.to_ascii_lowercase().as_bytes()).update(b"://");
    }
    hasher.update(host.to_ascii_lowercase().as_bytes()).update(path.as_bytes());
    Some(super::half(&hasher))
}

#[cfg(test)]
mod tests {
    use super::{AddressSettings, address_key};

    #[test]
    fn what_is_ignored_makes_no_difference() {
        let all = AddressSettings::default();
        let none = AddressSettings {
            ignore_scheme: false,
            ignore_fragment: false,
            ignore_trailing_slash: false,
            ..all
        };
        for (a, b, same, strictly) in [
            ("http://a.example/x", "https://a.example/x", true, false),
            ("http://a.example/x", "http://a.example/x#top", true, false),
            ("http://a.example/x", "http://a.example/x/", true, false),
            ("http://a.example", "https://A.Example/#", true, false),
            ("HTTP://A.example/x", "http://a.example/x", true, true),
            ("http://a.example/x", "http://a.example/X", false, false),
            ("http://a.example/x?a=1", "http://a.example/x?a=2", false, false),
            ("http://a.example/x", "http://b.example/x", false, false),
        ] {
            assert_eq!(address_key(a, &all) == address_key(b, &all), same, "{a} {b}");
            assert_eq!(address_key(a, &none) == address_key(b, &none), strictly, "{a} {b}");
        }
        assert_eq!(address_key("", &all), None);
    }
}
