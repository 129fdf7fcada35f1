//! Files from `https://`, `http://` and `s3://`, fetched politely and resumed in mid-body.
//!
//! A crawl is 90,000 archives of a gigabyte each, kept by a charity. So: few connections, one request for a
//! whole file, waits that grow and never undercut `Retry-After`, refusals taken at their word, and no byte
//! asked for twice. Who needs single records asks for [ranges](Remote::range), and sets a pace. A fetched file
//! is one version of the remote one, or there is no file: what was fetched before an interruption, in this
//! process or an earlier one, is continued only under the same strong ETag.
//!
//! `object_store` brings the HTTP client and the signatures of S3; its own retries are off, because they hide
//! the headers that say how long to wait. An `s3://` address becomes a signed `https://` one, and from there
//! on there is one path. A [`Bucket`] is one's own and no charity's: there `object_store` tries again by itself.
//!
//! Calls block. Behind them is one private runtime, so that nothing else needs to know of async; do not call
//! from inside another one.
//!
//! | module | holds |
//! |---|---|
//! | `options` | how to fetch |
//! | `address` | what to ask, of whom: schemes, signatures, the place in a mirror |
//! | `answer` | one request and what its answer means |
//! | `download` | requests until a file is whole |
//! | `partial` | the file so far, and which version it is of |
//! | `range` | a few bytes out of the middle |
//! | `patience` | how long to wait, and when to give up |
//! | `bucket` | objects that machines share: put once, whole or not there |

mod address;
mod answer;
mod bucket;
mod download;
mod options;
mod partial;
mod patience;
mod range;

use std::path::{Path, PathBuf};

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, ReqwestConnector};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use self::address::Address;
use self::answer::Meaning;
pub use self::bucket::Bucket;
use self::download::Download;
pub use self::options::{Access, Options, S3};
use self::patience::Patience;
use self::range::Wanted;
use crate::{Error, Result};

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
    /// When the next request may begin.
    next: Mutex<Instant>,
    runtime: Runtime,
}

impl Remote {
    /// Prepares a client; nothing is asked yet.
    pub fn new(options: Options) -> Result<Self> {
        let broken = |detail: String| Error::Client { detail };
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
        let permits = Semaphore::new(options.connections.max(1));
        Ok(Self { permits, next: Mutex::new(Instant::now()), options, client, runtime })
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
        self.runtime.block_on(async {
            let _permit = self.permits.acquire().await.expect("never closed");
            Download::new(self, url, &address, destination, progress)?.run().await
        })
    }

    /// The `length` bytes of `url` from byte `from` on, and nothing else.
    ///
    /// One request a range, under [`Options::spacing`]. A file that ends before the range does is
    /// [`Error::OutOfRange`], and a server that sends whole files is [`Error::NoRanges`]: its answer is not
    /// cut to size, since a stranger's gigabyte would come first.
    pub fn range(&self, url: &str, from: u64, length: u64) -> Result<Vec<u8>> {
        let wanted = Wanted { url, from, length };
        let address = Address::parse(url, &self.options)?;
        if let Some(path) = self.mirrored(&address) {
            return wanted.read(&path);
        }
        if length == 0 {
            return Ok(Vec::new());
        }
        self.runtime.block_on(async {
            let _permit = self.permits.acquire().await.expect("never closed");
            wanted.ask(self, &address).await
        })
    }

    /// Waits until the pace allows another request.
    async fn turn(&self) {
        if self.options.spacing.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + self.options.spacing;
    }

    fn mirrored(&self, address: &Address) -> Option<PathBuf> {
        let path = self.options.mirror.as_ref()?.join(&address.place);
        if !path.is_file() {
            tracing::warn!(path = %path.display(), "not in the mirror, asking the server");
            return None;
        }
        Some(path)
    }

    async fn ask_head(&self, url: &str, address: &Address) -> Result<Head> {
        let _permit = self.permits.acquire().await.expect("never closed");
        let mut patience = Patience::new(url, &self.options);
        loop {
            let request = address.request(http::Method::HEAD).await?;
            self.turn().await;
            let trouble = match answer::ask(&self.client, request, self.options.idle).await {
                Err(trouble) => trouble,
                Ok((answer, _)) => {
                    patience.answered();
                    match answer.meaning(url)? {
                        Meaning::Busy(trouble) => trouble,
                        Meaning::Whole | Meaning::Rest => {
                            return Ok(Head { length: answer.length, etag: answer.etag });
                        }
                        // its length would be that of a page about the error
                        Meaning::Changed => {
                            let cure = "no version was asked for that could have changed; check the address";
                            return Err(answer.refusal(url, cure));
                        }
                    }
                }
            };
            patience.wait(&trouble).await?;
        }
    }
}
