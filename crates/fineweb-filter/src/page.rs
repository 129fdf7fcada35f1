//! A page as it comes in: decoded HTML and where it was found.

/// One HTML page. Any text is legal: nothing in this crate fails or panics on what a page holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// Identity of the record, as FineWeb's `<urn:uuid:…>`. Replacements of private data depend on it.
    pub id: &'a str,
    /// Address the page was fetched from.
    pub url: &'a str,
    /// The page, already decoded to UTF-8.
    pub html: &'a str,
    /// HTTP headers it came with, where they are known; only those about [`rights`](crate::rights) are read.
    pub headers: &'a [(String, String)],
}
