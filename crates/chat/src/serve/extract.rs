//! Bodies and queries of requests, and what is wrong with them in words.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::Refusal;
use super::senses::Kind;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// What files are sent as.
pub(crate) const FILES: [&str; 3] = ["image/png", "image/jpeg", "audio/wav"];

/// A body of JSON.
pub(crate) struct Body<T>(pub(crate) T);

/// A body that is a picture or a sound.
pub(crate) struct File {
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
}

/// What stands behind the question mark of an address.
pub(crate) struct Params<T>(pub(crate) T);

/// The one name in a path.
pub(crate) struct Name(pub(crate) String);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if kind(request.headers()) != "application/json" {
            // what a page of another site can send without asking is never JSON
            let message = "send JSON, with the header Content-Type: application/json";
            return Err(Refusal::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let bytes = bytes(request, state).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            if path == "." { Refusal::malformed(message) } else { Refusal::invalid(path, message) }
        })?;
        json.end().map_err(|error| Refusal::malformed(error.to_string()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync> FromRequest<S> for File {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = match kind(request.headers()).as_str() {
            "image/png" | "image/jpeg" => Kind::Image,
            "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Kind::Audio,
            _ => {
                let message = format!("send a file, with the header Content-Type: {}", FILES.join(" or "));
                return Err(Refusal::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
            }
        };
        Ok(Self { kind, bytes: bytes(request, state).await? })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, state).await;
        let Query(value) = query.map_err(|rejection| Refusal::malformed(rejection.body_text()))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::from_request_parts(parts, state).await;
        let Path(name) = path.map_err(|rejection| Refusal::malformed(rejection.body_text()))?;
        Ok(Self(name))
    }
}

async fn bytes(request: Request, state: &(impl Send + Sync)) -> Result<Bytes, Refusal> {
    let bytes = tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await;
    let bytes = bytes.map_err(|_| Refusal::of(StatusCode::REQUEST_TIMEOUT, "the body took too long"))?;
    bytes.map_err(|rejection| Refusal::of(rejection.status(), rejection.body_text()))
}

/// What a body says it is, in lower case.
fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
