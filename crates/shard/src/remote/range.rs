//! A few bytes out of the middle of a remote file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use futures_util::StreamExt;
use http::HeaderValue;
use http::header::RANGE;

use super::Remote;
use super::address::Address;
use super::answer::{self, Answer, Body, Meaning};
use super::patience::{Patience, Trouble};
use crate::{Error, Result};

/// The bytes `from..from + length` of one file.
pub(super) struct Wanted<'a> {
    pub(super) url: &'a str,
    pub(super) from: u64,
    pub(super) length: u64,
}

impl Wanted<'_> {
    /// Out of a file of the mirror.
    pub(super) fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let total = file.metadata().map_err(Error::io(path))?.len();
        if self.end().is_none_or(|end| end > total) {
            return Err(self.beyond(Some(total)));
        }
        file.seek(SeekFrom::Start(self.from)).map_err(Error::io(path))?;
        let mut bytes = Vec::new();
        file.take(self.length).read_to_end(&mut bytes).map_err(Error::io(path))?;
        Ok(bytes)
    }

    /// Over the network. A body that breaks off is asked for anew: it is small, and two versions never mix.
    pub(super) async fn ask(&self, remote: &Remote, address: &Address) -> Result<Vec<u8>> {
        let Some(last) = self.end().map(|end| end - 1) else { return Err(self.beyond(None)) };
        let range = HeaderValue::try_from(format!("bytes={}-{last}", self.from)).expect("digits are ASCII");
        let mut patience = Patience::new(self.url, &remote.options);
        loop {
            let mut request = address.request(http::Method::GET).await?;
            request.headers_mut().insert(RANGE, range.clone());
            remote.turn().await;
            let trouble = match answer::ask(&remote.client, request, remote.options.idle).await {
                Err(trouble) => trouble,
                Ok((answer, body)) => {
                    patience.answered();
                    match self.accept(&answer, last)? {
                        Err(trouble) => trouble,
                        Ok(()) => match self.receive(remote, body).await {
                            Ok(bytes) => return Ok(bytes),
                            Err(trouble) => trouble,
                        },
                    }
                }
            };
            patience.wait(&trouble).await?;
        }
    }

    /// Whether the body is what was asked for. A server may send a whole file instead, which is not.
    fn accept(&self, answer: &Answer, last: u64) -> Result<std::result::Result<(), Trouble>> {
        match answer.meaning(self.url)? {
            Meaning::Busy(trouble) => Ok(Err(trouble)),
            Meaning::Changed => Err(self.beyond(answer.length)),
            Meaning::Whole if self.from == 0 && answer.length == Some(self.length) => Ok(Ok(())),
            Meaning::Whole => Err(Error::NoRanges { url: self.url.to_owned() }),
            Meaning::Rest if answer.start == self.from && answer.last == Some(last) => Ok(Ok(())),
            // the rest of a shorter file
            Meaning::Rest
                if answer.start == self.from && answer.length.is_some_and(|total| total <= last) =>
            {
                Err(self.beyond(answer.length))
            }
            Meaning::Rest => Ok(Err(Trouble::new("the server sent another range".to_owned()))),
        }
    }

    async fn receive(&self, remote: &Remote, body: Body) -> std::result::Result<Vec<u8>, Trouble> {
        let idle = remote.options.idle;
        let mut bytes = Vec::new();
        let mut chunks = body.bytes_stream();
        let ended = loop {
            match tokio::time::timeout(idle, chunks.next()).await {
                Ok(Some(Ok(chunk))) if (bytes.len() + chunk.len()) as u64 <= self.length => {
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Some(Ok(_))) => break "more bytes than announced".to_owned(),
                Ok(Some(Err(error))) => break answer::describe(&error),
                Ok(None) if bytes.len() as u64 == self.length => return Ok(bytes),
                Ok(None) => break "the body ended early".to_owned(),
                Err(_) => break format!("no byte for {} s", idle.as_secs_f32()),
            }
        };
        Err(Trouble::new(format!("{ended} at byte {} of {} of a range", bytes.len(), self.length)))
    }

    /// The first byte behind the range, where numbers reach so far.
    fn end(&self) -> Option<u64> {
        self.from.checked_add(self.length)
    }

    fn beyond(&self, total: Option<u64>) -> Error {
        Error::OutOfRange { url: self.url.to_owned(), from: self.from, length: self.length, total }
    }
}
