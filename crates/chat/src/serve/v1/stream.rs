//! Answers as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;

use super::answer::{Growth, Part};
use crate::serve::Answer;

/// What comes of several answers, each with its number, as it comes.
pub(super) fn parts(growths: Vec<Growth>) -> impl Stream<Item = (usize, Answer<Part>)> + Send {
    let one = |(index, growth): (usize, Growth)| {
        let next =
            move |mut growth: Growth| async move { growth.next().await.map(|part| ((index, part), growth)) };
        Box::pin(stream::unfold(growth, next))
    };
    stream::select_all(growths.into_iter().enumerate().map(one))
}

/// Chunks as events, then the word that ends them. A refusal ends them too: its body is the last event but that.
pub(super) fn respond<C: Serialize + Send + 'static>(
    chunks: impl Stream<Item = Answer<C>> + Send + 'static,
) -> Response {
    let events = chunks.scan(false, |failed, chunk| {
        let event = match chunk {
            _ if *failed => None,
            Ok(chunk) => Some(json(&chunk)),
            Err(refusal) => {
                *failed = true;
                Some(json(&refusal.body()))
            }
        };
        std::future::ready(event)
    });
    let done = stream::once(std::future::ready(Event::default().data("[DONE]")));
    let events = events.chain(done).map(Ok::<Event, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

fn json(value: &impl Serialize) -> Event {
    // what is sent has texts for keys and no number that JSON lacks
    Event::default().json_data(value).unwrap_or_else(|problem| Event::default().comment(problem.to_string()))
}
