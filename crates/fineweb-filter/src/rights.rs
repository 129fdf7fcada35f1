//! What a page says about its use: that it opts out of training or of search, and under which licence it stands.
//!
//! Read from HTTP headers (`X-Robots-Tag`, `TDM-Reservation`, `Link: …; rel=license`), from `meta`, `link` and `a`
//! elements, and from JSON-LD, in the pass that finds the text. What is said to one named robot concerns that robot
//! alone and is skipped, unless the robot is Common Crawl's.

mod licence;

use std::fmt;

pub use licence::licence_of_url;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a page opts out; a later variant is the stronger signal and wins where a page gives several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptOut {
    /// Not to be found by search: `noindex` or `none` in a robots `meta`.
    NoindexMeta,
    /// The same in `X-Robots-Tag`.
    NoindexHeader,
    /// Its images are not to be trained on.
    NoimageaiMeta,
    /// The same in `X-Robots-Tag`.
    NoimageaiHeader,
    /// Text and data mining is reserved (<https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/>), by `meta`.
    TdmRepMeta,
    /// The same with a policy that says how to ask for permission.
    TdmRepPolicy,
    /// The same in a header.
    TdmRepHeader,
    /// Not to be trained on: `noai` in a robots `meta`.
    NoaiMeta,
    /// The same in `X-Robots-Tag`.
    NoaiHeader,
}

impl OptOut {
    /// A stable `snake_case` name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoindexMeta => "noindex_meta",
            Self::NoindexHeader => "noindex_header",
            Self::NoimageaiMeta => "noimageai_meta",
            Self::NoimageaiHeader => "noimageai_header",
            Self::TdmRepMeta => "tdm_rep_meta",
            Self::TdmRepPolicy => "tdm_rep_policy",
            Self::TdmRepHeader => "tdm_rep_header",
            Self::NoaiMeta => "noai_meta",
            Self::NoaiHeader => "noai_header",
        }
    }
}

impl fmt::Display for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one page says about its use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The strongest way in which it opts out.
    pub opt_out: Option<OptOut>,
    /// The first licence that it names: by its SPDX name where it is a known one, else by its address.
    pub licence: Option<String>,
    /// A bit for each way in which it opts out.
    opt_outs: u16,
    reserved_by_meta: bool,
    has_policy: bool,
}

/// Where a robots directive stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Meta,
}

impl Rights {
    /// Takes one HTTP header into account.
    pub fn header(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("x-robots-tag") {
            self.robots(value, Place::Header);
        } else if is("tdm-reservation") && value.trim() == "1" {
            self.opts_out(OptOut::TdmRepHeader);
        } else if is("link") {
            let links = value.split(',').filter_map(|link| link.split_once(';'));
            let licences = links.filter(|(_, parameters)| says_license(parameters));
            licences.for_each(|(url, _)| self.stands_under(url.trim().trim_matches(['<', '>'])));
        }
    }

    /// Takes one element into account; only `meta`, `link` and `a` tell anything. Attribute values may still
    /// hold character references: no directive and no licence's address has one.
    pub fn element<'a>(&mut self, name: &[u8], attributes: impl Iterator<Item = (&'a str, &'a str)>) {
        let (mut called, mut content, mut rel, mut href) = ("", "", "", "");
        for (attribute, value) in attributes {
            match attribute.len() {
                4 if attribute.eq_ignore_ascii_case("name") => called = value.trim(),
                7 if attribute.eq_ignore_ascii_case("content") => content = value.trim(),
                3 if attribute.eq_ignore_ascii_case("rel") => rel = value,
                4 if attribute.eq_ignore_ascii_case("href") => href = value.trim(),
                _ => {}
            }
        }
        if name.eq_ignore_ascii_case(b"meta") {
            self.meta(called, content);
        } else if rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("license")) {
            self.stands_under(href);
        }
    }

    fn meta(&mut self, name: &str, content: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("robots") || is("ccbot") {
            self.robots(content, Place::Meta);
        } else if is("tdm-reservation") {
            self.reserved_by_meta |= content == "1";
        } else if is("tdm-policy") {
            self.has_policy = true;
        } else if ["dcterms.license", "dcterms.rights", "dc.rights", "license"].into_iter().any(is) {
            let words = content.split([' ', ',', ';', '"']);
            words.filter(|word| word.contains("://")).for_each(|url| self.stands_under(url));
        }
        if self.reserved_by_meta {
            self.opts_out(if self.has_policy { OptOut::TdmRepPolicy } else { OptOut::TdmRepMeta });
        }
    }

    /// Takes a script of linked data (<https://schema.org/license>) into account, which need not be valid JSON.
    pub fn json_ld(&mut self, script: &str) {
        const KEY: &str = "\"license\"";
        let mut rest = script;
        while let Some(at) = rest.find(KEY) {
            rest = &rest[at + KEY.len()..];
            let value = rest.trim_start().strip_prefix(':').map(str::trim_start);
            if let Some((url, _)) = value.and_then(|value| value.strip_prefix('"')?.split_once('"')) {
                self.stands_under(&url.replace("\\/", "/"));
            }
        }
    }

    /// Directives for all robots, or for Common Crawl's.
    fn robots(&mut self, directives: &str, place: Place) {
        let mut for_us = true;
        for directive in directives.split(',') {
            let mut directive = directive.trim();
            if let Some((robot, rest)) = directive.split_once(':') {
                let robot = robot.trim();
                let is_value = robot.starts_with("max-") || robot.eq_ignore_ascii_case("unavailable_after");
                if is_value {
                    continue;
                }
                for_us = robot.eq_ignore_ascii_case("ccbot");
                directive = rest.trim();
            }
            let is = |known: &str| directive.eq_ignore_ascii_case(known);
            let found = match place {
                Place::Header if is("noai") => OptOut::NoaiHeader,
                Place::Header if is("noimageai") => OptOut::NoimageaiHeader,
                Place::Header if is("noindex") || is("none") => OptOut::NoindexHeader,
                Place::Meta if is("noai") => OptOut::NoaiMeta,
                Place::Meta if is("noimageai") => OptOut::NoimageaiMeta,
                Place::Meta if is("noindex") || is("none") => OptOut::NoindexMeta,
                _ => continue,
            };
            if for_us {
                self.opts_out(found);
            }
        }
    }

    fn opts_out(&mut self, found: OptOut) {
        self.opt_out = self.opt_out.max(Some(found));
        self.opt_outs |= 1 << found as u16;
    }

    /// Whether it opts out in this way, be it by others as well.
    pub fn opts_out_by(&self, way: OptOut) -> bool {
        self.opt_outs >> way as u16 & 1 == 1
    }

    fn stands_under(&mut self, url: &str) {
        if self.licence.is_none() {
            self.licence = licence_of_url(url);
        }
    }
}

/// Whether parameters of a `Link` header say that it leads to the licence (RFC 8288, RFC 4946).
fn says_license(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && relations.any(|rel| rel.eq_ignore_ascii_case("license"))
    })
}

#[cfg(test)]
mod tests {
    use super::{OptOut, Rights};

    fn headers(pairs: &[(&str, &str)]) -> Rights {
        let mut rights = Rights::default();
        for (name, value) in pairs {
            rights.header(name, value);
        }
        rights
    }

    #[test]
    fn headers_opt_out() {
        for (name, value, expect) in [
            ("X-Robots-Tag", "noai, noimageai", Some(OptOut::NoaiHeader)),
            ("x-robots-tag", "NOINDEX", Some(OptOut::NoindexHeader)),
            ("X-Robots-Tag", "none", Some(OptOut::NoindexHeader)),
            ("X-Robots-Tag", "max-snippet:80, noarchive", None),
            ("X-Robots-Tag", "max-snippet:80, noindex", Some(OptOut::NoindexHeader)),
            ("X-Robots-Tag", "googlebot: noindex, noai", None),
            ("X-Robots-Tag", "ccbot: noindex", Some(OptOut::NoindexHeader)),
            ("X-Robots-Tag", "unavailable_after: 25 Jun 2030 15:00:00 PST", None),
            ("TDM-Reservation", "1", Some(OptOut::TdmRepHeader)),
            ("TDM-Reservation", "0", None),
        ] {
            assert_eq!(headers(&[(name, value)]).opt_out, expect, "{name}: {value}");
        }
    }

    #[test]
    fn the_strongest_signal_wins_and_the_first_licence() {
        let both = headers(&[("TDM-Reservation", "1"), ("X-Robots-Tag", "noindex")]);
        assert_eq!(both.opt_out, Some(OptOut::TdmRepHeader));
        let two = headers(&[
            (
                "Link",
                "<https://a.example/style.css>; rel=preload, <http://creativecommons.org/licenses/by/4.0/>; rel=\"license\"",
            ),
            ("Link", "<https://creativecommons.org/publicdomain/zero/1.0/>; rel=license"),
        ]);
        assert_eq!(two.licence.as_deref(), Some("CC-BY-4.0"));
    }

    #[test]
    fn elements_tell() {
        let read = |name: &[u8], attributes: &[(&str, &str)]| {
            let mut rights = Rights::default();
            rights.element(name, attributes.iter().copied());
            rights
        };
        let meta = |name, content| read(b"META", &[("NAME", name), ("content", content)]).opt_out;
        assert_eq!(meta("Robots", "index, NoAI"), Some(OptOut::NoaiMeta));
        assert_eq!(meta("description", "noai"), None);
        assert_eq!(meta("tdm-reservation", "1"), Some(OptOut::TdmRepMeta));
        let licence = |name: &[u8], attributes: &[(&str, &str)]| read(name, attributes).licence;
        let url = "https://creativecommons.org/licenses/by-nc-sa/4.0/deed.de";
        assert_eq!(
            licence(b"a", &[("rel", "nofollow License"), ("href", url)]).as_deref(),
            Some("CC-BY-NC-SA-4.0")
        );
        assert_eq!(licence(b"a", &[("href", url)]), None, "a link to a licence is not a grant");
        assert_eq!(
            licence(b"meta", &[("name", "DC.rights"), ("content", "CC, https://b.example/l")]).as_deref(),
            Some("https://b.example/l")
        );
    }

    #[test]
    fn a_policy_may_stand_before_or_behind_the_reservation() {
        for order in [["tdm-policy", "tdm-reservation"], ["tdm-reservation", "tdm-policy"]] {
            let mut rights = Rights::default();
            for name in order {
                rights.element(b"meta", [("name", name), ("content", "1")].into_iter());
            }
            assert_eq!(rights.opt_out, Some(OptOut::TdmRepPolicy));
        }
    }

    #[test]
    fn linked_data_tells() {
        let mut rights = Rights::default();
        rights.json_ld(r#"{"license": {"@type": "x"}, "license" : "https:\/\/creativecommons.org\/licenses\/by-sa\/3.0\/"}"#);
        assert_eq!(rights.licence.as_deref(), Some("CC-BY-SA-3.0"));
        rights.json_ld("\"license\":\"");
    }
}
