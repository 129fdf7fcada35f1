//! A record, and what stands in its head.

use std::fmt;

use crate::headers::Headers;

/// What a record holds (WARC 1.1, section 5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// About the archive itself.
    Warcinfo,
    /// What the crawler asked.
    Request,
    /// What the server answered, HTTP head included.
    Response,
    /// Bytes without a protocol around them.
    Resource,
    /// Facts about another record.
    Metadata,
    /// The same content as an earlier capture, usually without the body.
    Revisit,
    /// Derived from another record; Common Crawl's WET files hold the text of a page.
    Conversion,
    /// The next segment of a record that was split.
    Continuation,
    /// A kind of somebody else's.
    Other(String),
}

impl Kind {
    /// The value of `WARC-Type`.
    pub fn name(&self) -> &str {
        match self {
            Kind::Warcinfo => "warcinfo",
            Kind::Request => "request",
            Kind::Response => "response",
            Kind::Resource => "resource",
            Kind::Metadata => "metadata",
            Kind::Revisit => "revisit",
            Kind::Conversion => "conversion",
            Kind::Continuation => "continuation",
            Kind::Other(name) => name,
        }
    }

    /// The kind called `name`, in any case.
    pub fn named(name: &str) -> Kind {
        use Kind::{Continuation, Conversion, Metadata, Request, Resource, Response, Revisit, Warcinfo};
        let known = [Warcinfo, Request, Response, Resource, Metadata, Revisit, Conversion, Continuation];
        let found = known.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| Kind::Other(name.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One WARC record with its whole block.
///
/// `WARC-Type` and `Content-Length` are not among the headers: they are `kind` and the length of `block`,
/// which may differ from what the archive claimed (a [`Damage`](crate::Damage) event then stands before it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Byte offset in the archive file: of the gzip member, or of the record where nothing is compressed.
    pub offset: u64,
    /// Byte offset inside the inflated member; 0 but where one member holds many records.
    pub within: u64,
    /// `1.0` or `1.1`, as written.
    pub version: String,
    /// What the record holds.
    pub kind: Kind,
    /// All other named fields.
    pub headers: Headers,
    /// The content block, still in its transfer form: see [`page`](crate::page()) and [`http`](crate::http).
    pub block: Vec<u8>,
}

impl Record {
    /// A record to be written.
    pub fn new(kind: Kind, headers: Headers, block: Vec<u8>) -> Record {
        Record { offset: 0, within: 0, version: "1.1".to_owned(), kind, headers, block }
    }

    /// `WARC-Record-ID` as written, with its angle brackets: FineWeb's document id.
    pub fn id(&self) -> Option<&str> {
        self.headers.get("WARC-Record-ID")
    }

    /// `WARC-Target-URI` without the angle brackets that WARC 1.0 tools put around it.
    pub fn target_uri(&self) -> Option<&str> {
        let uri = self.headers.get("WARC-Target-URI").or_else(|| self.headers.get("uri"))?;
        Some(uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(uri))
    }

    /// `WARC-Date`, ISO 8601 in UTC.
    pub fn date(&self) -> Option<&str> {
        self.headers.get("WARC-Date")
    }

    /// `WARC-Identified-Payload-Type`: what the crawler found the payload to be, whatever the server said.
    pub fn payload_type(&self) -> Option<&str> {
        self.headers.get("WARC-Identified-Payload-Type")
    }

    /// Why the crawler stopped early (`length`, `time`, `disconnect`), where it did.
    pub fn truncated(&self) -> Option<&str> {
        self.headers.get("WARC-Truncated")
    }
}

/// What stands before a block.
pub(crate) struct Head {
    pub(crate) version: String,
    pub(crate) kind: Kind,
    pub(crate) headers: Headers,
    /// `Content-Length`, unless missing or not a number.
    pub(crate) declared: Option<u64>,
}

impl Head {
    /// Reads a head that starts with `WARC/`.
    pub(crate) fn parse(bytes: &[u8]) -> Head {
        let line = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let start = String::from_utf8_lossy(bytes[..line].trim_ascii());
        let mut headers = Headers::parse(bytes.get(line + 1..).unwrap_or_default());
        let kind = headers.remove("WARC-Type").unwrap_or_default();
        let length = headers.remove("Content-Length");
        Head {
            version: start.strip_prefix("WARC/").unwrap_or(&start).to_owned(),
            kind: Kind::named(&kind),
            declared: length.and_then(|length| length.parse().ok()),
            headers,
        }
    }
}
