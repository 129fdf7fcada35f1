//! OpenAI's API: <https://platform.openai.com/docs/api-reference>. What a client of theirs sends is answered, what would
//! change an answer and is not known here is refused.
//!
//! Ours are `top_k`, `min_p`, `repetition_penalty`, `return_token_ids` and the ids in log-probabilities.

mod answer;
mod chat;
mod completions;
mod list;
mod log_probs;
mod messages;
mod prepare;
mod sampling;
mod stream;
mod tool_calls;
mod wire;
mod writer;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Served;

pub(crate) use messages::{Message, conversation};

/// The routes under `/v1`.
pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/v1/models", get(list::models))
        .route("/v1/models/{model}", get(list::model))
        .route("/v1/completions", post(completions::create))
        .route("/v1/chat/completions", post(chat::create))
}
