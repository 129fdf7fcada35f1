//! One gzip member, or the plain rest of a file: inflated as far as somebody asks.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use crate::damage::DamageKind;
use crate::window::Window;

/// Every gzip member starts so: the magic number and the only compression method there is (RFC 1952, 2.3).
pub(crate) const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
/// Window bits of the largest deflate window.
const WINDOW_BITS: u8 = 15;
/// Room made for output at a time when nobody knows how much will come.
const ROOM: usize = 16 << 10;

/// How far a member has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Read to its end, checksum included.
    Ended,
    /// Not readable any further.
    Broken(DamageKind, String),
}

/// The member being read: a gzip member, or the plain rest of the file.
pub(crate) struct Member {
    /// File offset of its first byte.
    pub(crate) offset: u64,
    /// `None` where nothing is compressed.
    inflate: Option<Decompress>,
    pub(crate) state: State,
    /// Inflated bytes not yet taken; those before `start` are, and wait to be removed.
    bytes: Vec<u8>,
    start: usize,
    /// How many inflated bytes lie before `bytes[start]`.
    pub(crate) taken: u64,
}

impl Member {
    pub(crate) fn open(offset: u64, gzip: bool) -> Member {
        let inflate = gzip.then(|| Decompress::new_gzip(WINDOW_BITS));
        Member { offset, inflate, state: State::Open, bytes: Vec::new(), start: 0, taken: 0 }
    }

    pub(crate) fn is_gzip(&self) -> bool {
        self.inflate.is_some()
    }

    /// Read to its end, and everything taken.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Ended && self.text().is_empty()
    }

    /// What is inflated and not yet taken.
    pub(crate) fn text(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// All bytes inflated so far.
    pub(crate) fn inflated(&self) -> u64 {
        self.taken + self.text().len() as u64
    }

    /// Inflates on until `text` holds `count` bytes; it may hold more, and holds less where the member stops.
    pub(crate) fn pull<R: Read>(&mut self, window: &mut Window<R>, count: usize) -> io::Result<()> {
        while self.text().len() < count && self.state == State::Open {
            if window.ahead().is_empty() && window.fill()? == 0 {
                self.state = match self.inflate {
                    Some(_) => {
                        State::Broken(DamageKind::Truncated, "the file ends inside a member".to_owned())
                    }
                    None => State::Ended,
                };
                return Ok(());
            }
            let missing = count - self.text().len();
            match &mut self.inflate {
                None => {
                    let ahead = window.ahead();
                    let some = &ahead[..ahead.len().min(missing.max(ROOM))];
                    self.bytes.extend_from_slice(some);
                    let copied = some.len();
                    window.advance(copied);
                }
                Some(inflate) => {
                    if self.bytes.len() == self.bytes.capacity() {
                        self.bytes.reserve(missing.max(ROOM));
                    }
                    let before = inflate.total_in();
                    let status =
                        inflate.decompress_vec(window.ahead(), &mut self.bytes, FlushDecompress::None);
                    let eaten = (inflate.total_in() - before) as usize;
                    window.advance(eaten);
                    self.state = match status {
                        Ok(Status::StreamEnd) => State::Ended,
                        Ok(Status::Ok | Status::BufError) => State::Open,
                        Err(error) => State::Broken(DamageKind::CorruptMember, error.to_string()),
                    };
                }
            }
        }
        Ok(())
    }

    /// Makes room for `count` bytes of text at once, where that is known beforehand.
    pub(crate) fn expect_text(&mut self, count: usize) {
        self.bytes.reserve_exact(count.saturating_sub(self.text().len()));
    }

    /// Forgets the first `count` bytes of text.
    pub(crate) fn skip(&mut self, count: usize) {
        let count = count.min(self.text().len());
        self.start += count;
        self.taken += count as u64;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start >= ROOM && self.start * 2 >= self.bytes.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Takes `text[from..to]` and forgets everything up to `next`.
    ///
    /// A member that holds one record gives its buffer away: the block is moved to the front, not copied out.
    pub(crate) fn take(&mut self, from: usize, to: usize, next: usize) -> Vec<u8> {
        if next < self.text().len() {
            let block = self.text()[from..to].to_vec();
            self.skip(next);
            return block;
        }
        let mut block = std::mem::take(&mut self.bytes);
        self.taken += next as u64;
        block.truncate(self.start + to);
        block.drain(..self.start + from);
        self.start = 0;
        block
    }
}

/// Whether a gzip member that holds a WARC record starts at the front of `bytes`.
pub(crate) fn starts_record(bytes: &[u8]) -> bool {
    if !bytes.starts_with(&MAGIC) {
        return false;
    }
    let mut text = [0; 16];
    let mut inflate = Decompress::new_gzip(WINDOW_BITS);
    // An error after the first bytes of text is damage to that member, not a reason to overlook it.
    let _ = inflate.decompress(bytes, &mut text, FlushDecompress::None);
    let text = &text[..inflate.total_out() as usize];
    text.trim_ascii_start().starts_with(b"WARC/")
}
