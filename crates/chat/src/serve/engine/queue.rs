//! Who is next: first come, first served, as far as memory goes.

use std::collections::VecDeque;

use super::Job;

/// Requests that wait.
#[derive(Default)]
pub(super) struct Queue(VecDeque<Job>);

impl Queue {
    pub(super) fn push(&mut self, job: Job) {
        self.0.push_back(job);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets go whoever nobody waits for any more; returns how many.
    pub(super) fn forget_the_gone(&mut self) -> usize {
        let before = self.0.len();
        self.0.retain(|job| !job.steps.is_closed());
        before - self.0.len()
    }

    /// The first, if `room` positions are enough for it or nobody else is at work: later ones wait behind it even where
    /// they would fit, so that a long request is not overtaken for ever.
    pub(super) fn next(&mut self, room: usize, alone: bool) -> Option<Job> {
        let fits = alone || needs(self.0.front()?) <= room;
        if fits { self.0.pop_front() } else { None }
    }
}

/// Positions that a text takes when it is as long as it may be; they come in pages.
pub(super) fn needs(job: &Job) -> usize {
    const PAGE: usize = 128;
    let (prompt, ends) = (job.request.prompt.ids.len(), &job.request.ends);
    prompt.saturating_add(ends.new_tokens).min(ends.context).next_multiple_of(PAGE)
}
