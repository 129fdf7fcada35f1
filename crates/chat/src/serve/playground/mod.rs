//! What the pages ask: tokens, distributions, insides, documents, battles.

mod archive;

pub use archive::{
    Archive, Ballots, Document, Documents, Found, Outcome, Place, Reason, Standing, Standings, Step, Vote,
    Wanted,
};

use std::sync::Arc;

use axum::Router;

use super::Served;

/// The routes under `/playground`.
pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new()
}
