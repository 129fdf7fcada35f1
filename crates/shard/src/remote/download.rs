//! Requests until a file is whole.

use std::path::Path;

use futures_util::StreamExt;

use super::address::Address;
use super::answer::{self, Answer, Body, Meaning};
use super::partial::Partial;
use super::patience::{Patience, Trouble};
use super::{Fetched, Remote};
use crate::{Error, Result};

/// One file on its way.
pub(super) struct Download<'a> {
    remote: &'a Remote,
    url: &'a str,
    address: &'a Address,
    partial: Partial,
    patience: Patience<'a>,
    progress: &'a mut dyn FnMut(u64, Option<u64>),
}

/// How a request for the missing bytes ended, where asking again can help.
enum Attempt {
    Whole,
    Failed(Trouble),
    /// Of another version, which the answer may name.
    Changed(Answer),
}

impl<'a> Download<'a> {
    pub(super) fn new(
        remote: &'a Remote,
        url: &'a str,
        address: &'a Address,
        destination: &Path,
        progress: &'a mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Self> {
        let partial = Partial::open(destination, url)?;
        let patience = Patience::new(url, &remote.options);
        Ok(Self { remote, url, address, partial, patience, progress })
    }

    pub(super) async fn run(mut self) -> Result<Fetched> {
        let mut changed = false;
        while !self.partial.is_whole() {
            self.partial.rewind_unless_resumable()?;
            match self.attempt().await? {
                Attempt::Whole => break,
                Attempt::Failed(trouble) => {
                    self.patience.reached(self.partial.len());
                    self.patience.wait(&trouble).await?;
                }
                Attempt::Changed(answer) => {
                    let (url, was) = (self.url, self.partial.etag().unwrap_or("none").to_owned());
                    let now = answer.etag.unwrap_or_else(|| "another one".to_owned());
                    if changed {
                        return Err(Error::Changed { url: url.to_owned(), was, now });
                    }
                    tracing::warn!(url, was, now, "the remote file changed, beginning again");
                    changed = true;
                    self.partial.rewind()?;
                }
            }
        }
        let fetched = self.partial.finish()?;
        tracing::info!(url = self.url, bytes = fetched.bytes, "fetched");
        Ok(fetched)
    }

    /// One request for what is missing.
    async fn attempt(&mut self) -> Result<Attempt> {
        let mut request = self.address.request(http::Method::GET).await?;
        self.partial.ask_for_rest(&mut request);
        self.remote.turn().await;
        let asked = answer::ask(&self.remote.client, request, self.remote.options.idle).await;
        let (answer, body) = match asked {
            Ok(answered) => answered,
            Err(trouble) => return Ok(Attempt::Failed(trouble)),
        };
        self.patience.answered();
        match answer.meaning(self.url)? {
            Meaning::Busy(trouble) => return Ok(Attempt::Failed(trouble)),
            Meaning::Rest if self.partial.is_continued_by(&answer) => self.partial.go_on(&answer),
            Meaning::Whole if self.partial.len() == 0 => self.partial.begin(&answer)?,
            Meaning::Whole if self.partial.etag() == answer.etag.as_deref() => {
                tracing::warn!(url = self.url, "the server ignores ranges, beginning again");
                self.partial.begin(&answer)?;
            }
            Meaning::Rest | Meaning::Whole | Meaning::Changed => return Ok(Attempt::Changed(answer)),
        }
        self.receive(body).await
    }

    async fn receive(&mut self, body: Body) -> Result<Attempt> {
        let idle = self.remote.options.idle;
        let mut chunks = body.bytes_stream();
        let ended = loop {
            match tokio::time::timeout(idle, chunks.next()).await {
                Ok(Some(Ok(chunk))) if self.partial.has_room_for(&chunk) => {
                    self.partial.append(&chunk)?;
                    (self.progress)(self.partial.len(), self.partial.length());
                }
                Ok(Some(Ok(_))) => {
                    self.partial.rewind()?;
                    break "more bytes than announced; nothing is kept".to_owned();
                }
                Ok(Some(Err(error))) => break answer::describe(&error),
                Ok(None) if self.partial.length().is_none_or(|length| length == self.partial.len()) => {
                    return Ok(Attempt::Whole);
                }
                Ok(None) => break "the body ended early".to_owned(),
                Err(_) => break format!("no byte for {} s", idle.as_secs_f32()),
            }
        };
        let of = self.partial.length().map_or_else(String::new, |length| format!(" of {length}"));
        Ok(Attempt::Failed(Trouble::new(format!("{ended} at byte {}{of}", self.partial.len()))))
    }
}
