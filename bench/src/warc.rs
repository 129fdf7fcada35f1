//! Reading an archive, beside nothing but inflating it.

use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use flate2::read::MultiGzDecoder;
use warc::{Event, Headers, Kind, Limits, Packing, Reader, Record, Writer, page};

use crate::row::{Row, interleave};

/// Rows for `file`, or for a generated archive.
pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let archive = match file {
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => generate()?,
    };
    let megabytes = inflated(&archive)? as f64 / 1e6;
    let (records, damages, pages) =
        read(&archive, |record| u64::from(page(record, &Limits::default()).is_ok()))?;
    ensure!(records > 0, "no record in this archive");
    eprintln!("{records} records, {pages} pages, {damages} damages, {megabytes:.1} MB inflated");
    let seconds = interleave(&mut [
        &mut || read(&archive, |record| record.block.len() as u64).map(drop),
        &mut || inflated(&archive).map(drop),
        &mut || {
            read(&archive, |record| page(record, &Limits::default()).map_or(0, |page| page.html.len() as u64))
                .map(drop)
        },
    ])?;
    let peer = Some((seconds[1], "flate2 1.1 zlib-rs, MultiGzDecoder".to_owned()));
    Ok(vec![
        Row::speed("warc/read", "MB/s inflated", megabytes, seconds[0], peer),
        Row::speed("warc/read+page", "MB/s inflated", megabytes, seconds[2], None),
    ])
}

/// Records, damages, and the sum of what `measure` finds in the records.
fn read(archive: &[u8], measure: impl Fn(&Record) -> u64) -> anyhow::Result<(u64, u64, u64)> {
    let (mut records, mut damages, mut sum) = (0, 0, 0);
    for event in Reader::new(archive) {
        match event? {
            Event::Record(record) => {
                records += 1;
                sum += measure(black_box(&record));
            }
            Event::Damage(_) => damages += 1,
        }
    }
    Ok((records, damages, sum))
}

/// What any reader of this archive must do at least: inflated bytes, counted in the buffer they land in.
pub fn inflated(archive: &[u8]) -> anyhow::Result<u64> {
    let (mut decoder, mut buffer, mut sum) = (MultiGzDecoder::new(archive), vec![0; 64 << 10], 0);
    loop {
        let count = decoder.read(&mut buffer)?;
        black_box(&buffer[..count]);
        if count == 0 {
            return Ok(sum);
        }
        sum += count as u64;
    }
}

/// An archive of 1,000 pages whose sizes and words follow a fixed sequence.
fn generate() -> anyhow::Result<Vec<u8>> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut writer = Writer::new(Vec::new(), Packing::Gzip);
    for number in 0..1_000 {
        let mut block =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<!doctype html>".to_vec();
        for _ in 0..50 + next(1_500) {
            write!(block, "<p class=\"c{}\">", next(20))?;
            for _ in 0..next(30) {
                write!(block, "word{} ", next(5_000))?;
            }
            block.extend_from_slice(b"</p>\n");
        }
        let (id, url) = (format!("<urn:bench:{number}>"), format!("https://example.org/{number}"));
        let headers = Headers::from_iter([
            ("WARC-Record-ID", id.as_str()),
            ("WARC-Target-URI", url.as_str()),
            ("WARC-Date", "2026-01-01T00:00:00Z"),
            ("Content-Type", "application/http; msgtype=response"),
        ]);
        writer.write(&Record::new(Kind::Response, headers, block))?;
    }
    Ok(writer.finish()?)
}
