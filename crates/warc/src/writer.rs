//! From records to an archive.

use std::io::{self, ErrorKind, Write};

use flate2::{Compression, GzBuilder};

use crate::record::Record;

/// How records are laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// One gzip member a record: what the field expects of a `.warc.gz`, and what makes records addressable.
    Gzip,
    /// As they are.
    Plain,
}

/// Writes WARC 1.1. The same records give the same bytes, on any machine.
pub struct Writer<W> {
    out: W,
    packing: Packing,
    offset: u64,
}

impl<W: Write> Writer<W> {
    /// Writes to `out`, which should be buffered where it is a file.
    pub fn new(out: W, packing: Packing) -> Self {
        Writer { out, packing, offset: 0 }
    }

    /// Writes `record` and returns the offset it starts at.
    ///
    /// `WARC-Type` and `Content-Length` are written from `kind` and `block`. A header with a line break in it
    /// (it would forge other headers) or a colon in its name is refused with [`ErrorKind::InvalidInput`].
    pub fn write(&mut self, record: &Record) -> io::Result<u64> {
        let mut bytes = head(record)?;
        bytes.extend_from_slice(&record.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        if self.packing == Packing::Gzip {
            // no time, no name, operating system unknown: nothing of this machine in the header; and the record in
            // one piece, for how deflate cuts its blocks depends on how it is fed
            let packed = Vec::with_capacity(bytes.len() / 2);
            let mut gzip = GzBuilder::new().operating_system(255).write(packed, Compression::default());
            gzip.write_all(&bytes)?;
            bytes = gzip.finish()?;
        }
        let offset = self.offset;
        self.out.write_all(&bytes)?;
        self.offset += bytes.len() as u64;
        Ok(offset)
    }

    /// Flushes and gives back the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn head(record: &Record) -> io::Result<Vec<u8>> {
    let kind = ("WARC-Type", record.kind.name());
    let mut head = b"WARC/1.1\r\n".to_vec();
    for (name, value) in std::iter::once(kind).chain(record.headers.iter()) {
        let breaks = |text: &str| text.contains(['\r', '\n']);
        if breaks(name) || breaks(value) || name.contains(':') {
            let message = format!("header {name:?} with value {value:?} would not be read back as it is");
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        write!(head, "{name}: {value}\r\n")?;
    }
    write!(head, "Content-Length: {}\r\n\r\n", record.block.len())?;
    Ok(head)
}
