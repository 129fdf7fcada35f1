//! The HTTP response inside a `response` record, and its payload as the server meant it.

use std::borrow::Cow;

use memchr::memchr;

use crate::coding::{self, Coding, Undone};
use crate::headers::{Headers, head_length};
use crate::limits::Limits;
use crate::page::Rejection;

/// A response as it was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Status code, 0 to 999.
    pub status: u16,
    /// Header fields. They often describe the bytes on the wire, not those in the archive.
    pub headers: Headers,
    /// Everything behind the head; its length is the record's business, not `Content-Length`'s.
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// Splits the block of a `response` record; `None` where it does not start with an HTTP status line.
    pub fn parse(block: &'a [u8]) -> Option<Response<'a>> {
        let line_end = memchr(b'\n', block).unwrap_or(block.len());
        let line = block[..line_end].trim_ascii();
        if !line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/")) {
            return None;
        }
        let digits = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).nth(1)?;
        let status = std::str::from_utf8(digits).ok()?.parse().ok().filter(|status| *status < 1000)?;
        let head_end = head_length(block).unwrap_or(block.len());
        let fields = block[..head_end].get(line_end + 1..).unwrap_or_default();
        Some(Response { status, headers: Headers::parse(fields), body: &block[head_end..] })
    }

    /// `Content-Type` in lower case and without parameters.
    pub fn media_type(&self) -> Option<String> {
        self.headers.get("Content-Type").and_then(media_type)
    }

    /// The body with chunks joined and content codings undone.
    ///
    /// The bytes decide, not the headers: Common Crawl stores bodies already decoded and some years of it kept
    /// the original headers. A coding is undone where its magic number is present and the rest decodes; `br` and
    /// bare `deflate`, which have no magic number, only where a header names them and every byte fits.
    pub fn payload(&self, limits: &Limits) -> Result<Payload<'a>, Rejection> {
        let claims = Claims::of(&self.headers);
        let mut payload = Payload { bytes: Cow::Borrowed(self.body), codings: Vec::new(), cut: false };
        if let Some(chunks) = coding::dechunk(self.body, claims.chunked) {
            payload.apply(Coding::Chunked, chunks);
        }
        for _ in 0..limits.codings {
            let claimed = claims.content.iter().rev().nth(payload.contents()).copied();
            match coding::undo(&payload.bytes, claimed, limits.payload_bytes)? {
                Some((coding, undone)) => payload.apply(coding, undone),
                None => break,
            }
        }
        if coding::has_magic(&payload.bytes) && payload.contents() == limits.codings {
            let detail = format!("more than {} content codings", limits.codings);
            return Err(Rejection { reason: "too_many_codings", detail });
        }
        if payload.bytes.len() > limits.payload_bytes {
            let detail = format!("{} bytes, the limit is {}", payload.bytes.len(), limits.payload_bytes);
            return Err(Rejection { reason: "too_large", detail });
        }
        Ok(payload)
    }
}

/// A body without its codings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The decoded bytes.
    pub bytes: Cow<'a, [u8]>,
    /// What was undone, outermost first.
    pub codings: Vec<Coding>,
    /// The coded stream stops before its end; what came until there is in `bytes`.
    pub cut: bool,
}

impl Payload<'_> {
    fn apply(&mut self, coding: Coding, undone: Undone) {
        self.bytes = Cow::Owned(undone.bytes);
        self.codings.push(coding);
        self.cut |= undone.cut;
    }

    fn contents(&self) -> usize {
        self.codings.iter().filter(|coding| **coding != Coding::Chunked).count()
    }
}

/// What the headers say about codings.
struct Claims {
    chunked: bool,
    /// Content codings that we know, in the order they were applied.
    content: Vec<Coding>,
}

impl Claims {
    fn of(headers: &Headers) -> Claims {
        let words = |name: &str| -> Vec<String> {
            let words = headers.all(name).flat_map(|value| value.split(','));
            words.map(|word| word.trim().to_ascii_lowercase()).collect()
        };
        let named = |word: String| match word.as_str() {
            "br" => Some(Coding::Brotli),
            "deflate" => Some(Coding::Deflate),
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        };
        Claims {
            chunked: words("Transfer-Encoding").iter().any(|word| word == "chunked"),
            content: words("Content-Encoding").into_iter().filter_map(named).collect(),
        }
    }
}

/// A media type in lower case without its parameters; `None` where nothing is left.
pub(crate) fn media_type(value: &str) -> Option<String> {
    let value = value.split([';', ',']).next().unwrap_or_default().trim();
    Some(value.to_ascii_lowercase()).filter(|value| !value.is_empty())
}

/// The `charset` in a `Content-Type`, with or without the semicolon before it (HTML standard, "extracting a
/// character encoding from a meta element").
pub(crate) fn charset_parameter(value: &str) -> Option<&str> {
    // lowered once and not again behind each find: a stranger may write the word a million times
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    loop {
        from += lower[from..].find("charset")? + "charset".len();
        let Some(rest) = value[from..].trim_start().strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        return match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].split_once(quote).map(|(value, _)| value.trim()),
            _ => rest.split([';', ' ', '\t', ',']).next(),
        };
    }
}
