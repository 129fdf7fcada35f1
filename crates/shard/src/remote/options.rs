//! How to fetch.

use std::path::PathBuf;
use std::time::Duration;

/// How to fetch. None of it changes what is fetched.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name and contact of whoever asks; the operator of a crawl wants to know.
    pub user_agent: String,
    /// Requests at once, over all threads that share a [`Remote`](super::Remote).
    pub connections: usize,
    /// The least time between the beginnings of two requests, over all threads; whole files need none.
    pub spacing: Duration,
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
            spacing: Duration::ZERO,
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
