//! Sorted runs of keys on disk, and their merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::error::On;

/// A key and the document that has it.
pub(super) type Entry = (u128, u32);

/// Bytes of a document's number.
const NUMBER: usize = 4;

/// Most runs merged at once: a process may have about a thousand files open.
const MOST_RUNS: usize = 256;
/// A reader's share of memory below which fewer runs are merged at once.
const LEAST_BUFFER: usize = 16 << 10;

/// Sorted entries somewhere in a file; keys take `width` bytes.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) path: PathBuf,
    pub(super) start: u64,
    pub(super) bytes: u64,
    pub(super) width: usize,
}

pub(super) fn write_entry(out: &mut impl Write, width: usize, (key, document): Entry) -> io::Result<()> {
    let mut bytes = [0; 16 + NUMBER];
    bytes[..width].copy_from_slice(&key.to_le_bytes()[..width]);
    bytes[width..width + NUMBER].copy_from_slice(&document.to_le_bytes());
    out.write_all(&bytes[..width + NUMBER])
}

/// Writes a whole file and syncs it, so that whoever is told of it finds it after a power cut.
pub(super) fn write_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    write_scratch(path, write)?.sync_all().on("sync", path)
}

/// Writes a whole file that nobody else will read.
fn write_scratch(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<File> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).on("create", parent)?;
    }
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path).on("create", path)?);
    write(&mut out)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error).on("write", path)
}

struct Source {
    reader: BufReader<Take<File>>,
    path: PathBuf,
    width: usize,
}

impl Source {
    fn open(run: &Run, buffer: usize) -> Result<Self> {
        let mut file = File::open(&run.path).on("open", &run.path)?;
        file.seek(SeekFrom::Start(run.start)).on("read", &run.path)?;
        let reader = BufReader::with_capacity(buffer, file.take(run.bytes));
        Ok(Self { reader, path: run.path.clone(), width: run.width })
    }

    fn next(&mut self) -> Result<Option<Entry>> {
        if self.reader.buffer().is_empty()
            && io::BufRead::fill_buf(&mut self.reader).on("read", &self.path)?.is_empty()
        {
            return Ok(None);
        }
        let (mut key, mut document) = ([0; 16], [0; NUMBER]);
        let key_read = self.reader.read_exact(&mut key[..self.width]);
        key_read.and_then(|()| self.reader.read_exact(&mut document)).on("read", &self.path)?;
        Ok(Some((u128::from_le_bytes(key), u32::from_le_bytes(document))))
    }
}

/// Entries of several runs in order.
pub(super) struct Merge {
    heap: BinaryHeap<Reverse<(Entry, usize)>>,
    sources: Vec<Source>,
}

impl Merge {
    fn open(runs: &[Run], buffer: usize) -> Result<Self> {
        let mut sources = runs.iter().map(|run| Source::open(run, buffer)).collect::<Result<Vec<_>>>()?;
        let mut heap = BinaryHeap::with_capacity(sources.len());
        for (at, source) in sources.iter_mut().enumerate() {
            heap.extend(source.next()?.map(|entry| Reverse((entry, at))));
        }
        Ok(Self { heap, sources })
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>> {
        let Some(mut top) = self.heap.peek_mut() else { return Ok(None) };
        let Reverse((entry, at)) = *top;
        match self.sources[at].next()? {
            Some(next) => *top = Reverse((next, at)),
            None => drop(PeekMut::pop(top)),
        }
        Ok(Some(entry))
    }
}

/// Merges any number of runs within about `memory` bytes; what does not fit one pass goes through files in `work`.
pub(super) fn merge(mut runs: Vec<Run>, memory: usize, work: &Path) -> Result<Merge> {
    let at_once = (memory / LEAST_BUFFER).clamp(2, MOST_RUNS);
    let buffer = (memory / at_once).clamp(4 << 10, 1 << 20);
    for pass in 0.. {
        if runs.len() <= at_once {
            break;
        }
        let mut merged = vec![];
        for (at, some) in runs.chunks(at_once).enumerate() {
            let path = work.join(format!("pass-{pass}-{at:05}"));
            let width = some[0].width;
            write_scratch(&path, |out| {
                let mut merge = Merge::open(some, buffer)?;
                while let Some(entry) = merge.next()? {
                    write_entry(out, width, entry).on("write", &path)?;
                }
                Ok(())
            })?;
            let bytes = fs::metadata(&path).on("read", &path)?.len();
            merged.push(Run { path, start: 0, bytes, width });
        }
        // those of the pass before are read
        for run in runs.iter().filter(|run| run.path.starts_with(work)) {
            fs::remove_file(&run.path).on("remove", &run.path)?;
        }
        runs = merged;
    }
    Merge::open(&runs, buffer)
}
