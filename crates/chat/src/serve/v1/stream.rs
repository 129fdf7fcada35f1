//! Answers as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;

use super::answer::{Growth, Part};
use crate::serve::Answer;

/// What a stream tells of.
pub(super) enum Told {
    /// What has come of one of the answers.
    Part(usize, Part),
    /// All answers have ended, with so many tokens.
    All(usize),
}

/// Answers as they come, in chunks that `tell` makes, and the word that ends them. A refusal ends them too: its body is the
/// last event but that.
pub(super) fn respond<C: Serialize + Send + 'static>(
    first: Option<C>,
    growths: Vec<Growth>,
    mut tell: impl FnMut(Told) -> Option<C> + Send + 'static,
) -> Response {
    let mut tokens = 0;
    let chunks = parts(growths).map(Some).chain(now(None)).filter_map(move |part| {
        let chunk = match part {
            Some((index, Ok(part))) => {
                tokens += part.steps.len();
                tell(Told::Part(index, part)).map(Ok)
            }
            Some((_, Err(refusal))) => Some(Err(refusal)),
            None => tell(Told::All(tokens)).map(Ok),
        };
        std::future::ready(chunk)
    });
    let events = stream::iter(first.map(Ok)).chain(chunks).scan(false, |failed, chunk| {
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
    let events = events.chain(now(Event::default().data("[DONE]"))).map(Ok::<Event, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// What comes of several answers, each with its number, as it comes.
fn parts(growths: Vec<Growth>) -> impl Stream<Item = (usize, Answer<Part>)> + Send {
    let one = |(index, growth): (usize, Growth)| {
        let next =
            move |mut growth: Growth| async move { growth.next().await.map(|part| ((index, part), growth)) };
        Box::pin(stream::unfold(growth, next))
    };
    stream::select_all(growths.into_iter().enumerate().map(one))
}

/// One thing, at once.
fn now<T: Send>(value: T) -> impl Stream<Item = T> + Send {
    stream::once(std::future::ready(value))
}

fn json(value: &impl Serialize) -> Event {
    // what is sent has texts for keys and no number that JSON lacks
    Event::default().json_data(value).unwrap_or_else(|problem| Event::default().comment(problem.to_string()))
}
