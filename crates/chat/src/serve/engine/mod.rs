//! A thread that continues all texts of a model together: requests join between two steps, and leave when they end or
//! nobody listens any more (continuous batching: Yu et al. 2022, "Orca", section 3.2).

use model::{Decoder, Limits as Ends, Prompt, Sampler, Step};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Answer, Limits, Refusal};

/// A text to continue.
pub(crate) struct Request {
    /// What it begins with, and its random numbers.
    pub(crate) prompt: Prompt,
    /// How tokens are chosen.
    pub(crate) sampler: Box<dyn Sampler>,
    /// When it ends.
    pub(crate) ends: Ends,
}

/// The thread of a model.
pub(crate) struct Engine {}

/// A text that grows. Whoever drops it is understood to have lost interest.
pub(crate) struct Growing {
    steps: UnboundedReceiver<Answer<Step>>,
}

impl Engine {
    /// Starts the thread.
    pub(crate) fn start(_name: &str, _decoder: Decoder, _limits: &Limits) -> Self {
        Self {}
    }

    /// Takes a text in, or says that too many wait.
    pub(crate) fn submit(&self, _request: Request) -> Answer<Growing> {
        Err(Refusal::busy())
    }
}

impl Growing {
    /// The next token; nothing after the last one.
    pub(crate) async fn next(&mut self) -> Option<Answer<Step>> {
        self.steps.recv().await
    }
}
