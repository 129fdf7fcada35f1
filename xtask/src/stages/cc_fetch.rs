//! `cc-fetch`: archives of Common Crawl, fetched as it asks to be treated.
//!
//! Whole files over few connections; 429 and 503 wait, longer each time; what arrived survives a crash.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail, ensure};
use flate2::read::MultiGzDecoder;
use pipeline::{Found, Io, Output, Outside, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::remote::Remote;

use crate::network::remote;

/// WARC files that a list of paths names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CcFetch {
    /// URL or file of the list, plain or gzipped: one path a line.
    #[schemars(extend("source" = "https://commoncrawl.org/get-started"))]
    pub paths: String,
    /// What stands before each path.
    pub host: String,
    /// The first line to fetch, from 0.
    #[schemars(extend("unit" = "lines"))]
    pub first: usize,
    /// How many files to fetch; 0 fetches all that follow.
    #[schemars(extend("unit" = "files"))]
    pub count: usize,
    /// Files fetched at the same time.
    #[schemars(extend("unit" = "connections", "source" = "Common Crawl asks for few"))]
    pub connections: usize,
}

impl Default for CcFetch {
    fn default() -> Self {
        Self {
            paths: String::new(),
            host: "https://data.commoncrawl.org/".to_owned(),
            first: 0,
            count: 1,
            connections: 4,
        }
    }
}

impl Stage for CcFetch {
    fn signature(&self) -> Signature {
        Signature {
            writes: vec![Output::new("warc", "warc/1")],
            outside: vec![Outside::new("/paths", &self.paths)],
            ..Signature::exact(1)
        }
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        ensure!(
            (1..=4).contains(&self.connections),
            "`connections` is {}: 1 to 4 are polite",
            self.connections
        );
        Ok(vec![self.urls(io)?.len().div_ceil(self.connections)])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let urls = self.urls(io)?;
        let group: Vec<&String> =
            urls.iter().skip(task.part * self.connections).take(self.connections).collect();
        let directory = io.output("warc")?;
        let remote = remote(io.mirror(), self.connections)?;
        let length = AtomicU64::new(0);
        let fetched: Vec<anyhow::Result<String>> = std::thread::scope(|scope| {
            let (remote, directory, length) = (&remote, &directory, &length);
            let threads: Vec<_> = group
                .into_iter()
                .map(|url| scope.spawn(move || fetch(remote, url, directory, io, length)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| bail!("a download panicked")))
                .collect()
        });
        for name in fetched {
            io.add_file("warc", &name?)?;
            io.count("files", 1);
        }
        Ok(())
    }
}

impl CcFetch {
    /// The addresses that the settings choose from the list.
    fn urls(&self, io: &Io) -> anyhow::Result<Vec<String>> {
        let list = list(io)?;
        let file = File::open(&list).with_context(|| format!("cannot open {}", list.display()))?;
        let mut file = BufReader::new(file);
        let gzipped = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let mut text = String::new();
        let read = if gzipped {
            MultiGzDecoder::new(file).read_to_string(&mut text)
        } else {
            file.read_to_string(&mut text)
        };
        read.with_context(|| format!("the list {} cannot be read", self.paths))?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let most = if self.count == 0 { usize::MAX } else { self.count };
        let chosen = lines.iter().skip(self.first).take(most);
        let urls: Vec<String> = chosen
            .map(|path| format!("{}/{}", self.host.trim_end_matches('/'), path.trim_start_matches('/')))
            .collect();
        ensure!(
            !urls.is_empty(),
            "the list {} has {} lines, and `first` is {}",
            self.paths,
            lines.len(),
            self.first
        );
        let mut names = BTreeSet::new();
        for url in &urls {
            let name = name_of(url)?;
            ensure!(
                names.insert(name),
                "the list {} has two archives that are called {name}: each is a file of its own",
                self.paths
            );
        }
        Ok(urls)
    }
}

/// The list on this machine: fetched once, and what its pin says.
fn list(io: &Io) -> anyhow::Result<PathBuf> {
    let Some(Found::Url(pin)) = io.outside("/paths") else {
        return io.outside_files("/paths").pop().context("`paths` names no list");
    };
    let list = io.scratch()?.join("paths");
    if list.is_file() {
        return Ok(list);
    }
    // fetched beside its name, and named when it is what was pinned; processes that share the work fetch one each
    let arriving = list.with_extension(format!("arriving-{}", std::process::id()));
    let fetched = remote(io.mirror(), 1)?.fetch(&pin.url, &arriving, &mut |_, _| {})?;
    // a mirror knows no tags
    let other_tag = fetched.etag.is_some() && pin.etag.is_some() && fetched.etag != pin.etag;
    if fetched.bytes != pin.length || other_tag {
        std::fs::remove_file(&arriving)?;
        let version = |bytes: u64, etag: &Option<String>| {
            format!("{bytes} bytes, ETag {}", etag.as_deref().unwrap_or("none"))
        };
        bail!(
            "{} is another file than the one that was pinned ({} now, {} then); to take the new one, remove its entry from the lock file",
            pin.url,
            version(fetched.bytes, &fetched.etag),
            version(pin.length, &pin.etag)
        );
    }
    std::fs::rename(&arriving, &list)?;
    Ok(list)
}

/// What an archive is called here.
fn name_of(url: &str) -> anyhow::Result<&str> {
    let name = url.rsplit('/').next().filter(|name| !name.is_empty());
    name.with_context(|| format!("{url} names no file"))
}

/// Fetches one archive, unless an earlier attempt has it whole; returns its name.
fn fetch(
    remote: &Remote,
    url: &str,
    directory: &Path,
    io: &Io,
    length: &AtomicU64,
) -> anyhow::Result<String> {
    let name = name_of(url)?;
    let destination = directory.join(name);
    if destination.is_file() {
        return Ok(name.to_owned());
    }
    let (mut seen, mut announced) = (0, false);
    remote.fetch(url, &destination, &mut |so_far, of| {
        if let (Some(of), false) = (of, announced) {
            io.progress().length(length.fetch_add(of, Ordering::Relaxed) + of);
            announced = true;
        }
        io.progress().advance(so_far.saturating_sub(seen));
        seen = so_far;
    })?;
    Ok(name.to_owned())
}
