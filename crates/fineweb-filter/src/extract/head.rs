//! What a page says of itself outside of its text: `meta` elements and linked data.

use super::linked_data::SEPARATOR;
use crate::rights::Rights;

/// What stands in `meta` elements and scripts of linked data.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// `og:title`, else `twitter:title`, character references decoded.
    pub(super) title: String,
    /// `og:type`, in lower case.
    pub(super) kind: String,
    /// Scripts of type `application/ld+json`, a [`SEPARATOR`] before each.
    pub(super) linked_data: String,
    /// What elements say about the page's use.
    said: Rights,
}

/// Bytes of linked data that are kept.
const MOST_LINKED_DATA: usize = 1 << 20;

impl Head {
    /// Takes a `meta` element into account: its `name` or `property`, and its `content`.
    pub(super) fn meta(&mut self, name: &str, content: &str) {
        let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
        if is("og:title") || is("twitter:title") && self.title.is_empty() {
            self.title.clear();
            super::decode_entities(content.trim(), &mut self.title);
        } else if is("og:type") {
            self.kind = content.trim().to_ascii_lowercase();
        }
    }

    /// Takes an element into account that may speak about the page's use.
    pub(super) fn about_use<'a>(
        &mut self,
        name: &[u8],
        attributes: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        self.said.element(name, attributes);
    }

    /// What elements and linked data say about the page's use.
    pub(super) fn rights(&self) -> Rights {
        let mut rights = self.said.clone();
        self.linked_data.split(SEPARATOR).for_each(|script| rights.json_ld(script));
        rights
    }

    /// Adds a part of a script of linked data.
    pub(super) fn linked_data(&mut self, part: &str) {
        if self.linked_data.len() + part.len() <= MOST_LINKED_DATA {
            self.linked_data.push_str(part);
        }
    }
}
