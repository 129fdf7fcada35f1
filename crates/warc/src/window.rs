//! The bytes of the archive file, with a mark to go back to.

use std::io::{self, ErrorKind, Read};

/// Bytes asked of the source at a time.
const CHUNK: usize = 128 << 10;

/// A sliding view of the archive file that can go back to a mark.
///
/// Going back is what makes resynchronising lossless: a broken member may have swallowed the start of the next.
pub(crate) struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    /// Where the mark, the cursor and the end of what was read are in `bytes`.
    mark: usize,
    at: usize,
    end: usize,
    /// File offset of `bytes[0]`.
    base: u64,
    /// Most bytes kept behind the cursor; beyond it the mark follows.
    most: usize,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(source: R, most: usize) -> Self {
        Window { source, bytes: vec![0; 2 * CHUNK], mark: 0, at: 0, end: 0, base: 0, most }
    }

    /// File offset of the cursor.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// What was read and lies ahead of the cursor.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }

    pub(crate) fn advance(&mut self, count: usize) {
        self.at = (self.at + count).min(self.end);
    }

    pub(crate) fn set_mark(&mut self) {
        self.mark = self.at;
    }

    /// Goes back to the mark.
    pub(crate) fn rewind(&mut self) {
        self.at = self.mark;
    }

    /// Reads on until `count` bytes lie ahead; false where the file ends first.
    pub(crate) fn need(&mut self, count: usize) -> io::Result<bool> {
        while self.ahead().len() < count {
            if self.fill()? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads some more; 0 at the end of the file.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        if self.at - self.mark > self.most {
            self.mark = self.at;
        }
        if self.bytes.len() - self.end < CHUNK {
            self.bytes.copy_within(self.mark..self.end, 0);
            self.base += self.mark as u64;
            self.at -= self.mark;
            self.end -= self.mark;
            self.mark = 0;
            if self.bytes.len() - self.end < CHUNK {
                self.bytes.resize(2 * self.bytes.len(), 0);
            }
        }
        loop {
            match self.source.read(&mut self.bytes[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
