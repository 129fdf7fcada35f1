//! What the thread of a model does.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};

use model::{Decoder, Decoding, Sampler};
use tokio::sync::mpsc::UnboundedSender;

use super::queue::{Queue, needs};
use super::{Job, OfModel};
use crate::serve::{Answer, Refusal};

/// Positions of prompts that are read a step, between two tokens of everybody else.
const READ_AT_ONCE: usize = 256;

pub(super) struct Worker {
    pub(super) incoming: Receiver<Job>,
    /// Requests that were taken in and have not begun.
    pub(super) waiting: Arc<AtomicUsize>,
    /// Texts that grow at once.
    pub(super) most: usize,
    /// Positions that are remembered at once.
    pub(super) room: usize,
    pub(super) numbers: OfModel,
}

/// A text at work.
struct Active {
    steps: UnboundedSender<Answer<model::Step>>,
    needs: usize,
}

impl Worker {
    /// Works until nobody can ask any more.
    pub(super) fn run(self, decoder: &Decoder) {
        let mut queue = Queue::default();
        while self.wait(&mut queue) {
            // a fresh one also after a fault or a panic, so that one bad step does not end the service; texts whose senders
            // a panic drops are told that they stopped before their end
            match catch_unwind(AssertUnwindSafe(|| self.decode(decoder, &mut queue))) {
                Ok(Ok(())) => continue,
                Ok(Err(problem)) => tracing::error!(%problem, "a step failed; its texts are given up"),
                Err(_) => tracing::error!("a step panicked; its texts are given up"),
            }
            self.numbers.growing.set(0);
        }
    }

    /// Waits for somebody to ask; false when nobody can any more.
    fn wait(&self, queue: &mut Queue) -> bool {
        if queue.is_empty() {
            let Ok(job) = self.incoming.recv() else { return false };
            queue.push(job);
        }
        true
    }

    /// Continues texts until none is left and nobody asks.
    fn decode(&self, decoder: &Decoder, queue: &mut Queue) -> model::Result<()> {
        // a quarter of the memory for texts that may be gone on with
        let known = self.room / 4;
        let room = self.room - known;
        let mut decoding: Decoding<'_, Box<dyn Sampler>> =
            Decoding::new(decoder).reading(READ_AT_ONCE).remembering(known);
        let mut active: BTreeMap<u64, Active> = BTreeMap::new();
        loop {
            let open = self.take_in(queue);
            self.begun(queue.forget_the_gone());
            self.admit(&mut decoding, queue, &mut active, room);
            let gone = active.iter().filter(|(_, text)| text.steps.is_closed());
            for row in gone.map(|(row, _)| *row).collect::<Vec<u64>>() {
                active.remove(&row);
                decoding.leave(row)?;
            }
            if decoding.is_empty() {
                if !open {
                    return Ok(());
                }
                // nothing to do: sleep until somebody asks; what is known stays known
                if !self.wait(queue) {
                    return Ok(());
                }
                continue;
            }
            let reused = decoding.reused();
            let steps = decoding.step().inspect_err(|problem| fail(&active, problem))?;
            self.numbers.reused_tokens.inc_by(decoding.reused() - reused);
            self.numbers.answer_tokens.inc_by(steps.len() as u64);
            for step in steps {
                let (row, ended) = (step.row, step.end.is_some());
                if let Some(text) = active.get(&row) {
                    // whoever is gone is let go before the next step
                    let _ = text.steps.send(Ok(step));
                }
                if ended {
                    active.remove(&row);
                }
            }
            self.numbers.growing.set(active.len() as i64);
        }
    }

    /// Takes in all requests that have come; false when no more can come.
    fn take_in(&self, queue: &mut Queue) -> bool {
        loop {
            match self.incoming.try_recv() {
                Ok(job) => queue.push(job),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Lets requests begin for which there is room.
    fn admit(
        &self,
        decoding: &mut Decoding<'_, Box<dyn Sampler>>,
        queue: &mut Queue,
        active: &mut BTreeMap<u64, Active>,
        room: usize,
    ) {
        while active.len() < self.most {
            let taken: usize = active.values().map(|text| text.needs).sum();
            let Some(job) = queue.next(room.saturating_sub(taken), active.is_empty()) else { break };
            self.begun(1);
            self.numbers.prompt_tokens.inc_by(job.request.prompt.ids.len() as u64);
            let needs = needs(&job);
            let Job { request, steps } = job;
            match decoding.join(request.prompt, request.sampler, request.ends) {
                Ok(row) => {
                    active.insert(row, Active { steps, needs });
                }
                Err(problem) => drop(steps.send(Err(Refusal::malformed(problem.to_string())))),
            }
        }
    }

    /// Notes that so many wait no more.
    fn begun(&self, requests: usize) {
        if requests > 0 {
            let before = self.waiting.fetch_sub(requests, Ordering::AcqRel);
            self.numbers.waiting.set(before.saturating_sub(requests) as i64);
        }
    }
}

/// Tells everybody that there will be no more.
fn fail(active: &BTreeMap<u64, Active>, problem: &model::Error) {
    for text in active.values() {
        let _ = text.steps.send(Err(Refusal::fault(problem)));
    }
}

#[cfg(test)]
mod tests {
    use model::{Config, Decoder, Greedy, Limits as Ends, Params, Prompt, Random, Sampler};

    use crate::serve::Limits;
    use crate::serve::engine::{Engine, Growing, Request};
    use crate::serve::metrics::Metrics;

    /// Fails in a way that nobody foresaw.
    struct Broken;

    impl Sampler for Broken {
        fn pick(&self, _: &[f32], _: &[u32], _: &mut Random) -> u32 {
            panic!("as this test wants it")
        }
    }

    /// Tokens of an answer, and whether it ended as answers do.
    fn read(mut growing: Growing) -> (usize, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut tokens, mut ended) = (0, false);
            while let Some(Ok(step)) = growing.next().await {
                tokens += 1;
                ended |= step.end.is_some();
            }
            (tokens, ended)
        })
    }

    #[test]
    fn a_panic_ends_the_texts_at_work_and_nothing_else() {
        let config =
            Config { vocabulary: 20, context: 32, width: 16, layers: 1, hidden: 32, ..Config::default() };
        let decoder = Decoder::new(&config, &Params::new(1), "").unwrap().detached();
        let engine = Engine::start("m", decoder, &Limits::default(), Metrics::new().of_model("m"));
        let ask = |sampler: Box<dyn Sampler>| {
            let ends = Ends { new_tokens: 4, context: 32, ..Ends::default() };
            let request = Request { prompt: Prompt { ids: vec![1, 2], seed: 1 }, sampler, ends };
            read(engine.submit(vec![request]).map(|mut growing| growing.remove(0)).ok().unwrap())
        };
        assert_eq!(ask(Box::new(Greedy)), (4, true));
        for _ in 0..2 {
            assert_eq!(ask(Box::new(Broken)), (0, false));
            assert_eq!(ask(Box::new(Greedy)), (4, true));
        }
    }
}
