//! What the pages ask: tokens, distributions, insides, documents, battles.
//!
//! Whatever computes runs on threads of its own, a few at once (`serve::work`), and is bounded by size: of texts, of ids, of
//! lists.

mod archive;
mod arena;
mod documents;
mod inside;
mod media;
mod next;
mod overview;
mod read;
mod reading;
#[cfg(test)]
mod tests;
mod tokens;
mod tools;
mod xray;

pub use archive::{
    Archive, Ballots, Document, Documents, Found, Outcome, Place, Reason, Standing, Standings, Step, Vote,
    Wanted,
};

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::sync::OnceCell;

use super::Served;
use super::openapi::{Operation, of};
use super::work;

/// What the playground remembers between two requests.
#[derive(Default)]
pub(crate) struct Playground {
    known: OnceCell<overview::Known>,
    battles: arena::Battles,
}

/// The routes under `/playground`; where a conversation may have pictures and sounds, a request has `with_media` bytes at
/// most, and a file alone `file`.
pub(super) fn routes(with_media: usize, file: usize) -> Router<Arc<Served>> {
    Router::new()
        .route("/playground/run", get(overview::run))
        .route("/playground/tokenize", post(tokens::tokenize))
        .route("/playground/ladder", post(tokens::ladder))
        .route("/playground/read", post(read::read))
        .route("/playground/next", post(next::next))
        .route("/playground/inside", post(inside::inside))
        .route("/playground/xray", post(xray::xray).layer(DefaultBodyLimit::max(with_media)))
        .route("/playground/media", post(media::encode).layer(DefaultBodyLimit::max(file)))
        .route("/playground/media/decode", post(media::decode))
        .route("/playground/tools/{name}", post(tools::call))
        .route("/playground/funnel", get(documents::funnel))
        .route("/playground/documents", get(documents::documents))
        .route("/playground/search", get(documents::search))
        .route("/playground/arena", get(arena::standings))
        .route("/playground/arena/pair", post(arena::pair))
        .route("/playground/arena/vote", post(arena::vote))
}

/// The same, for programs.
pub(super) fn operations() -> Vec<Operation> {
    let asked = |query, operation| Operation { query: Some(query), ..operation };
    vec![
        Operation::get("/playground/run", "The run that is served", Some(of::<overview::Overview>)),
        Operation::post("/playground/tokenize", "A text cut", of::<tokens::Text>, of::<tokens::Tokens>),
        Operation::post(
            "/playground/ladder",
            "A text cut, merge by merge",
            of::<tokens::Text>,
            of::<tokens::Ladder>,
        ),
        Operation::post(
            "/playground/read",
            "A text as a model reads it",
            of::<read::Reading>,
            of::<read::Read>,
        ),
        Operation::post("/playground/next", "What may come next", of::<next::Next>, of::<next::Distribution>),
        Operation::post(
            "/playground/inside",
            "Attention and guesses",
            of::<inside::Look>,
            of::<inside::Inside>,
        ),
        Operation::post("/playground/xray", "A conversation by tokens", of::<xray::Talk>, of::<xray::XRay>),
        asked(
            of::<media::Whose>,
            Operation::file("/playground/media", "A picture or a sound as a model has it", of::<media::Seen>),
        ),
        Operation::post(
            "/playground/media/decode",
            "What codes stand for",
            of::<media::Codes>,
            of::<media::Seen>,
        ),
        Operation::post("/playground/tools/{name}", "Asks a tool", of::<tools::Call>, of::<tools::Said>),
        Operation::get("/playground/funnel", "What stages kept", Some(of::<documents::Funnel>)),
        asked(
            of::<documents::Page>,
            Operation::get("/playground/documents", "Documents of a stage", Some(of::<Documents>)),
        ),
        asked(
            of::<documents::Phrase>,
            Operation::get("/playground/search", "Where a phrase stands", Some(of::<Found>)),
        ),
        Operation::get("/playground/arena", "Who stands where", Some(of::<Standings>)),
        Operation::post(
            "/playground/arena/pair",
            "Two answers to compare",
            of::<arena::Pair>,
            of::<arena::Met>,
        ),
        Operation::post("/playground/arena/vote", "A vote", of::<arena::Verdict>, of::<arena::Revealed>),
    ]
}
