//! What signing leaves of one part of a corpus: facts, ids, shingles, and runs of sorted keys.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Channel;
use super::runs::{Entry, Run, write_entry, write_file};
use crate::dedup::Signature;
use crate::error::On;
use crate::{Error, Result};

/// Bytes of a row of `facts`.
const ROW: usize = 40;
/// Bytes that a key takes while it waits to be sorted.
const WAITING: usize = size_of::<Entry>();
/// Most parts of which files are kept open.
const MOST_OPEN: usize = 100;

/// What is known of a signed document.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Its id; no two documents share one.
    pub id: &'a str,
    /// Length of its text. Of near duplicates the longest is kept.
    pub length: u64,
    /// Key shared by exact duplicates; see [`text_key`](crate::dedup::text_key).
    pub text_key: u128,
    /// Key shared by documents of one address, where those count; see [`address_key`](crate::dedup::address_key).
    pub address_key: Option<u128>,
    /// Its signature, if it has one.
    pub signature: Option<&'a Signature>,
    /// Hashes of its shingles, in any order, for verification; else empty.
    pub shingles: &'a [u64],
}

/// Writes one part.
pub struct PartWriter {
    folder: PathBuf,
    facts: BufWriter<File>,
    ids: BufWriter<File>,
    shingles: BufWriter<File>,
    ends: [u64; 2],
    next: u32,
    /// Keys of each channel that wait to be sorted.
    waiting: Vec<Vec<Entry>>,
    /// Documents whose keys may wait.
    most_waiting: usize,
    documents_waiting: usize,
    runs: usize,
    distinct: Vec<u64>,
}

impl PartWriter {
    /// A new part in `folder`, whatever was there before. Its first document has the number `first`; numbers go on
    /// from part to part. Keys of `bands` bands may wait in `memory` bytes to be sorted.
    pub fn create(folder: &Path, first: u32, bands: usize, memory: usize) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).on("remove", folder)?;
        }
        fs::create_dir_all(folder).on("create", folder)?;
        let file = |name: &str| {
            let path = folder.join(name);
            File::create(&path).on("create", &path).map(|file| BufWriter::with_capacity(1 << 16, file))
        };
        let channels = 2 + bands;
        Ok(Self {
            folder: folder.to_owned(),
            facts: file("facts")?,
            ids: file("ids")?,
            shingles: file("shingles")?,
            ends: [0; 2],
            next: first,
            waiting: vec![vec![]; channels],
            most_waiting: (memory / (WAITING * channels)).max(1),
            documents_waiting: 0,
            runs: 0,
            distinct: vec![],
        })
    }

    /// Adds the next document.
    pub fn push(&mut self, document: &Signed<'_>) -> Result<()> {
        self.distinct.clear();
        self.distinct.extend_from_slice(document.shingles);
        self.distinct.sort_unstable();
        self.distinct.dedup();
        self.ends[0] += document.id.len() as u64;
        self.ends[1] += self.distinct.len() as u64;
        let fact = Fact {
            length: document.length,
            text_key: document.text_key,
            id_end: self.ends[0],
            shingles_end: self.ends[1],
        };
        self.facts.write_all(&fact.to_bytes()).on("write", &self.folder)?;
        self.ids.write_all(document.id.as_bytes()).on("write", &self.folder)?;
        for shingle in &self.distinct {
            self.shingles.write_all(&shingle.to_le_bytes()).on("write", &self.folder)?;
        }
        let number = self.next;
        self.next = number.checked_add(1).ok_or(Error::TooManyDocuments)?;
        let most = self.most_waiting;
        let mut wait = |channel: Channel, key: u128| {
            let waiting = &mut self.waiting[channel.section()];
            if waiting.len() == waiting.capacity() {
                // doubled, but never beyond what may wait
                waiting.reserve_exact(waiting.len().max(64).min(most.saturating_sub(waiting.len())).max(1));
            }
            waiting.push((key, number));
        };
        wait(Channel::Text, document.text_key);
        if let Some(key) = document.address_key {
            wait(Channel::Address, key);
        }
        for (band, &key) in document.signature.iter().flat_map(|signature| signature.0.iter().enumerate()) {
            wait(Channel::Band(band), u128::from(key));
        }
        self.documents_waiting += 1;
        if self.documents_waiting >= self.most_waiting { self.write_run() } else { Ok(()) }
    }

    /// Sorts what waits and writes it: how many sections there are, where each ends, then the sections.
    fn write_run(&mut self) -> Result<()> {
        let path = self.folder.join(format!("keys-{:05}", self.runs));
        let channels = self.waiting.len();
        let widths =
            [Channel::Text, Channel::Address].into_iter().chain((0..channels - 2).map(Channel::Band));
        write_file(&path, |out| {
            out.write_all(&(channels as u64).to_le_bytes()).on("write", &path)?;
            let mut end = 8 * (1 + channels as u64);
            for (channel, entries) in widths.clone().zip(&mut self.waiting) {
                entries.sort_unstable();
                end += (entries.len() * (channel.width() + 4)) as u64;
                out.write_all(&end.to_le_bytes()).on("write", &path)?;
            }
            for (channel, entries) in widths.zip(&mut self.waiting) {
                for entry in entries.drain(..) {
                    write_entry(out, channel.width(), entry).on("write", &path)?;
                }
            }
            Ok(())
        })?;
        self.runs += 1;
        self.documents_waiting = 0;
        Ok(())
    }

    /// Writes what waits. A part that was not finished is no part.
    pub fn finish(mut self) -> Result<()> {
        if self.documents_waiting > 0 {
            self.write_run()?;
        }
        for mut file in [self.facts, self.ids, self.shingles] {
            file.flush().and_then(|()| file.get_ref().sync_all()).on("write", &self.folder)?;
        }
        Ok(())
    }
}

/// What a part's table says of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Length of its text.
    pub length: u64,
    /// Key shared by exact duplicates.
    pub text_key: u128,
    id_end: u64,
    shingles_end: u64,
}

impl Fact {
    fn to_bytes(self) -> [u8; ROW] {
        let mut bytes = [0; ROW];
        bytes[..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.text_key.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.id_end.to_le_bytes());
        bytes[32..].copy_from_slice(&self.shingles_end.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; ROW]) -> Self {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let text_key = u128::from_le_bytes(bytes[8..24].try_into().expect("sixteen bytes"));
        Self { length: word(0), text_key, id_end: word(24), shingles_end: word(32) }
    }
}

/// All finished parts of a corpus, in the order of their numbers.
pub struct Parts {
    folders: Vec<PathBuf>,
    /// Number of the first document of each part, and the number of all.
    starts: Vec<u32>,
    open: RefCell<Vec<Option<[File; 3]>>>,
}

impl Parts {
    /// The parts in `folders`.
    pub fn open(folders: Vec<PathBuf>) -> Result<Self> {
        let (mut starts, mut next) = (vec![0], 0u32);
        for folder in &folders {
            let path = folder.join("facts");
            let rows = fs::metadata(&path).on("read", &path)?.len() / ROW as u64;
            let rows = u32::try_from(rows).map_err(|_| Error::TooManyDocuments)?;
            next = next.checked_add(rows).ok_or(Error::TooManyDocuments)?;
            starts.push(next);
        }
        let open = RefCell::new(folders.iter().map(|_| None).collect());
        Ok(Self { folders, starts, open })
    }

    /// Number of documents.
    pub fn documents(&self) -> u32 {
        self.starts[self.folders.len()]
    }

    /// Numbers of the documents of `part`.
    pub fn numbers(&self, part: usize) -> std::ops::Range<u32> {
        self.starts[part]..self.starts[part + 1]
    }

    /// What is known of a document.
    pub fn fact(&self, document: u32) -> Result<Fact> {
        let (part, row) = self.locate(document);
        let mut bytes = [0; ROW];
        self.read(part, 0, (row * ROW) as u64, &mut bytes)?;
        Ok(Fact::from_bytes(&bytes))
    }

    /// The id of a document.
    pub fn id(&self, document: u32) -> Result<String> {
        let (part, start, end) = self.span(document, |fact| fact.id_end)?;
        let mut bytes = vec![0; (end - start) as usize];
        self.read(part, 1, start, &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Hashes of its shingles, sorted and distinct.
    pub(super) fn shingles(&self, document: u32, shingles: &mut Vec<u64>) -> Result<()> {
        let (part, start, end) = self.span(document, |fact| fact.shingles_end)?;
        let mut bytes = vec![0; 8 * (end - start) as usize];
        self.read(part, 2, 8 * start, &mut bytes)?;
        shingles.clear();
        shingles.extend(bytes.as_chunks::<8>().0.iter().map(|&bytes| u64::from_le_bytes(bytes)));
        Ok(())
    }

    /// Calls `each` for all documents in order.
    pub(super) fn scan(&self, mut each: impl FnMut(u32, Fact) -> Result<()>) -> Result<()> {
        for (part, folder) in self.folders.iter().enumerate() {
            let path = folder.join("facts");
            let mut reader = BufReader::with_capacity(1 << 18, File::open(&path).on("open", &path)?);
            for document in self.numbers(part) {
                let mut bytes = [0; ROW];
                reader.read_exact(&mut bytes).on("read", &path)?;
                each(document, Fact::from_bytes(&bytes))?;
            }
        }
        Ok(())
    }

    /// All runs of one channel.
    pub(super) fn runs(&self, channel: Channel) -> Result<Vec<Run>> {
        let mut runs = vec![];
        for folder in &self.folders {
            for number in 0.. {
                let path = folder.join(format!("keys-{number:05}"));
                if !path.exists() {
                    break;
                }
                let section = channel.section() as u64;
                let file = File::open(&path).on("open", &path)?;
                let word = |at: u64| {
                    let mut bytes = [0; 8];
                    file.read_exact_at(&mut bytes, 8 * at)
                        .on("read", &path)
                        .map(|()| u64::from_le_bytes(bytes))
                };
                let channels = word(0)?;
                if section >= channels {
                    continue;
                }
                let start = if section == 0 { 8 * (1 + channels) } else { word(section)? };
                let bytes = word(1 + section)? - start;
                if bytes > 0 {
                    runs.push(Run { path, start, bytes, width: channel.width() });
                }
            }
        }
        Ok(runs)
    }

    fn locate(&self, document: u32) -> (usize, usize) {
        let part = self.starts.partition_point(|&start| start <= document) - 1;
        (part, (document - self.starts[part]) as usize)
    }

    /// Where something of a document lies that follows that of the one before.
    fn span(&self, document: u32, end: impl Fn(Fact) -> u64) -> Result<(usize, u64, u64)> {
        let (part, row) = self.locate(document);
        let start = if row == 0 { 0 } else { end(self.fact(document - 1)?) };
        Ok((part, start, end(self.fact(document)?)))
    }

    fn read(&self, part: usize, file: usize, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let mut open = self.open.borrow_mut();
        let folder = &self.folders[part];
        if open[part].is_none() {
            if open.iter().flatten().count() >= MOST_OPEN {
                open.fill_with(|| None);
            }
            let file = |name: &str| File::open(folder.join(name)).on("open", folder);
            open[part] = Some([file("facts")?, file("ids")?, file("shingles")?]);
        }
        let files = open[part].as_ref().expect("it was just opened");
        files[file].read_exact_at(bytes, offset).on("read", folder)
    }
}
