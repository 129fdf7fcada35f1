//! API and playground over HTTP.
//!
//! One process serves the models of one run: to programs as OpenAI's API does (`/v1`), and to people with pages that
//! show what a model reads, thinks of next and was taught (`/playground` is what those pages ask).
//!
//! ```text
//! request ── guard ── v1, playground ── engine (a thread a model) ── Decoding: all answers, a token each a step
//!                                            │                            shared prefixes, long prompts in pieces
//!            SSE, JSON ◀── steps ◀───────────┘
//! ```
//!
//! | module | idea |
//! |---|---|
//! | `run` | what is served: [`Run`], [`Card`], [`Sample`] |
//! | `models` | models, each loaded when somebody first asks for it |
//! | `engine` | a thread that continues all texts of a model together |
//! | `senses` | pictures and sounds to ids and back |
//! | `work` | threads for what takes a processor's time |
//! | `v1` | OpenAI's API |
//! | `playground` | what the pages ask; [`Archive`] and [`Ballots`], by which it sees a run |
//! | `extract`, `refusal` | what requests say; errors, in OpenAI's shape: [`Refusal`] |
//! | `openapi` | `/openapi.json`, made of the types of requests and answers |
//! | `guard`, `listen`, `metrics` | who may ask, for how long, and how much was asked |

mod chance;
mod engine;
mod extract;
mod guard;
#[cfg(test)]
mod house;
mod listen;
mod metrics;
mod models;
mod openapi;
mod playground;
mod refusal;
mod run;
mod senses;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_senses;
mod v1;
mod work;

pub use playground::{
    Archive, Ballots, Document, Documents, Found, Outcome, Place, Reason, Standing, Standings, Step, Vote,
    Wanted,
};
pub(crate) use refusal::in_range;
pub use refusal::{Answer, Refusal};
pub use run::{Card, Run, Sample};

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

use crate::pages;
use extract::Name;
use metrics::Metrics;
use models::Models;
use openapi::{Operation, of};

/// What a server may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Answers that are written at once, per model.
    pub answers: usize,
    /// Requests that may wait for that; more are refused.
    pub waiting: usize,
    /// Tokens of an answer where a request does not say.
    pub tokens: usize,
    /// Bytes of a request.
    pub body: usize,
    /// Bytes of a picture or a sound; a request that may have some is longer by as much and half.
    pub media: usize,
    /// Seconds that an answer may take.
    pub seconds: u64,
    /// Connections at once.
    pub connections: usize,
    /// Bytes of keys and values that a model remembers, about.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answers: 64,
            waiting: 256,
            tokens: 512,
            body: 1 << 20,
            media: 4 << 20,
            seconds: 600,
            connections: 1024,
            memory: 2 << 30,
        }
    }
}

/// What all requests share.
pub(crate) struct Served {
    pub(crate) run: Run,
    pub(crate) models: Models,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) desk: work::Desk,
    pub(crate) playground: playground::Playground,
    /// What requests must know.
    key: Option<String>,
    /// Whether only this machine can ask.
    loopback: bool,
    closing: AtomicBool,
}

impl Served {
    fn new(run: Run, limits: Limits, key: Option<String>, loopback: bool) -> Self {
        let metrics = Arc::new(Metrics::new());
        let models = Models::new(run.models.clone(), limits.clone(), Arc::clone(&metrics));
        let (playground, closing) = (playground::Playground::default(), AtomicBool::new(false));
        let desk = work::Desk::default();
        Self { run, models, limits, metrics, desk, playground, key, loopback, closing }
    }

    /// Bytes of a request that may have pictures and sounds, where a model here sees or hears.
    fn body_with_media(&self) -> usize {
        let any = self.run.models.iter().any(|card| card.codecs.is_some());
        // base64 makes four signs of three bytes
        self.limits.body + if any { self.limits.media / 2 * 3 } else { 0 }
    }

    /// Whether the server ends, and begins nothing new.
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// Serves a run on `listener` until `end`; answers that have begun come to their ends, for a while.
///
/// Without `key` anybody who reaches the address is answered: only for an address of this machine alone.
pub async fn serve(
    run: Run,
    limits: Limits,
    key: Option<String>,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let loopback = key.is_none() && listener.local_addr()?.ip().is_loopback();
    let (connections, served) = (limits.connections, Arc::new(Served::new(run, limits, key, loopback)));
    let ending = Arc::clone(&served);
    let end = async move {
        end.await;
        ending.closing.store(true, Ordering::Release);
    };
    listen::listen(listener, router(served), connections, end).await;
    Ok(())
}

/// All routes.
fn router(served: Arc<Served>) -> Router {
    let (body, with_media) = (served.limits.body, served.body_with_media());
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(numbers))
        .route("/openapi.json", get(described))
        .route("/report", get(report))
        .merge(pages())
        .merge(v1::routes(with_media))
        .merge(playground::routes(with_media, served.limits.media))
        .fallback(async || Refusal::missing("not_found", "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            Refusal::of(StatusCode::METHOD_NOT_ALLOWED, "this address knows other methods")
        })
        .layer(DefaultBodyLimit::max(body))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(&served), guard::guard))
        .with_state(served)
}

/// The pages, and what they are made of.
fn pages() -> Router<Arc<Served>> {
    let asset = async |Name(name): Name| match pages::asset(&name) {
        Some((kind, text)) => Ok(([(header::CONTENT_TYPE, kind)], text)),
        None => Err(Refusal::missing("not_found", "there is nothing at this address")),
    };
    let page = |routes: Router<Arc<Served>>, path| {
        let html = pages::html(path).unwrap_or_default();
        routes.route(path, get(move || std::future::ready(Html(html.clone()))))
    };
    pages::paths().fold(Router::new().route("/assets/{name}", get(asset)), page)
}

/// All that can be asked.
fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("/health", "Whether the server is there", Some(of::<Health>)),
        Operation::get("/metrics", "What it counted, for Prometheus", None),
    ];
    all.extend(v1::operations());
    all.extend(playground::operations());
    all
}

async fn described(State(served): State<Arc<Served>>) -> Json<serde_json::Value> {
    let models = served.models.cards().map(|card| card.id.as_str()).collect();
    let tokenizers = served.run.tokenizers.iter().map(|(name, _)| name.as_str()).collect();
    let known = [("model", models), ("tokenizer", tokenizers)];
    Json(openapi::document(&operations(), &served.run.name, &known))
}

/// The report of the run. It is a page of its own, with its styles and drawings inside, and runs no script.
async fn report(State(served): State<Arc<Served>>) -> Answer<impl IntoResponse> {
    let missing = || Refusal::missing("no_report", "this run has no report");
    let path = served.run.report.clone().ok_or_else(missing)?;
    let page =
        tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await.map_err(Refusal::fault)?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; frame-ancestors 'none'; \
                  base-uri 'none'";
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page.map_err(|_| missing())?)))
}

/// Whether the server is there.
#[derive(serde::Serialize, schemars::JsonSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

async fn numbers(State(served): State<Arc<Served>>) -> Answer<impl IntoResponse> {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], served.metrics.text().map_err(Refusal::fault)?))
}

#[allow(clippy::needless_pass_by_value, reason = "as the layer wants it")]
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    Refusal::fault("a handler panicked").into_response()
}

/// Serves a run at `address` until the process is asked to end by SIGINT or SIGTERM; asked twice, it ends at once.
/// `ready` hears the address, with the port that the system chose where it was 0.
///
/// # Errors
/// No key for an address that others can reach; an address that cannot be had.
pub fn serve_until_signal(
    run: Run,
    limits: Limits,
    key: Option<String>,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    if key.is_none() && !address.ip().is_loopback() {
        let message = format!("{address} can be reached by others: they must know a key");
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, message));
    }
    // requests are little work, which models do on threads of their own
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        ready(listener.local_addr()?);
        let (twice, second) = tokio::sync::oneshot::channel::<()>();
        let end = async move {
            asked_to_end().await;
            tokio::spawn(async move {
                asked_to_end().await;
                drop(twice);
            });
        };
        tokio::select! {
            served = serve(run, limits, key, listener, end) => served,
            _ = second => Ok(()),
        }
    })?;
    // a search or a load that is under way must not keep the process
    runtime.shutdown_background();
    Ok(())
}

/// Comes back when the process is asked to end.
async fn asked_to_end() {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
