//! A wish to stop, which a stage may grant at a place of its choosing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Asks running stages to stop; all clones are one.
///
/// A run may be killed at any time and goes on from what is whole. A stage that would lose minutes by it listens, saves
/// what it has and returns [`Listening::stopped`]; the program asks, and ends at once where nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    listeners: AtomicUsize,
}

impl Stop {
    /// Asks. False where nobody will answer: no stage listens, or it was asked before and the wish is repeated.
    pub fn ask(&self) -> bool {
        let before = self.0.asked.swap(true, Ordering::SeqCst);
        !before && self.0.listeners.load(Ordering::SeqCst) > 0
    }

    /// From now until the result is dropped, somebody answers.
    pub fn listen(&self) -> Listening {
        self.0.listeners.fetch_add(1, Ordering::SeqCst);
        Listening(self.0.clone())
    }
}

/// A stage's ear.
#[derive(Debug)]
pub struct Listening(Arc<State>);

impl Listening {
    /// Whether someone asked.
    pub fn asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// What a stage returns that has saved `what` and stopped.
    pub fn stopped(&self, what: &str) -> crate::Error {
        let fault = crate::Fault::new(format!("stopped as asked; saved: {what}"));
        crate::Error::Stopped(fault.cure("run the same command again: it goes on from there"))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Stop;

    #[test]
    fn a_wish_is_granted_once_and_only_where_somebody_listens() {
        let stop = Stop::default();
        let ear = stop.listen();
        assert!(!ear.asked());
        assert!(stop.clone().ask() && ear.asked());
        assert!(!stop.ask(), "whoever asks twice does not want to wait");
        let deaf = Stop::default();
        drop(deaf.listen());
        assert!(!deaf.ask());
    }
}
