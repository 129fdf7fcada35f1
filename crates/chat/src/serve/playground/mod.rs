//! What the pages ask: tokens, distributions, insides, documents, battles.
//!
//! Whatever computes runs on threads of its own, a few at once ([`work::Desk`]), and is bounded by size: of texts, of ids, of
//! lists.

mod archive;
mod arena;
mod documents;
mod inside;
mod next;
mod overview;
mod reading;
#[cfg(test)]
mod tests;
mod tokens;
mod tools;
mod work;
mod xray;

pub use archive::{
    Archive, Ballots, Document, Documents, Found, Outcome, Place, Reason, Standing, Standings, Step, Vote,
    Wanted,
};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::sync::OnceCell;

use super::Served;

/// What the playground remembers between two requests.
#[derive(Default)]
pub(crate) struct Playground {
    desk: work::Desk,
    known: OnceCell<overview::Known>,
    battles: arena::Battles,
}

/// The routes under `/playground`.
pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/playground/run", get(overview::run))
        .route("/playground/tokenize", post(tokens::tokenize))
        .route("/playground/ladder", post(tokens::ladder))
        .route("/playground/next", post(next::next))
        .route("/playground/inside", post(inside::inside))
        .route("/playground/xray", post(xray::xray))
        .route("/playground/tools/{name}", post(tools::call))
        .route("/playground/funnel", get(documents::funnel))
        .route("/playground/documents", get(documents::documents))
        .route("/playground/search", get(documents::search))
        .route("/playground/arena", get(arena::standings))
        .route("/playground/arena/pair", post(arena::pair))
        .route("/playground/arena/vote", post(arena::vote))
}
