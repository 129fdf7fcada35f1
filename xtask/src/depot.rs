//! Object storage behind the store: `--depot`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use pipeline::{Depot, Error, Fault, Store};
use shard::remote::Bucket;

/// A bucket, as the store sees it.
#[derive(Debug)]
struct Shelf(Bucket);

impl Depot for Shelf {
    fn get(&self, name: &str, to: &Path) -> io::Result<bool> {
        self.0.get(name, to).map_err(trouble)
    }
    fn put(&self, name: &str, from: &Path) -> io::Result<bool> {
        self.0.put(name, from).map_err(trouble)
    }
    fn names(&self, below: &str) -> io::Result<Vec<String>> {
        self.0.names(below).map_err(trouble)
    }
}

/// A full disk stays one.
fn trouble(error: shard::Error) -> io::Error {
    match error {
        shard::Error::Io { source, .. } => source,
        error => io::Error::other(error),
    }
}

/// The store below `runs`, behind it the depot at a URL, if there is one; that it answers is seen now.
pub(crate) fn store(runs: &Path, depot: Option<&str>) -> anyhow::Result<Store> {
    let store = Store::open(runs)?;
    let Some(url) = depot else { return Ok(store) };
    let answers = Bucket::open(url).and_then(|bucket| bucket.names("work/nothing").map(|_| bucket));
    let bucket = answers.map_err(|error| {
        let fault = Fault::new(format!("the depot {url} does not answer")).got(error.to_string());
        let cure = "check the address, the network, and AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, \
                    AWS_SECRET_ACCESS_KEY";
        Error::Input(fault.expected("s3://bucket/prefix, or file:///directory").cure(cure))
    })?;
    Ok(store.behind(Arc::new(Shelf(bucket))))
}
