//! One answer as it grows: tokens from the engine, pieces from the writer, an end in time.

use std::sync::Arc;
use std::time::Duration;

use model::{End, Step};
use tokio::time::Instant;

use super::writer::{Finish, Piece, Writer};
use crate::serve::engine::Growing;
use crate::serve::models::Loaded;
use crate::serve::senses::Medium;
use crate::serve::{Answer, Refusal, Served, work};

/// Tokens that are told at once where they come faster than they are read.
const AT_ONCE: usize = 64;

/// Time between two parts of a stream, at least: as fast as films, and a crowd's tokens do not cost a packet each.
const PACE: Duration = Duration::from_millis(30);
/// The same where nobody watches: each look at what has come costs something, too.
const PACE_UNSEEN: Duration = Duration::from_millis(4);

/// An answer.
pub(super) struct Growth {
    served: Arc<Served>,
    loaded: Arc<Loaded>,
    growing: Growing,
    writer: Writer,
    deadline: Instant,
    /// When something was told last, and how long to wait then.
    told: Option<Instant>,
    pace: Duration,
    ended: bool,
}

/// What has come of an answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    /// Tokens that were drawn.
    pub(super) steps: Vec<Step>,
    /// What they turned out to be, as far as that is certain.
    pub(super) pieces: Vec<Piece>,
    /// Why nothing more comes, if so.
    pub(super) finish: Option<Finish>,
    /// The token that ended it, which is none of its words.
    pub(super) end: Option<u32>,
}

impl Part {
    /// All that the model wrote, the token that ended it too.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.steps.iter().map(|step| step.id).chain(self.end).collect()
    }
}

impl Growth {
    pub(super) fn new(served: Arc<Served>, loaded: Arc<Loaded>, growing: Growing, writer: Writer) -> Self {
        let deadline = Instant::now() + Duration::from_secs(served.limits.seconds);
        Self { served, loaded, growing, writer, deadline, told: None, pace: PACE, ended: false }
    }

    /// What comes next; nothing after the end.
    pub(super) async fn next(&mut self) -> Option<Answer<Part>> {
        if self.ended {
            return None;
        }
        if let Some(told) = self.told {
            tokio::time::sleep_until(told + self.pace).await;
        }
        let step = match tokio::time::timeout_at(self.deadline, self.growing.next()).await {
            Ok(Some(step)) => step,
            Ok(None) => Err(Refusal::fault("an answer stopped before its end")),
            Err(_) => Err(Refusal::too_slow()),
        };
        let mut part = Part::default();
        let mut step = Some(step);
        while let Some(next) = step {
            match next {
                Ok(next) => self.take(next, &mut part),
                Err(refusal) => {
                    self.ended = true;
                    return Some(Err(refusal));
                }
            }
            let more = part.finish.is_none() && part.steps.len() < AT_ONCE;
            step = if more { self.growing.ready() } else { None };
        }
        for piece in &mut part.pieces {
            if let Piece::Codes(written) = piece {
                let (loaded, written) = (Arc::clone(&self.loaded), written.clone());
                let see = move |_: &Served| Ok(Medium::of(&loaded.card, written));
                match work::patiently(&self.served, see).await {
                    Ok(medium) => *piece = Piece::Medium(medium),
                    Err(refusal) => {
                        self.ended = true;
                        return Some(Err(refusal));
                    }
                }
            }
        }
        (self.told, self.ended) = (Some(Instant::now()), part.finish.is_some());
        Some(Ok(part))
    }

    /// The whole answer.
    pub(super) async fn whole(mut self) -> Answer<Part> {
        let mut whole = Part::default();
        self.pace = PACE_UNSEEN;
        while let Some(part) = self.next().await {
            let part = part?;
            whole.steps.extend(part.steps);
            whole.pieces.extend(part.pieces);
            (whole.finish, whole.end) = (part.finish, part.end);
        }
        Ok(whole)
    }

    fn take(&mut self, step: Step, part: &mut Part) {
        let (id, end) = (step.id, step.end);
        let is_end = end == Some(End::Stop) && !self.writer.ends_a_call(id);
        part.finish = if is_end {
            // who ends a turn within a call has called
            let finish = if self.writer.is_calling() { Finish::ToolCalls } else { Finish::Stop };
            self.writer.finish(&mut part.pieces);
            Some(finish)
        } else {
            self.writer.write(id, &self.loaded.bpe, &mut part.pieces)
        };
        if is_end {
            part.end = Some(id);
        } else {
            part.steps.push(step);
        }
        if part.finish.is_none() && end.is_some() {
            let finish = self.writer.finish(&mut part.pieces);
            part.finish = finish.or(Some(Finish::Length));
        }
    }
}
