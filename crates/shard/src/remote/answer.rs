//! One request, and what its answer means.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpResponseBody};

use super::patience::Trouble;
use crate::{Error, Result};

pub(super) type Body = HttpResponseBody;

/// What the head of a response says.
pub(super) struct Answer {
    status: StatusCode,
    /// The ETag as sent, quotes included.
    pub(super) etag: Option<String>,
    /// The length of the whole file.
    pub(super) length: Option<u64>,
    /// The first byte of the file that the body holds.
    pub(super) start: u64,
    /// The last one, where the body is a range.
    pub(super) last: Option<u64>,
    retry_after: Option<Duration>,
}

/// What to do with a response.
pub(super) enum Meaning {
    /// The body is the whole file.
    Whole,
    /// The body is the range that [`Answer::start`] begins.
    Rest,
    /// The version that was asked for is gone.
    Changed,
    /// Ask again later.
    Busy(Trouble),
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn ask(
    client: &HttpClient,
    request: HttpRequest,
    idle: Duration,
) -> std::result::Result<(Answer, Body), Trouble> {
    match tokio::time::timeout(idle, client.execute(request)).await {
        Err(_) => Err(Trouble::new(format!("no answer for {} s", idle.as_secs_f32()))),
        Ok(Err(error)) => Err(Trouble::new(describe(&error))),
        Ok(Ok(response)) => {
            let (head, body) = response.into_parts();
            Ok((Answer::read(head.status, &head.headers), body))
        }
    }
}

impl Answer {
    fn read(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let range = text(header::CONTENT_RANGE).and_then(content_range);
        let partial = status == StatusCode::PARTIAL_CONTENT;
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        Self {
            status,
            etag: text(header::ETAG).map(str::to_owned),
            length: match status {
                StatusCode::PARTIAL_CONTENT => range.map(|range| range.2),
                // its body is about the error; what it knows of the file stands behind a star
                StatusCode::RANGE_NOT_SATISFIABLE => text(header::CONTENT_RANGE).and_then(total),
                _ => length,
            },
            start: if partial { range.map_or(u64::MAX, |range| range.0) } else { 0 },
            last: range.filter(|_| partial).map(|range| range.1),
            retry_after: text(header::RETRY_AFTER).and_then(|wait| retry_after(wait, text(header::DATE))),
        }
    }

    /// An error where asking again would not help.
    pub(super) fn meaning(&self, url: &str) -> Result<Meaning> {
        let cure = match self.status.as_u16() {
            200 => return Ok(Meaning::Whole),
            206 => return Ok(Meaning::Rest),
            412 | 416 => return Ok(Meaning::Changed),
            408 | 425 | 429 | 500 | 502..=504 | 509 => {
                let what = format!("the server answered {}", self.status.as_u16());
                return Ok(Meaning::Busy(Trouble { what, wait: self.retry_after }));
            }
            401 => "it wants credentials; for s3:// set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            403 => {
                "it refuses us; Common Crawl does so for hours to whoever asks too fast: wait, then use fewer \
                 connections; for s3:// check the credentials"
            }
            404 | 410 => "there is no such file; check the path",
            405 | 501 => "it cannot do that with this address; check that it is a file",
            _ => "this is not an answer that waiting cures; check the address",
        };
        Err(self.refusal(url, cure))
    }

    /// The answer as an error.
    pub(super) fn refusal(&self, url: &str, cure: &'static str) -> Error {
        Error::Status { url: url.to_owned(), status: self.status.as_u16(), cure }
    }
}

/// The whole chain of causes in a line: the outermost alone says only that a request failed.
pub(super) fn describe(error: &HttpError) -> String {
    with_causes(error.to_string(), error)
}

/// `line`, and the causes of `error` that it does not tell: the outer words often hold the inner ones.
pub(super) fn with_causes(mut line: String, error: &dyn std::error::Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_line = cause.to_string();
        if !line.contains(&cause_line) {
            line = format!("{line}: {cause_line}");
        }
        source = cause.source();
    }
    line
}

/// First byte, last byte and total of `bytes 0-9/100`.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?, total.trim().parse().ok()?))
}

/// The total of `bytes */100`.
fn total(text: &str) -> Option<u64> {
    text.strip_prefix("bytes */")?.trim().parse().ok()
}

/// `Retry-After` in seconds, or as a date, which counts from the server's own `Date`: clocks differ.
fn retry_after(text: &str, now: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(now?).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(content_range("bytes 5-9/100"), Some((5, 9, 100)));
        assert_eq!((total("bytes */100"), total("bytes 5-9/100")), (Some(100), None));
        for wrong in ["bytes */100", "bytes 5-9/*", "5-9/100", "bytes 5/100", "bytes -9/100", ""] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waits() {
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after("120", None), Some(Duration::from_mins(2)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        for wrong in ["-1", "soon", "1.5", "Sun, 06 Nov 1994 08:50:07 GMT"] {
            assert_eq!(retry_after(wrong, None), None, "{wrong}");
        }
    }
}
