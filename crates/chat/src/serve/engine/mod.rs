//! A thread that continues all texts of a model together: requests join between two steps, and leave when they end or
//! nobody listens any more (continuous batching: Yu et al. 2022, "Orca", section 3.2).

mod queue;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use model::{Config, Decoder, Limits as Ends, Prompt, Sampler, Step};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::metrics::OfModel;
use super::{Answer, Limits, Refusal};

/// A text to continue. Its ids are those of the vocabulary, and there is room for at least one more.
pub(crate) struct Request {
    /// What it begins with, and its random numbers.
    pub(crate) prompt: Prompt,
    /// How tokens are chosen.
    pub(crate) sampler: Box<dyn Sampler>,
    /// When it ends.
    pub(crate) ends: Ends,
}

/// The thread of a model. It ends when this is dropped and its last text has ended.
pub(crate) struct Engine {
    jobs: Sender<Job>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
    numbers: OfModel,
}

/// A text that grows. Whoever drops it is understood to have lost interest.
pub(crate) struct Growing {
    steps: UnboundedReceiver<Answer<Step>>,
}

/// A request on its way, and where its tokens go: as many as it asks for at most, so the channel is bounded.
struct Job {
    request: Request,
    steps: UnboundedSender<Answer<Step>>,
}

impl Engine {
    /// Starts the thread.
    pub(crate) fn start(name: &str, decoder: Decoder, limits: &Limits, numbers: OfModel) -> Self {
        let (jobs, incoming) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let room = positions(decoder.config(), limits.memory);
        let worker = work::Worker {
            incoming,
            waiting: Arc::clone(&waiting),
            // with room for nobody it would spin
            most: limits.answers.max(1),
            room,
            numbers: numbers.clone(),
        };
        let thread = std::thread::Builder::new().name(format!("engine of {name}"));
        if let Err(problem) = thread.spawn(move || worker.run(&decoder)) {
            tracing::error!(%problem, "no thread for the model {name}");
        }
        Self { jobs, waiting, most_waiting: limits.waiting, numbers }
    }

    /// Takes texts in, all or none: several answers to one request begin together.
    ///
    /// # Errors
    /// A refusal where too many wait already.
    pub(crate) fn submit(&self, requests: Vec<Request>) -> Answer<Vec<Growing>> {
        let before = self.waiting.fetch_add(requests.len(), Ordering::AcqRel);
        if before > 0 && before + requests.len() > self.most_waiting {
            self.waiting.fetch_sub(requests.len(), Ordering::AcqRel);
            return Err(Refusal::busy());
        }
        self.numbers.waiting.set((before + requests.len()) as i64);
        let submit = |request| {
            let (steps, growing) = unbounded_channel();
            let sent = self.jobs.send(Job { request, steps });
            sent.map_err(|_| Refusal::fault("the thread of a model has ended"))?;
            Ok(Growing { steps: growing })
        };
        requests.into_iter().map(submit).collect()
    }
}

impl Growing {
    /// The next token; nothing after the last one.
    pub(crate) async fn next(&mut self) -> Option<Answer<Step>> {
        self.steps.recv().await
    }

    /// The next token, if it is there already.
    pub(crate) fn ready(&mut self) -> Option<Answer<Step>> {
        self.steps.try_recv().ok()
    }
}

/// How many positions' keys and values lie in so much memory; one whole context at least.
fn positions(config: &Config, bytes: u64) -> usize {
    let numbers = 2 * config.layers * config.kv_heads * config.head_width();
    let positions = bytes / (4 * numbers as u64).max(1);
    usize::try_from(positions).unwrap_or(usize::MAX).max(config.context)
}
