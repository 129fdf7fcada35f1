//! The file so far, and which version of the remote one it is a part of.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use http::HeaderValue;
use http::header::{IF_MATCH, RANGE};
use object_store::client::HttpRequest;

use super::Fetched;
use super::answer::Answer;
use crate::hashing::{Hasher, Hashing};
use crate::writer::{Temporary, sync_directory_of};
use crate::{Error, Result};

/// A download in progress: `NAME.part`, and beside it `NAME.part.version` with address, length and ETag, a
/// line each. The note is written before the first byte it speaks of, and a note that does not fit or is
/// torn means beginning again.
pub(super) struct Partial {
    destination: PathBuf,
    path: PathBuf,
    note: PathBuf,
    url: String,
    file: File,
    hasher: Hasher,
    length: Option<u64>,
    etag: Option<String>,
}

impl Partial {
    /// Goes on where an earlier process stopped, or begins.
    pub(super) fn open(destination: &Path, url: &str) -> Result<Self> {
        let path = beside(destination, ".part");
        let note = beside(destination, ".part.version");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(Error::io(&path))?;
        let (length, etag) = recall(&note, url).unwrap_or_default();
        let (destination, url) = (destination.to_path_buf(), url.to_owned());
        let hasher = Hasher::default();
        let mut partial = Self { destination, path, note, url, file, hasher, length, etag };
        if partial.is_strong() {
            partial.hasher.read(&mut partial.file).map_err(Error::io(&partial.path))?;
        }
        if !partial.is_strong() || partial.length.is_some_and(|length| partial.len() > length) {
            partial.rewind()?;
        }
        Ok(partial)
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.hasher.bytes()
    }

    /// Bytes of the whole, where known.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_strong() && self.length == Some(self.len())
    }

    /// Only a strong ETag promises equal bytes (RFC 9110, 8.8.1).
    fn is_strong(&self) -> bool {
        self.etag.as_ref().is_some_and(|etag| etag.starts_with('"'))
    }

    /// Begins again where nothing says that the rest would fit.
    pub(super) fn rewind_unless_resumable(&mut self) -> Result<()> {
        if self.len() > 0 && !self.is_strong() { self.rewind() } else { Ok(()) }
    }

    /// Forgets everything.
    pub(super) fn rewind(&mut self) -> Result<()> {
        self.hasher = Hasher::default();
        (self.length, self.etag) = (None, None);
        let empty = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        empty.map(|_| ()).map_err(Error::io(&self.path))
    }

    /// Narrows a request to the bytes that are missing, of the same version.
    pub(super) fn ask_for_rest(&self, request: &mut HttpRequest) {
        let Some(etag) = self.etag.as_ref().filter(|_| self.len() > 0 && self.is_strong()) else { return };
        let range = HeaderValue::try_from(format!("bytes={}-", self.len())).expect("digits are ASCII");
        if let Ok(etag) = HeaderValue::try_from(etag.as_str()) {
            request.headers_mut().insert(RANGE, range);
            request.headers_mut().insert(IF_MATCH, etag);
        }
    }

    /// Whether a partial response begins where this file ends, and is of the same version.
    pub(super) fn is_continued_by(&self, answer: &Answer) -> bool {
        let same_length = self.length.is_none() || answer.length == self.length;
        self.len() > 0 && answer.start == self.len() && answer.etag == self.etag && same_length
    }

    /// Goes on with such a response, which may be the first to name the length.
    pub(super) fn go_on(&mut self, answer: &Answer) {
        self.length = answer.length;
    }

    /// Begins with a response that holds the whole file.
    pub(super) fn begin(&mut self, answer: &Answer) -> Result<()> {
        self.rewind()?;
        (self.length, self.etag) = (answer.length, answer.etag.clone());
        if self.length.is_none() {
            tracing::warn!(url = self.url, "the server names no length");
        }
        let length = self.length.map(|length| length.to_string()).unwrap_or_default();
        let note = format!("{}\n{length}\n{}\n", self.url, self.etag.as_deref().unwrap_or_default());
        fs::write(&self.note, note).map_err(Error::io(&self.note))
    }

    /// Whether `chunk` stays within the announced length.
    pub(super) fn has_room_for(&self, chunk: &[u8]) -> bool {
        self.length.is_none_or(|length| self.len() + chunk.len() as u64 <= length)
    }

    pub(super) fn append(&mut self, chunk: &[u8]) -> Result<()> {
        self.file.write_all(chunk).map_err(Error::io(&self.path))?;
        self.hasher.update(chunk);
        Ok(())
    }

    /// Gives the file its name, down to the disk.
    pub(super) fn finish(self) -> Result<Fetched> {
        self.file.sync_all().map_err(Error::io(&self.path))?;
        fs::rename(&self.path, &self.destination).map_err(Error::io(&self.destination))?;
        sync_directory_of(&self.destination)?;
        // without the part a leftover note is harmless
        let _ = fs::remove_file(&self.note);
        let digest = self.hasher.finish();
        Ok(Fetched { bytes: digest.bytes, blake3: digest.blake3, etag: self.etag })
    }
}

/// Copies a file of the mirror.
pub(super) fn copy(from: &Path, destination: &Path) -> Result<Fetched> {
    let temporary = Temporary { path: beside(destination, ".part") };
    let mut source = File::open(from).map_err(Error::io(from))?;
    let copy = File::create(&temporary.path).map_err(Error::io(&temporary.path))?;
    let mut copy = Hashing::new(copy);
    std::io::copy(&mut source, &mut copy).map_err(Error::io(&temporary.path))?;
    copy.inner.sync_all().map_err(Error::io(&temporary.path))?;
    temporary.rename(destination)?;
    let digest = copy.digest();
    Ok(Fetched { bytes: digest.bytes, blake3: digest.blake3, etag: None })
}

/// Length and ETag from a note about `url`.
fn recall(note: &Path, url: &str) -> Option<(Option<u64>, Option<String>)> {
    let text = fs::read_to_string(note).ok()?;
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (whose, length, etag) = (lines.next()?, lines.next()?, lines.next()?);
    let etag = Some(etag).filter(|etag| !etag.is_empty());
    (whose == url && lines.next().is_none()).then(|| (length.parse().ok(), etag.map(str::to_owned)))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or(OsStr::new("download")).to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}
