//! Block lists, read from the files that datatrove and the Toulouse collection (UT1) ship.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::address::{domain_key, id_key, letters_and_digits, taken_host_key, url_key};
use super::compiled::CompiledLists;
use super::keys::Keys;
use super::lines::{self, Line};
use crate::error::{Error, Result};

const KNOWN: &str = "`domains`, `urls`, `banned_words.txt`, `soft_banned_words.txt`, `banned_subwords.txt`, \
                     `takedown.txt`, or folders with such files";

/// What a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Registered domains and hosts, one a line, or lines of a hosts file.
    Domains,
    /// Whole addresses, with or without scheme.
    Urls,
    /// Words any one of which blocks an address.
    HardWords,
    /// Words several of which block an address.
    SoftWords,
    /// Strings that block an address wherever they stand in it, marks left out.
    Subwords,
    /// Addresses, hosts (with all below them) and ids of documents that must go, whatever else is set.
    Takedown,
}

/// The files of a directory of lists.
const FILES: [(&str, ListKind); 6] = [
    ("domains", ListKind::Domains),
    ("urls", ListKind::Urls),
    ("banned_words.txt", ListKind::HardWords),
    ("soft_banned_words.txt", ListKind::SoftWords),
    ("banned_subwords.txt", ListKind::Subwords),
    ("takedown.txt", ListKind::Takedown),
];

fn kind_of(path: &Path) -> Option<ListKind> {
    let name = path.file_name()?;
    FILES.iter().find(|(known, _)| name == *known).map(|(_, kind)| *kind)
}

/// What to block, while it is collected; [`compile`](Self::compile) makes it ready to be asked.
///
/// In all lists blank lines and those that begin with `#` are skipped. Lines that hold no entry are
/// [counted](Self::ignored), except in a list of takedowns, where they are an error: somebody relies on them.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    domains: Vec<u64>,
    urls: Vec<u64>,
    takedown: Vec<u64>,
    hard_words: FxHashSet<String>,
    soft_words: FxHashSet<String>,
    subwords: FxHashSet<String>,
    ignored: u64,
}

impl Lists {
    /// Reads a directory: datatrove's files, and such files of each folder in it (UT1 categories).
    pub fn load(directory: &Path) -> Result<Self> {
        let failed = |source| Error::ReadList { path: directory.to_owned(), source };
        let entries: std::io::Result<Vec<_>> = fs::read_dir(directory).map_err(failed)?.collect();
        let mut folders: Vec<_> = entries.map_err(failed)?.iter().map(fs::DirEntry::path).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders.insert(0, directory.to_owned());
        let files = folders.iter().flat_map(|folder| FILES.map(|(name, _)| folder.join(name)));
        let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
        if files.is_empty() {
            return Err(Error::NoLists { path: directory.to_owned(), expected: KNOWN });
        }
        let mut lists = Self::default();
        lists.add_files(&files)?;
        Ok(lists)
    }

    /// Adds files by what their names say they are; returns those whose names say nothing.
    ///
    /// Room is made once for all, so that reading takes eight bytes an entry and no more.
    pub fn add_files<'p>(&mut self, paths: &'p [PathBuf]) -> Result<Vec<&'p Path>> {
        let (mut unknown, mut room) = (vec![], [0; 3]);
        for path in paths {
            match kind_of(path) {
                None => unknown.push(path.as_path()),
                Some(kind) => {
                    if let Some(slot) = slot(kind) {
                        room[slot] += read(path, lines::count_lines)?;
                    }
                }
            }
        }
        for (keys, room) in [&mut self.domains, &mut self.urls, &mut self.takedown].into_iter().zip(room) {
            keys.reserve_exact(room);
        }
        for path in paths {
            self.add_file(path)?;
        }
        Ok(unknown)
    }

    /// Adds one file by what its name says it is; `false` for a name that says nothing.
    pub fn add_file(&mut self, path: &Path) -> Result<bool> {
        let Some(kind) = kind_of(path) else { return Ok(false) };
        let junk = read(path, |file| self.add(kind, file))?;
        if kind == ListKind::Takedown && junk > 0 {
            return Err(Error::Takedown { path: path.to_owned(), lines: junk });
        }
        Ok(true)
    }

    /// Adds a list of this kind, read line by line; returns how many of its lines hold no entry.
    pub fn add(&mut self, kind: ListKind, source: impl Read) -> std::io::Result<u64> {
        let mut junk = 0;
        lines::for_each_line(source, |line| {
            let taken = match line {
                Line::Text(text) => self.add_line(kind, text),
                Line::Junk => false,
            };
            junk += u64::from(!taken);
        })?;
        self.ignored += junk;
        Ok(junk)
    }

    fn add_line(&mut self, kind: ListKind, line: &str) -> bool {
        let words = match kind {
            ListKind::Domains => return lines::hosts(line, |host| self.domains.push(domain_key(host))),
            ListKind::Urls => {
                self.urls.push(url_key(line));
                return true;
            }
            ListKind::Takedown => {
                self.add_takedown(line);
                return true;
            }
            ListKind::HardWords => &mut self.hard_words,
            ListKind::SoftWords => &mut self.soft_words,
            ListKind::Subwords => &mut self.subwords,
        };
        let word = letters_and_digits(line);
        !word.is_empty() && {
            words.insert(word);
            true
        }
    }

    /// A line is an address, a host, or the id of a document; which one need not be said, as none is like another.
    fn add_takedown(&mut self, line: &str) {
        self.takedown.extend([id_key(line), url_key(line)]);
        lines::hosts(line, |host| self.takedown.push(taken_host_key(host)));
    }

    /// Adds a [list of domains](ListKind::Domains).
    pub fn add_domains(&mut self, list: &str) {
        self.add_text(ListKind::Domains, list);
    }

    /// Adds a [list of addresses](ListKind::Urls).
    pub fn add_urls(&mut self, list: &str) {
        self.add_text(ListKind::Urls, list);
    }

    /// Adds a [list of hard words](ListKind::HardWords).
    pub fn add_hard_words(&mut self, list: &str) {
        self.add_text(ListKind::HardWords, list);
    }

    /// Adds a [list of soft words](ListKind::SoftWords).
    pub fn add_soft_words(&mut self, list: &str) {
        self.add_text(ListKind::SoftWords, list);
    }

    /// Adds a [list of parts of words](ListKind::Subwords).
    pub fn add_subwords(&mut self, list: &str) {
        self.add_text(ListKind::Subwords, list);
    }

    fn add_text(&mut self, kind: ListKind, list: &str) {
        self.add(kind, list.as_bytes()).expect("memory can be read");
    }

    /// How many lines held no entry: junk, or formats that are not known here.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
            && self.urls.is_empty()
            && self.takedown.is_empty()
            && self.hard_words.is_empty()
            && self.soft_words.is_empty()
            && self.subwords.is_empty()
    }

    /// Sorts what was collected.
    pub fn compile(self) -> CompiledLists {
        let mut subwords: Vec<String> = self.subwords.into_iter().collect();
        subwords.sort();
        CompiledLists {
            domains: Keys::new(self.domains),
            urls: Keys::new(self.urls),
            takedown: Keys::new(self.takedown),
            hard_words: self.hard_words,
            soft_words: self.soft_words,
            subwords,
        }
    }
}

impl From<Lists> for Arc<CompiledLists> {
    fn from(lists: Lists) -> Self {
        Arc::new(lists.compile())
    }
}

/// Where a kind's keys are counted; words need no room.
fn slot(kind: ListKind) -> Option<usize> {
    match kind {
        ListKind::Domains => Some(0),
        ListKind::Urls => Some(1),
        ListKind::Takedown => Some(2),
        ListKind::HardWords | ListKind::SoftWords | ListKind::Subwords => None,
    }
}

fn read<T>(path: &Path, with: impl FnOnce(File) -> std::io::Result<T>) -> Result<T> {
    File::open(path).and_then(with).map_err(|source| Error::ReadList { path: path.to_owned(), source })
}
