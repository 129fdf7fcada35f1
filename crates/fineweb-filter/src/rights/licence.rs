//! From a licence's address to its name.

/// Addresses, without scheme and `www.`, of licences that pages name, and what SPDX (<https://spdx.org/licenses/>)
/// calls them. Creative Commons' are not listed: their addresses spell their names.
const KNOWN: [(&str, &str); 9] = [
    ("opensource.org/licenses/mit", "MIT"),
    ("opensource.org/license/mit", "MIT"),
    ("opensource.org/licenses/bsd-3-clause", "BSD-3-Clause"),
    ("opensource.org/licenses/bsd-2-clause", "BSD-2-Clause"),
    ("apache.org/licenses/license-2.0", "Apache-2.0"),
    ("gnu.org/licenses/fdl-1.3", "GFDL-1.3"),
    ("gnu.org/copyleft/fdl", "GFDL-1.3"),
    ("gnu.org/licenses/gpl-3.0", "GPL-3.0"),
    ("gnu.org/licenses/old-licenses/gpl-2.0", "GPL-2.0"),
];

/// Longest address that is kept as it stands.
const MAX_BYTES: usize = 200;

/// The SPDX name of the licence at `url`; the address itself where it is not a known one; none where `url` is
/// not an absolute address (a page that links to its own terms says nothing that could be compared).
pub fn licence_of_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let lower = rest.to_ascii_lowercase();
    let place = lower.strip_prefix("www.").unwrap_or(&lower);
    if let Some(path) = place.strip_prefix("creativecommons.org/") {
        return creative_commons(path);
    }
    let known = KNOWN.iter().find(|(address, _)| place.starts_with(address));
    Some(
        known.map_or_else(
            || url[..url.floor_char_boundary(MAX_BYTES)].to_owned(),
            |(_, name)| (*name).to_owned(),
        ),
    )
}

/// `licenses/by-sa/4.0/deed.fr` is CC-BY-SA-4.0.
fn creative_commons(path: &str) -> Option<String> {
    let mut parts = path.split(['/', '?', '#']);
    let (family, kind, version) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let name = match (family, kind) {
        ("publicdomain", "zero") => "CC0".to_owned(),
        ("publicdomain", "mark") => "CC-PDM".to_owned(),
        ("licenses", "by" | "by-sa" | "by-nc" | "by-nd" | "by-nc-sa" | "by-nc-nd") => {
            format!("CC-{}", kind.to_ascii_uppercase())
        }
        _ => return None,
    };
    let number = version.len() == 3 && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Some(if number { format!("{name}-{version}") } else { name })
}

#[cfg(test)]
mod tests {
    use super::licence_of_url;

    #[test]
    fn addresses_have_names() {
        for (url, expect) in [
            ("https://creativecommons.org/licenses/by/4.0/", Some("CC-BY-4.0")),
            ("http://www.creativecommons.org/licenses/by-nc-nd/2.5/deed.it", Some("CC-BY-NC-ND-2.5")),
            ("HTTPS://CreativeCommons.org/publicdomain/zero/1.0/legalcode", Some("CC0-1.0")),
            ("https://creativecommons.org/licenses/by-sa", Some("CC-BY-SA")),
            ("https://creativecommons.org/choose/", None),
            ("https://opensource.org/licenses/MIT", Some("MIT")),
            ("https://a.example/terms", Some("https://a.example/terms")),
            ("/terms", None),
            ("javascript://x", None),
            ("", None),
        ] {
            assert_eq!(licence_of_url(url).as_deref(), expect, "{url}");
        }
    }
}
