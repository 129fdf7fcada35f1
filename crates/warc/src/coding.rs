//! Transfer and content codings, undone by what the bytes are.

use std::io::{ErrorKind, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use memchr::memchr;

use crate::member::MAGIC as GZIP;
use crate::page::Rejection;

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Largest zstd window HTTP allows, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// A way bytes were wrapped for transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// HTTP/1.1 chunks.
    Chunked,
    /// One or more gzip members.
    Gzip,
    /// zlib, or bare deflate as some servers understand the word.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

/// Bytes with one coding less.
pub(crate) struct Undone {
    pub(crate) bytes: Vec<u8>,
    /// The coded stream had no end.
    pub(crate) cut: bool,
}

/// Joins the chunks of `body`, if chunks are what it is made of.
///
/// A body that was `claimed` to be chunked may end early; one that was not must be chunks to the last one.
pub(crate) fn dechunk(body: &[u8], claimed: bool) -> Option<Undone> {
    let mut bytes = Vec::new();
    let mut rest = body;
    loop {
        let Some(line_end) = memchr(b'\n', &rest[..rest.len().min(1 << 10)]) else {
            let partial = claimed && !bytes.is_empty() && rest.len() < 16;
            return partial.then_some(Undone { bytes, cut: true });
        };
        let size = chunk_size(&rest[..line_end])?;
        rest = &rest[line_end + 1..];
        if size == 0 {
            // a text may begin with a line `0`, too; then more comes behind it
            let is_end = claimed || !bytes.is_empty() || rest.trim_ascii().is_empty();
            return is_end.then_some(Undone { bytes, cut: false });
        }
        let Some(chunk) = rest.get(..size) else {
            bytes.extend_from_slice(rest);
            return claimed.then_some(Undone { bytes, cut: true });
        };
        bytes.extend_from_slice(chunk);
        rest = &rest[size..];
        rest = match rest {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
            [] | [b'\r'] if claimed => return Some(Undone { bytes, cut: true }),
            _ => return None,
        };
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let hexadecimal = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| hexadecimal)?;
    usize::from_str_radix(digits, 16).ok()
}

/// Whether `bytes` start like a coding that no HTML starts like.
pub(crate) fn has_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP) || bytes.starts_with(&ZSTD)
}

/// Undoes the outermost content coding, or finds that there is none.
pub(crate) fn undo(
    bytes: &[u8],
    claimed: Option<Coding>,
    limit: usize,
) -> Result<Option<(Coding, Undone)>, Rejection> {
    if bytes.starts_with(&GZIP) {
        return sure(Coding::Gzip, gunzip(bytes, limit), limit);
    }
    if bytes.starts_with(&ZSTD) {
        return sure(Coding::Zstd, unzstd(bytes, limit), limit);
    }
    if is_zlib(bytes) {
        match inflate(ZlibDecoder::new(bytes), limit) {
            Attempt::Whole(bytes) => return Ok(Some((Coding::Deflate, Undone { bytes, cut: false }))),
            Attempt::TooLarge => return Err(too_large(limit)),
            Attempt::Cut(_) | Attempt::Not(_) => {}
        }
    }
    let attempt = match claimed {
        Some(Coding::Deflate) => {
            let mut decoder = DeflateDecoder::new(bytes);
            let attempt = inflate(&mut decoder, limit);
            if decoder.into_inner().is_empty() {
                attempt
            } else {
                Attempt::Not("bytes are left over".to_owned())
            }
        }
        Some(Coding::Brotli) => unbrotli(bytes, limit),
        _ => return Ok(None),
    };
    match attempt {
        Attempt::Whole(undone) if !undone.is_empty() => {
            Ok(claimed.map(|coding| (coding, Undone { bytes: undone, cut: false })))
        }
        Attempt::TooLarge => Err(too_large(limit)),
        _ => Ok(None),
    }
}

/// How decoding went.
enum Attempt {
    Whole(Vec<u8>),
    Cut(Vec<u8>),
    TooLarge,
    Not(String),
}

/// The verdict on bytes that had the magic number of `coding`: they are nothing else.
fn sure(coding: Coding, attempt: Attempt, limit: usize) -> Result<Option<(Coding, Undone)>, Rejection> {
    match attempt {
        Attempt::Whole(bytes) => Ok(Some((coding, Undone { bytes, cut: false }))),
        Attempt::Cut(bytes) if !bytes.is_empty() => Ok(Some((coding, Undone { bytes, cut: true }))),
        Attempt::TooLarge => Err(too_large(limit)),
        Attempt::Cut(_) => Err(bad(coding, "nothing before its end")),
        Attempt::Not(why) => Err(bad(coding, &why)),
    }
}

fn bad(coding: Coding, why: &str) -> Rejection {
    Rejection { reason: "bad_content_coding", detail: format!("{coding:?}: {why}") }
}

fn too_large(limit: usize) -> Rejection {
    Rejection { reason: "too_large", detail: format!("decodes to more than {limit} bytes") }
}

fn inflate(decoder: impl Read, limit: usize) -> Attempt {
    let mut bytes = Vec::new();
    match decoder.take(limit as u64 + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() > limit => Attempt::TooLarge,
        Ok(_) => Attempt::Whole(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Attempt::Cut(bytes),
        Err(error) => Attempt::Not(error.to_string()),
    }
}

/// All members, up to the first bytes that are none: servers append padding.
fn gunzip(bytes: &[u8], limit: usize) -> Attempt {
    let (mut rest, mut text) = (bytes, Vec::new());
    while rest.starts_with(&GZIP) {
        let mut decoder = GzDecoder::new(rest);
        match inflate(&mut decoder, limit.saturating_sub(text.len())) {
            Attempt::Whole(member) => text.extend(member),
            Attempt::Cut(member) => {
                text.extend(member);
                return Attempt::Cut(text);
            }
            other => return other,
        }
        rest = decoder.into_inner();
    }
    Attempt::Whole(text)
}

fn unzstd(bytes: &[u8], limit: usize) -> Attempt {
    let decoder = zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        Ok(decoder)
    });
    match decoder {
        Ok(decoder) => inflate(decoder, limit),
        Err(error) => Attempt::Not(error.to_string()),
    }
}

fn unbrotli(bytes: &[u8], limit: usize) -> Attempt {
    let mut rest = bytes;
    let mut decoder = brotli_decompressor::Decompressor::new(&mut rest, 4 << 10);
    let attempt = inflate(&mut decoder, limit);
    // only a second read behind the end tells whether the decoder's own buffer holds more
    let left_over = decoder.read(&mut [0]).is_err();
    drop(decoder);
    if left_over || !rest.is_empty() { Attempt::Not("bytes are left over".to_owned()) } else { attempt }
}

/// Whether a zlib header stands at the front (RFC 1950, 2.2). Text may look so too (`x^`), hence the full decode.
fn is_zlib(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return false };
    first & 0x0f == 8 && first >> 4 <= 7 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0
}
