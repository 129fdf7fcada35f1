//! Why a request gets no answer, in the shape that clients of OpenAI's API know.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong, for people.
    pub message: String,
    /// The field of the request that is at fault.
    pub param: Option<Cow<'static, str>>,
    /// What is wrong, for programs.
    pub code: Option<&'static str>,
}

/// What a handler gives.
pub type Answer<T> = Result<T, Refusal>;

impl Refusal {
    fn new(status: StatusCode, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code }
    }

    /// A field that makes no sense.
    pub fn invalid(param: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, Some("invalid_value"), message);
        refusal.param = Some(param.into());
        refusal
    }

    /// A request that cannot be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, message)
    }

    /// More tokens than the model reads.
    pub fn too_long(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some("context_length_exceeded"), message)
    }

    /// Nothing of that name; `code` is such as `model_not_found`.
    pub fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Some(code), message)
    }

    /// No key, or another one.
    pub fn unauthorized() -> Self {
        let message = "this server wants its API key: Authorization: Bearer KEY";
        Self::new(StatusCode::UNAUTHORIZED, Some("invalid_api_key"), message)
    }

    /// Too many requests wait already.
    pub fn busy() -> Self {
        let message = "too many requests are waiting; try again in a second";
        Self::new(StatusCode::TOO_MANY_REQUESTS, Some("rate_limit_exceeded"), message)
    }

    /// The answer takes longer than the server allows.
    pub fn too_slow() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            Some("timeout"),
            "the answer took longer than this server allows",
        )
    }

    /// The server is about to end.
    pub fn closing() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Some("shutting_down"), "this server is shutting down")
    }

    /// A fault of ours; what it was goes to the log, not to the client.
    pub fn fault(problem: impl Display) -> Self {
        tracing::error!(%problem, "a request failed");
        let message = "the server failed at this request; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Some("internal_error"), message)
    }

    /// Any other status.
    pub fn of(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, None, message)
    }

    /// The body, as in <https://platform.openai.com/docs/guides/error-codes>.
    pub fn body(&self) -> serde_json::Value {
        let kind = match self.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": self.code } })
    }
}

/// The value of the field `name`, where it lies in `range`.
pub(crate) fn in_range<T: PartialOrd + Display>(
    name: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Answer<T> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = range.into_inner();
    Err(Refusal::invalid(name, format!("{name} must lie in {low} to {high}, got {value}")))
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
