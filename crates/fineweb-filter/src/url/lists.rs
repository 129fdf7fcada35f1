//! Block lists, read from the files that datatrove and the Toulouse collection (UT1) ship.

use std::fs;
use std::path::Path;

use rustc_hash::FxHashSet;

use super::{domain_key, letters_and_digits, url_key};
use crate::error::{Error, Result};

const KNOWN: &str = "`domains`, `urls`, `banned_words.txt`, `soft_banned_words.txt`, `banned_subwords.txt`, \
                     or folders with `domains` and `urls`";

/// Takes the lines of a list in.
type Add = fn(&mut Lists, &str);

/// The files of a directory of lists.
const READERS: [(&str, Add); 5] = [
    ("domains", Lists::add_domains),
    ("urls", Lists::add_urls),
    ("banned_words.txt", Lists::add_hard_words),
    ("soft_banned_words.txt", Lists::add_soft_words),
    ("banned_subwords.txt", Lists::add_subwords),
];

/// What to block. Domains and addresses are kept as 64-bit hashes, 8 bytes an entry: a list of 4.6 million
/// domains takes 37 MB, and a page that is on no list is taken for one with a chance of 10⁻¹².
#[derive(Clone, Debug, Default)]
pub struct Lists {
    domains: Vec<u64>,
    pub(super) urls: Vec<u64>,
    pub(super) hard_words: FxHashSet<String>,
    pub(super) soft_words: FxHashSet<String>,
    pub(super) subwords: Vec<String>,
}

impl Lists {
    /// Reads a directory: datatrove's files, and `domains` and `urls` of each folder in it (UT1 categories).
    pub fn load(directory: &Path) -> Result<Self> {
        let failed = |source| Error::ReadList { path: directory.to_owned(), source };
        let mut lists = Self::default();
        let mut found = lists.load_files(directory)?;
        let entries: std::io::Result<Vec<_>> = fs::read_dir(directory).map_err(failed)?.collect();
        let mut folders: Vec<_> = entries.map_err(failed)?.iter().map(fs::DirEntry::path).collect();
        folders.sort();
        for folder in folders.iter().filter(|path| path.is_dir()) {
            found |= lists.load_files(folder)?;
        }
        if !found {
            return Err(Error::NoLists { path: directory.to_owned(), expected: KNOWN });
        }
        Ok(lists)
    }

    fn load_files(&mut self, directory: &Path) -> Result<bool> {
        let mut found = false;
        for (name, _) in READERS {
            let path = directory.join(name);
            found |= path.is_file() && self.add_file(&path)?;
        }
        Ok(found)
    }

    /// Adds one file by what its name says it is; `false` for a name that says nothing.
    pub fn add_file(&mut self, path: &Path) -> Result<bool> {
        let known = READERS.iter().find(|(name, _)| path.file_name().is_some_and(|file| file == *name));
        let Some((_, add)) = known else { return Ok(false) };
        // Lists are old and mixed in encoding; a line that is not UTF-8 names no host that a URL could spell.
        let bytes = fs::read(path).map_err(|source| Error::ReadList { path: path.to_owned(), source })?;
        add(self, &String::from_utf8_lossy(&bytes));
        Ok(true)
    }

    /// Adds registered domains and hosts, one a line. In all lists, lines that begin with `#` are skipped.
    pub fn add_domains(&mut self, list: &str) {
        self.domains.extend(lines(list).map(|line| domain_key(&line.to_ascii_lowercase())));
    }

    /// Adds whole addresses, one a line, with or without scheme.
    pub fn add_urls(&mut self, list: &str) {
        self.urls.extend(lines(list).map(url_key));
    }

    /// Adds words any one of which blocks an address.
    pub fn add_hard_words(&mut self, list: &str) {
        self.hard_words.extend(words(list));
    }

    /// Adds words several of which block an address.
    pub fn add_soft_words(&mut self, list: &str) {
        self.soft_words.extend(words(list));
    }

    /// Adds strings that block an address wherever they stand in it, marks left out.
    pub fn add_subwords(&mut self, list: &str) {
        self.subwords.extend(words(list));
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
            && self.urls.is_empty()
            && self.hard_words.is_empty()
            && self.soft_words.is_empty()
            && self.subwords.is_empty()
    }

    pub(super) fn has_domain(&self, domain: &str) -> bool {
        self.domains.binary_search(&domain_key(domain)).is_ok()
    }

    pub(super) fn sort(&mut self) {
        for keys in [&mut self.domains, &mut self.urls] {
            keys.sort_unstable();
            keys.dedup();
            keys.shrink_to_fit();
        }
    }
}

fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn words(list: &str) -> impl Iterator<Item = String> {
    lines(list).map(letters_and_digits).filter(|word| !word.is_empty())
}
