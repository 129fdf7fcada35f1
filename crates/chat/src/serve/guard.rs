//! Who may ask, what is counted, and which headers go with every answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::{Refusal, Served};

/// Pages run their own scripts and styles, and nobody else's.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; \
form-action 'self'";

/// Turns away who has no business here, and notes the rest.
pub(super) async fn guard(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    // a route as it is drawn: what strangers ask for must not become a name in the metrics
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = match check(&served, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    served.metrics.note(&route, response.status().as_u16(), begin.elapsed().as_secs_f64());
    if is_unread(response.status()) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether the body of a request was not looked at: what is left of it would be taken for the next one, so the connection
/// ends, and the client is told.
fn is_unread(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 404 | 405 | 408 | 413 | 415 | 503)
}

fn check(served: &Served, request: &Request) -> Result<(), Refusal> {
    let path = request.uri().path();
    if served.loopback && !is_local(request) {
        // a page of another site whose name leads to this machine
        let message = "this server answers to localhost only";
        return Err(Refusal::of(StatusCode::FORBIDDEN, message));
    }
    let asks = path.starts_with("/v1") || path.starts_with("/playground") || path == "/report";
    if asks && served.is_closing() {
        return Err(Refusal::closing());
    }
    match &served.key {
        Some(key) if asks || path == "/metrics" => {
            let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().trim();
            if given.as_bytes().ct_eq(key.as_bytes()).into() { Ok(()) } else { Err(Refusal::unauthorized()) }
        }
        _ => Ok(()),
    }
}

/// Whether the request calls this machine by one of the names that only it has for itself.
fn is_local(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.or_else(|| request.uri().host()) else { return true };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
