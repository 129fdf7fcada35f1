//! What a page says of itself outside of its text: `meta` elements and linked data.

/// What stands in `meta` elements and scripts of linked data.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// `og:title`, else `twitter:title`, character references decoded.
    pub(super) title: String,
    /// `og:type`, in lower case.
    pub(super) kind: String,
    /// Scripts of type `application/ld+json`, a [`SEPARATOR`](super::linked_data::SEPARATOR) before each.
    pub(super) linked_data: String,
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

    /// Adds a part of a script of linked data.
    pub(super) fn linked_data(&mut self, part: &str) {
        if self.linked_data.len() + part.len() <= MOST_LINKED_DATA {
            self.linked_data.push_str(part);
        }
    }
}
