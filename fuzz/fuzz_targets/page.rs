//! Any block is a page or a reason, within its limits.

#![no_main]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use warc::{Headers, Kind, Limits, Record, page};

const HEADS: [&str; 6] = [
    "",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\nContent-Encoding: br\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Encoding: deflate, gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.0 200\nTransfer-Encoding: chunked\n\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: zstd\r\n\r\n",
];

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let mut block = HEADS[usize::from(*how) % HEADS.len()].as_bytes().to_vec();
    if how & 64 == 0 {
        block.extend_from_slice(data);
    } else {
        let mut packer = GzEncoder::new(&mut block, Compression::fast());
        packer.write_all(data).expect("memory");
        packer.finish().expect("memory");
    }
    let kind = if how & 128 == 0 { Kind::Response } else { Kind::Conversion };
    let headers = Headers::from_iter([("WARC-Target-URI", "http://example.ru/")]);
    let limits = Limits { payload_bytes: 1 << 16, ..Limits::default() };
    if let Ok(page) = page(&Record::new(kind, headers, block), &limits) {
        assert!(page.html.len() <= 3 * limits.payload_bytes);
        assert!(!page.html.is_empty());
    }
});
