//! From a record to the text of a page, or to the reason why it is none.

use crate::charset::{self, Decoded, Hints};
use crate::headers::Headers;
use crate::http::{Payload, Response, charset_parameter, media_type};
use crate::limits::Limits;
use crate::record::{Kind, Record};

/// A captured page as text, ready for extraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `WARC-Record-ID`, angle brackets included; `<warc:OFFSET>` where the record has none.
    pub id: String,
    /// Address it was fetched from.
    pub url: String,
    /// `WARC-Date`, empty where the record has none.
    pub date: String,
    /// HTTP status; 0 for a conversion, which has none.
    pub http_status: i32,
    /// HTTP headers of the response; none for a conversion.
    pub headers: Headers,
    /// Media type that decided, without parameters.
    pub content_type: Option<String>,
    /// Encoding that the text was in.
    pub charset: &'static str,
    /// Markup, or plain text in a conversion.
    pub html: String,
    /// What `html` is.
    pub format: Format,
    /// Where the record starts in the archive.
    pub offset: u64,
    /// The crawler or a coded stream stopped before the end of the page.
    pub truncated: bool,
}

/// What the text of a [`Page`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTML or XHTML.
    Html,
    /// Text that somebody else extracted (Common Crawl's WET).
    Text,
}

/// Why a record is not a page.
///
/// The reasons: `not_a_response`, `revisit`, `no_url`, `not_http`, `http_status`, `not_html`, `empty_body`,
/// `too_large`, `too_many_codings`, `bad_content_coding`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Rejection {
    /// A stable name, for the `reason` column of `dropped/1`.
    pub reason: &'static str,
    /// The particulars, for a human.
    pub detail: String,
}

fn reject<T>(reason: &'static str, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection { reason, detail: detail.into() })
}

/// The page in a record: a 200 response that is HTML, or a conversion to plain text.
///
/// The cheap questions come first; a record that is refused by its headers is never inflated or decoded.
pub fn page(record: &Record, limits: &Limits) -> Result<Page, Rejection> {
    match &record.kind {
        Kind::Response => html_page(record, limits),
        Kind::Conversion => text_page(record, limits),
        Kind::Revisit => reject("revisit", "the content is that of an earlier capture"),
        other => reject("not_a_response", other.name()),
    }
}

fn html_page(record: &Record, limits: &Limits) -> Result<Page, Rejection> {
    let url = url(record)?;
    let Some(response) = Response::parse(&record.block) else {
        return reject("not_http", "no HTTP status line");
    };
    if response.status != 200 {
        return reject("http_status", response.status.to_string());
    }
    let declared = record.payload_type().and_then(media_type).or_else(|| response.media_type());
    if let Some(media_type) = declared.as_ref().filter(|media_type| !is_html(media_type)) {
        return reject("not_html", media_type.as_str());
    }
    if response.body.is_empty() {
        return reject("empty_body", "no bytes behind the head");
    }
    let Payload { bytes, cut, .. } = response.payload(limits)?;
    if declared.is_none() && !looks_like_html(&bytes) {
        return reject("not_html", "no media type, and the bytes do not start like HTML");
    }
    let http = response.headers.get("Content-Type").and_then(charset_parameter);
    let decoded = charset::decode(&bytes, &Hints { http, url: Some(url), markup: true });
    let http_status = i32::from(response.status);
    let (headers, format) = (response.headers, Format::Html);
    finish(record, Parts { url, http_status, headers, content_type: declared, decoded, format, cut })
}

fn text_page(record: &Record, limits: &Limits) -> Result<Page, Rejection> {
    let url = url(record)?;
    let declared = record.headers.get("Content-Type");
    let content_type = declared.and_then(media_type);
    if let Some(other) = content_type.as_ref().filter(|media_type| *media_type != "text/plain") {
        return reject("not_html", other.as_str());
    }
    if record.block.len() > limits.payload_bytes {
        return reject(
            "too_large",
            format!("{} bytes, the limit is {}", record.block.len(), limits.payload_bytes),
        );
    }
    // the standard of WET files is UTF-8, whether or not a charset is named
    let http = declared.and_then(charset_parameter).or(Some("utf-8"));
    let decoded = charset::decode(&record.block, &Hints { http, url: Some(url), markup: false });
    let (headers, format) = (Headers::default(), Format::Text);
    finish(record, Parts { url, http_status: 0, headers, content_type, decoded, format, cut: false })
}

fn url(record: &Record) -> Result<&str, Rejection> {
    record
        .target_uri()
        .filter(|url| !url.is_empty())
        .map_or_else(|| reject("no_url", "no WARC-Target-URI"), Ok)
}

/// What differs between the two ways to a page.
struct Parts<'a> {
    url: &'a str,
    http_status: i32,
    headers: Headers,
    content_type: Option<String>,
    decoded: Decoded<'a>,
    format: Format,
    cut: bool,
}

fn finish(record: &Record, parts: Parts<'_>) -> Result<Page, Rejection> {
    let Parts { url, http_status, headers, content_type, decoded, format, cut } = parts;
    if decoded.text.trim_ascii().is_empty() {
        return reject("empty_body", "nothing but white space");
    }
    Ok(Page {
        id: record.id().map_or_else(|| format!("<warc:{}>", record.offset), str::to_owned),
        url: url.to_owned(),
        date: record.date().unwrap_or_default().to_owned(),
        http_status,
        headers,
        content_type,
        charset: decoded.charset,
        html: decoded.text.into_owned(),
        format,
        offset: record.offset,
        truncated: cut || record.truncated().is_some(),
    })
}

fn is_html(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "application/xhtml+xml")
}

/// Whether bytes without a media type are HTML: the MIME Sniffing Standard's tags, 7.1.
fn looks_like_html(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 18] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<script",
        b"<iframe",
        b"<h1",
        b"<div",
        b"<font",
        b"<table",
        b"<a",
        b"<style",
        b"<title",
        b"<b",
        b"<body",
        b"<br",
        b"<p",
        b"<meta",
        b"<!--",
    ];
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    STARTS.iter().any(|start| {
        let named = bytes.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start));
        let ended =
            bytes.get(start.len()).is_none_or(|byte| matches!(byte, b' ' | b'>' | b'\t' | b'\r' | b'\n'));
        named && (ended || *start == b"<!--")
    })
}
