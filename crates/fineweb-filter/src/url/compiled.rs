//! Lists made ready to be asked, and the file that keeps them so.
//!
//! The file: a magic word with a version, the key of the sources, the number of keys in each of three sets, the bytes
//! of three lists of words, then the keys in rising order, the words with a line feed behind each, and the blake3 of
//! all that. Numbers are little endian.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use rustc_hash::FxHashSet;

use super::keys::Keys;
use crate::error::{Error, Result};

/// Raised with the layout, and with what makes a key of a line.
const MAGIC: [u8; 8] = *b"ddlists2";
const HEAD: usize = 8 + 32 + 6 * 8;
const CHECKSUM: usize = 32;

/// Block lists, sorted. Domains and addresses are 64-bit hashes, eight bytes and a quarter an entry: 4.6 million
/// domains take 38 MB, and a host that is on no list is taken for one of them with a chance of 10⁻¹².
///
/// Read-only; share one between all filters of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompiledLists {
    pub(super) domains: Keys,
    pub(super) urls: Keys,
    pub(super) takedown: Keys,
    pub(super) hard_words: FxHashSet<String>,
    pub(super) soft_words: FxHashSet<String>,
    pub(super) subwords: Vec<String>,
}

impl CompiledLists {
    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.blocks_nothing() && self.takedown.is_empty()
    }

    /// Whether nothing but takedowns is listed.
    pub(super) fn blocks_nothing(&self) -> bool {
        self.domains.is_empty()
            && self.urls.is_empty()
            && self.hard_words.is_empty()
            && self.soft_words.is_empty()
            && self.subwords.is_empty()
    }

    /// Writes the lists to `path`, under `key`, which stands for what they were made of (a blake3 of the sources).
    ///
    /// The file gets its name when it is whole; of several writers the last wins, and all write the same.
    pub fn write(&self, path: &Path, key: &[u8; 32]) -> Result<()> {
        let failed = |source| Error::WriteLists { path: path.to_owned(), source };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let written = self.write_to(&temporary, key).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary); // the error that matters is the first
        }
        written.map_err(failed)
    }

    fn write_to(&self, path: &Path, key: &[u8; 32]) -> io::Result<()> {
        let mut out = Hashed {
            inner: BufWriter::with_capacity(64 << 10, File::create(path)?),
            hash: blake3::Hasher::new(),
        };
        let sets = [&self.domains, &self.urls, &self.takedown];
        let words = [joined(&self.hard_words), joined(&self.soft_words), joined(&self.subwords)];
        out.write_all(&MAGIC)?;
        out.write_all(key)?;
        for count in sets.map(|keys| keys.sorted().len()).into_iter().chain(words.each_ref().map(String::len))
        {
            out.write_all(&(count as u64).to_le_bytes())?;
        }
        let mut block = Vec::with_capacity(BLOCK);
        for chunk in sets.iter().flat_map(|keys| keys.sorted().chunks(BLOCK / 8)) {
            block.clear();
            block.extend(chunk.iter().flat_map(|key| key.to_le_bytes()));
            out.write_all(&block)?;
        }
        for list in words {
            out.write_all(list.as_bytes())?;
        }
        let sum = out.hash.finalize();
        out.inner.write_all(sum.as_bytes())?;
        out.inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// Reads what [`write`](Self::write) wrote under `key`.
    pub fn read(path: &Path, key: &[u8; 32]) -> Result<Self> {
        let failed = |source| Error::ReadList { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Self::read_from(file, length, key)
            .map_err(failed)?
            .map_err(|problem| Error::CompiledLists { path: path.to_owned(), problem })
    }

    /// The same of any source of `length` bytes: lists, or what is wrong with them. Never takes more memory than
    /// `length` bytes and a quarter.
    pub fn read_from(
        source: impl Read,
        length: u64,
        key: &[u8; 32],
    ) -> io::Result<std::result::Result<Self, &'static str>> {
        let mut source =
            Hashed { inner: BufReader::with_capacity(BLOCK, source), hash: blake3::Hasher::new() };
        if length < (HEAD + CHECKSUM) as u64 {
            return Ok(Err("it is too short"));
        }
        let mut head = [0; HEAD];
        source.read_exact(&mut head)?;
        if head[..8] != MAGIC {
            return Ok(Err("it is no file of compiled lists, or of another version"));
        }
        if head[8..40] != key[..] {
            return Ok(Err("it was made of other lists"));
        }
        let mut counts = [0u64; 6];
        for (count, bytes) in counts.iter_mut().zip(head[40..].chunks_exact(8)) {
            *count = u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
        }
        let [domains, urls, takedown, hard, soft, sub] = counts;
        let keys = [domains, urls, takedown].map(|count| u128::from(count) * 8);
        let body = keys.iter().sum::<u128>() + [hard, soft, sub].map(u128::from).iter().sum::<u128>();
        if body + (HEAD + CHECKSUM) as u128 != u128::from(length) {
            return Ok(Err("its length is not what its head says"));
        }
        let sets = [source.keys(domains)?, source.keys(urls)?, source.keys(takedown)?];
        let words = [source.words(hard)?, source.words(soft)?, source.words(sub)?];
        let sum = source.hash.finalize();
        let mut expected = [0; CHECKSUM];
        source.inner.read_exact(&mut expected)?;
        if sum != expected {
            return Ok(Err("its bytes do not have its checksum"));
        }
        let ([Some(domains), Some(urls), Some(takedown)], [Some(hard), Some(soft), Some(subwords)]) =
            (sets, words)
        else {
            return Ok(Err("its keys are not sorted or its words are no words"));
        };
        let (hard_words, soft_words) = (hard.into_iter().collect(), soft.into_iter().collect());
        Ok(Ok(Self { domains, urls, takedown, hard_words, soft_words, subwords }))
    }
}

const BLOCK: usize = 64 << 10;

/// Words in order, each with a line feed behind it.
fn joined<'w>(words: impl IntoIterator<Item = &'w String>) -> String {
    let mut words: Vec<&String> = words.into_iter().collect();
    words.sort();
    words.into_iter().flat_map(|word| [word.as_str(), "\n"]).collect()
}

/// Reads or writes, and hashes what passes.
struct Hashed<T> {
    inner: T,
    hash: blake3::Hasher,
}

impl<W: Write> Hashed<W> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<R: Read> Hashed<R> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.hash.update(bytes);
        Ok(())
    }

    /// `count` keys; none if they are not sorted.
    fn keys(&mut self, count: u64) -> io::Result<Option<Keys>> {
        let mut keys: Vec<u64> = Vec::with_capacity(count as usize);
        let mut block = vec![0; BLOCK];
        while keys.len() < count as usize {
            let bytes = &mut block[..BLOCK.min((count as usize - keys.len()) * 8)];
            self.read_exact(bytes)?;
            keys.extend(bytes.chunks_exact(8).map(|key| u64::from_le_bytes(key.try_into().expect("eight"))));
        }
        Ok(Keys::from_sorted(keys))
    }

    /// Words in `length` bytes; none if there is anything else.
    fn words(&mut self, length: u64) -> io::Result<Option<Vec<String>>> {
        let mut bytes = vec![0; length as usize];
        self.read_exact(&mut bytes)?;
        let Some(lines) = bytes.strip_suffix(b"\n") else { return Ok(bytes.is_empty().then(Vec::new)) };
        let word = |line: &[u8]| {
            let plain = !line.is_empty() && line.iter().all(u8::is_ascii_alphanumeric);
            plain.then(|| line.iter().map(|&byte| char::from(byte)).collect())
        };
        Ok(lines.split(|&byte| byte == b'\n').map(word).collect())
    }
}
