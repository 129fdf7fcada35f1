//! The network, as planning and fetching see it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{Pin, Pins};
use shard::remote::{Options, Remote};

/// Asks servers what their URLs hold, after the mirror.
pub(crate) struct Network {
    pub(crate) mirror: Option<PathBuf>,
}

impl Pins for Network {
    fn pin(&self, url: &str) -> anyhow::Result<Pin> {
        let head = remote(self.mirror.as_deref(), Options::default().connections)?.head(url)?;
        let length =
            head.length.with_context(|| format!("{url} does not say its length, so it cannot be pinned"))?;
        Ok(Pin { url: url.to_owned(), length, etag: head.etag })
    }
}

/// A client that looks into the mirror first and keeps to `connections` at a time.
pub(crate) fn remote(mirror: Option<&Path>, connections: usize) -> anyhow::Result<Remote> {
    Ok(Remote::new(Options { mirror: mirror.map(Path::to_owned), connections, ..Options::default() })?)
}
