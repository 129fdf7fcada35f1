//! How long to wait, and when to give up.

use std::time::Duration;

use super::Options;
use crate::{Error, Result};

/// So many new bytes are progress; a server that yields less each time is failing.
const PROGRESS_BYTES: u64 = 1 << 20;

/// Attempts to reach a server that has not answered once: the address may well be wrong.
const FIRST_CONTACT: u32 = 5;

/// Something that waiting may cure.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) what: String,
    /// How long the server wants us to wait.
    pub(super) wait: Option<Duration>,
}

impl Trouble {
    pub(super) fn new(what: String) -> Self {
        Self { what, wait: None }
    }
}

/// Counts failures of one fetch.
pub(super) struct Patience<'a> {
    url: &'a str,
    options: &'a Options,
    failures: u32,
    answered: bool,
    best: u64,
}

impl<'a> Patience<'a> {
    pub(super) fn new(url: &'a str, options: &'a Options) -> Self {
        Self { url, options, failures: 0, answered: false, best: 0 }
    }

    /// Notes that there is a server.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Notes how far the file has come. Only a new best counts, so a fetch that begins again and again ends.
    pub(super) fn reached(&mut self, bytes: u64) {
        if bytes >= self.best + PROGRESS_BYTES {
            self.best = bytes;
            self.failures = 0;
        }
    }

    /// Waits before the next attempt, or gives up.
    pub(super) async fn wait(&mut self, trouble: &Trouble) -> Result<()> {
        self.failures += 1;
        let asked = trouble.wait.unwrap_or_default();
        let attempts =
            if self.answered { self.options.attempts } else { self.options.attempts.min(FIRST_CONTACT) };
        if self.failures >= attempts || asked > self.options.longest_retry_after {
            let mut last = trouble.what.clone();
            if let Some(wait) = trouble.wait {
                last = format!("{last} and asks to wait {} s", wait.as_secs());
            }
            if !self.answered {
                last = format!("{last} (is the address right, and the network there?)");
            }
            return Err(Error::GaveUp { url: self.url.to_owned(), attempts: self.failures, last });
        }
        let wait = self.pause().max(asked);
        let (url, what, attempt) = (self.url, &trouble.what, self.failures);
        tracing::warn!(url, attempt, wait_s = wait.as_secs_f32(), "{what}; waiting");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// `first · 2^(failures − 1)`, up to the longest.
    fn pause(&self) -> Duration {
        let doublings = (self.failures - 1).min(20);
        self.options.first_wait.saturating_mul(1 << doublings).min(self.options.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let options = Options::default();
        let mut patience = Patience::new("", &options);
        let waits: Vec<_> = (1..=9)
            .map(|failures| {
                patience.failures = failures;
                patience.pause().as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        patience.failures = u32::MAX;
        assert_eq!(patience.pause().as_secs(), 60);
    }

    #[test]
    fn only_a_new_best_is_progress() {
        let options = Options::default();
        let mut patience = Patience::new("", &options);
        patience.failures = 5;
        patience.reached(PROGRESS_BYTES - 1);
        assert_eq!(patience.failures, 5);
        patience.reached(3 * PROGRESS_BYTES);
        assert_eq!(patience.failures, 0);
        patience.failures = 5;
        patience.reached(2 * PROGRESS_BYTES);
        assert_eq!(patience.failures, 5, "it had come further before");
    }
}
