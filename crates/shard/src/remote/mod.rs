//! Files from `https://`, `http://` and `s3://`, fetched politely and resumed in mid-body.
//!
//! A crawl is 90,000 archives of a gigabyte each, kept by a charity. So: few connections, one request for a
//! whole file, waits that grow and never undercut `Retry-After`, refusals taken at their word, and no byte
//! asked for twice. A fetched file is one version of the remote one, or there is no file: what was fetched
//! before an interruption, in this process or an earlier one, is continued only under the same strong ETag.
//!
//! `object_store` brings the HTTP client and the signatures of S3; its own retries are off, because they hide
//! the headers that say how long to wait. An `s3://` address becomes a signed `https://` one, and from there
//! on there is one path.
//!
//! Calls block. Behind them is one private runtime, so that nothing else needs to know of async; do not call
//! from inside another one.
//!
//! | module | holds |
//! |---|---|
//! | `address` | what to ask, of whom: schemes, signatures, the place in a mirror |
//! | `answer` | one request and what its answer means |
//! | `partial` | the file so far, and which version it is of |
//! | `patience` | how long to wait, and when to give up |

mod address;
mod answer;
mod partial;
mod patience;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use self::address::Address;
use self::answer::{Answer, Body, Meaning};
use self::partial::Partial;
use self::patience::{Patience, Trouble};
use crate::{Error, Result};

/// How to fetch. None of it changes what is fetched.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name and contact of whoever asks; the operator of a crawl wants to know.
    pub user_agent: String,
    /// Requests at once, over all threads that share a [`Remote`].
    pub connections: usize,
    /// Attempts without progress before giving up.
    pub attempts: u32,
    /// The wait after a first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// Where the doubling ends.
    pub longest_wait: Duration,
    /// The longest `Retry-After` that is waited out; a server that asks for more ends the fetch.
    pub longest_retry_after: Duration,
    /// No byte for so long is a lost connection.
    pub idle: Duration,
    /// A directory that holds `host/path` of each file, looked into first: compute nodes often have no
    /// internet. For `s3://` the bucket is the host.
    pub mirror: Option<PathBuf>,
    /// Who asks for `s3://` addresses.
    pub s3: S3,
}

impl Default for Options {
    fn default() -> Self {
        let agent = concat!("deepdive/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");
        Self {
            user_agent: agent.to_owned(),
            connections: 4,
            attempts: 20,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            longest_retry_after: Duration::from_mins(10),
            idle: Duration::from_mins(1),
            mirror: None,
            s3: S3::default(),
        }
    }
}

/// How `s3://` addresses are asked for.
#[derive(Clone, Debug, Default)]
pub struct S3 {
    /// The server, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// The bucket's region, where the environment does not say it.
    pub region: Option<String>,
    /// Whether requests are signed.
    pub access: Access,
}

/// Whether requests to S3 are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// With the credentials that the usual `AWS_…` variables lead to.
    #[default]
    Signed,
    /// Not at all, for public buckets that allow it; Common Crawl's does not.
    Anonymous,
}

/// A remote file's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its length in bytes, where the server says it.
    pub length: Option<u64>,
    /// Its ETag, quotes included, where the server says it; a mirror has none.
    pub etag: Option<String>,
}

/// A file that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its length.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes, 64 hexadecimal digits.
    pub blake3: String,
    /// The ETag it came under.
    pub etag: Option<String>,
}

/// Fetches files. Threads may share one; together they keep to its number of connections.
#[derive(Debug)]
pub struct Remote {
    options: Options,
    client: HttpClient,
    permits: Semaphore,
    runtime: Runtime,
}

impl Remote {
    /// Prepares a client; nothing is asked yet.
    pub fn new(options: Options) -> Result<Self> {
        let broken = |detail: String| Error::Url { url: "HTTP client".to_owned(), detail };
        let agent =
            options.user_agent.parse().map_err(|_| broken("the user agent is not ASCII text".into()))?;
        let client = ClientOptions::new()
            .with_user_agent(agent)
            .with_allow_http(true)
            .with_timeout_disabled() // an archive takes as long as it takes; `idle` catches silence
            .with_connect_timeout(options.idle);
        let client =
            ReqwestConnector::default().connect(&client).map_err(|error| broken(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1) // it only moves bytes
            .thread_name("remote")
            .enable_all()
            .build()
            .map_err(|error| broken(error.to_string()))?;
        Ok(Self { permits: Semaphore::new(options.connections.max(1)), options, client, runtime })
    }

    /// Asks for length and ETag, to pin a version.
    pub fn head(&self, url: &str) -> Result<Head> {
        let address = Address::parse(url, &self.options)?;
        if let Some(path) = self.mirrored(&address) {
            let length = path.metadata().map_err(Error::io(&path))?.len();
            return Ok(Head { length: Some(length), etag: None });
        }
        self.runtime.block_on(self.ask_head(url, &address))
    }

    /// Fetches `url` to the file `destination`, which appears, or is replaced, when it is whole.
    ///
    /// Until then the bytes lie beside it in `NAME.part`, with a note of their version in `NAME.part.version`;
    /// a later call goes on from there. `progress` hears the bytes so far and, where known, of how many. One
    /// fetch a destination at a time: the caller holds the lock.
    pub fn fetch(
        &self,
        url: &str,
        destination: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Fetched> {
        let address = Address::parse(url, &self.options)?;
        if let Some(path) = self.mirrored(&address) {
            tracing::info!(url, mirror = %path.display(), "copied from the mirror");
            return partial::copy(&path, destination);
        }
        self.runtime.block_on(self.download(url, &address, destination, progress))
    }

    fn mirrored(&self, address: &Address) -> Option<PathBuf> {
        let path = self.options.mirror.as_ref()?.join(&address.place);
        path.is_file().then_some(path)
    }

    async fn ask_head(&self, url: &str, address: &Address) -> Result<Head> {
        let _permit = self.permits.acquire().await.expect("never closed");
        let mut patience = Patience::new(url, &self.options);
        loop {
            let request = address.request(http::Method::HEAD).await?;
            let trouble = match answer::ask(&self.client, request, self.options.idle).await {
                Err(trouble) => trouble,
                Ok((answer, _)) => match answer.meaning(url)? {
                    Meaning::Busy(trouble) => trouble,
                    Meaning::Whole | Meaning::Rest | Meaning::Changed => {
                        return Ok(Head { length: answer.length, etag: answer.etag });
                    }
                },
            };
            patience.wait(&trouble).await?;
        }
    }

    async fn download(
        &self,
        url: &str,
        address: &Address,
        destination: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Fetched> {
        let _permit = self.permits.acquire().await.expect("never closed");
        let mut partial = Partial::open(destination, url)?;
        let mut patience = Patience::new(url, &self.options);
        let mut changes = 0;
        while !partial.is_whole() {
            partial.rewind_unless_resumable()?;
            match self.attempt(url, address, &mut partial, progress).await? {
                Attempt::Whole => break,
                Attempt::Failed(trouble) => {
                    patience.reached(partial.len());
                    patience.wait(&trouble).await?;
                }
                Attempt::Changed { was, now } => {
                    changes += 1;
                    if changes > 1 {
                        return Err(Error::Changed { url: url.to_owned(), was, now });
                    }
                    tracing::warn!(url, was, now, "the remote file changed, beginning again");
                    partial.rewind()?;
                }
            }
        }
        let fetched = partial.finish()?;
        tracing::info!(url, bytes = fetched.bytes, "fetched");
        Ok(fetched)
    }

    /// One request for what is missing.
    async fn attempt(
        &self,
        url: &str,
        address: &Address,
        partial: &mut Partial,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Attempt> {
        let mut request = address.request(http::Method::GET).await?;
        partial.ask_for_rest(&mut request);
        let (answer, body) = match answer::ask(&self.client, request, self.options.idle).await {
            Ok(answered) => answered,
            Err(trouble) => return Ok(Attempt::Failed(trouble)),
        };
        match answer.meaning(url)? {
            Meaning::Busy(trouble) => return Ok(Attempt::Failed(trouble)),
            Meaning::Rest if partial.continues(&answer) => {} // the body is appended
            Meaning::Whole if partial.len() == 0 || partial.etag() == answer.etag.as_deref() => {
                if partial.len() > 0 {
                    tracing::warn!(url, "the server ignores ranges, beginning again");
                }
                partial.begin(&answer)?;
            }
            Meaning::Rest | Meaning::Whole | Meaning::Changed => return Ok(partial.changed(&answer)),
        }
        self.receive(body, partial, progress).await
    }

    async fn receive(
        &self,
        body: Body,
        partial: &mut Partial,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Attempt> {
        let mut chunks = body.bytes_stream();
        loop {
            let ended = match tokio::time::timeout(self.options.idle, chunks.next()).await {
                Ok(Some(Ok(chunk))) if partial.has_room_for(&chunk) => {
                    partial.append(&chunk)?;
                    progress(partial.len(), partial.length());
                    continue;
                }
                Ok(Some(Ok(_))) => {
                    partial.rewind()?;
                    "more bytes than announced; nothing is kept".to_owned()
                }
                Ok(None) if partial.length().is_none_or(|length| length == partial.len()) => {
                    return Ok(Attempt::Whole);
                }
                Ok(None) => "the body ended early".to_owned(),
                Ok(Some(Err(error))) => answer::describe(&error),
                Err(_) => format!("no byte for {} s", self.options.idle.as_secs_f32()),
            };
            let of = partial.length().map_or_else(String::new, |length| format!(" of {length}"));
            return Ok(Attempt::Failed(Trouble::new(format!("{ended} at byte {}{of}", partial.len()))));
        }
    }
}

/// How a request for the missing bytes ended, where asking again can help.
enum Attempt {
    Whole,
    Failed(Trouble),
    Changed { was: String, now: String },
}

impl Answer {
    /// The version for a message.
    fn version(&self) -> String {
        self.etag.clone().unwrap_or_else(|| "another one".to_owned())
    }
}
