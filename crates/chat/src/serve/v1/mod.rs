//! OpenAI's API: <https://platform.openai.com/docs/api-reference>. What a client of theirs sends is answered, what would
//! change an answer and is not known here is refused.
//!
//! Models that see and hear read parts of the types `image_url`, whose URL is a `data:` URL, and `input_audio`, a WAV. What
//! they draw and make stands in `media` beside `content`: [`Medium`](super::senses::Medium), whole in one piece of a stream.
//!
//! Ours are `media`, `top_k`, `min_p`, `repetition_penalty`, `return_token_ids` and the ids in log-probabilities.

mod answer;
mod chat;
mod completions;
mod list;
mod log_probs;
mod messages;
mod prepare;
mod sampling;
mod stream;
#[cfg(test)]
mod tests;
mod tool_calls;
mod wire;
mod writer;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::Served;
use super::openapi::{Operation, of};

pub(crate) use messages::{Message, conversation};

/// The routes under `/v1`.
///
/// Requests of a chat may have so many bytes.
pub(super) fn routes(with_media: usize) -> Router<Arc<Served>> {
    Router::new()
        .route("/v1/models", get(list::models))
        .route("/v1/models/{model}", get(list::model))
        .route("/v1/completions", post(completions::create))
        .route("/v1/chat/completions", post(chat::create).layer(DefaultBodyLimit::max(with_media)))
}

/// The same, for programs.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/models", "All models", Some(of::<list::ModelList>)),
        Operation::get("/v1/models/{model}", "A model", Some(of::<list::Model>)),
        Operation {
            piece: Some(of::<completions::Completion>),
            ..Operation::post(
                "/v1/completions",
                "Continues texts",
                of::<completions::CompletionRequest>,
                of::<completions::Completion>,
            )
        },
        Operation {
            piece: Some(of::<chat::ChatChunk>),
            ..Operation::post(
                "/v1/chat/completions",
                "Answers in a conversation",
                of::<chat::ChatRequest>,
                of::<chat::ChatCompletion>,
            )
        },
    ]
}
