//! Which records are pages, and what their text is.

use warc::http::Response;
use warc::{Coding, Format, Headers, Kind, Limits, Record, page};

fn record(kind: Kind, fields: &[(&str, &str)], block: &[u8]) -> Record {
    let mut headers = Headers::from_iter([("WARC-Target-URI", "<http://example.org/>")]);
    for (name, value) in fields {
        headers.push(name, value);
    }
    Record::new(kind, headers, block.to_vec())
}

/// Kind, further headers, block, and what must come of it.
type Case<'a> = (Kind, &'a [(&'a str, &'a str)], &'a [u8], &'a str);

fn reason(record: &Record) -> &'static str {
    page(record, &Limits { payload_bytes: 1000, ..Limits::default() })
        .map_or_else(|rejection| rejection.reason, |_| "page")
}

#[test]
fn a_record_is_a_page_or_has_a_reason() {
    let identified = |media_type| [("WARC-Identified-Payload-Type", media_type)];
    let html: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>x";
    let cases: [Case<'_>; 17] = [
        (Kind::Response, &[], html, "page"),
        (Kind::Response, &[], b"HTTP/2 200\nContent-Type: Text/HTML ; charset=x\n\n<p>x", "page"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\n\r\n \n<!DOCTYPE html>x", "page"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\n\r\nplain words", "not_html"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\n\r\n<bold>words", "not_html"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n<p>x", "not_html"),
        (
            Kind::Response,
            &identified("text/html"),
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n<p>x",
            "page",
        ),
        (Kind::Response, &identified("application/pdf"), html, "not_html"),
        (
            Kind::Response,
            &[],
            b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>x",
            "http_status",
        ),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "empty_body"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n \r\n", "empty_body"),
        (Kind::Response, &[], b"HTTP/1.1 200 OK\r\nContent-Type: text/html", "empty_body"),
        (Kind::Response, &[], b"20 text/gemini\r\nhello", "not_http"),
        (Kind::Response, &[], b"HTTP/1.1 OK\r\n\r\n", "not_http"),
        (Kind::Revisit, &[], html, "revisit"),
        (Kind::Request, &[], b"GET / HTTP/1.1\r\n\r\n", "not_a_response"),
        (
            Kind::Response,
            &[],
            &[b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", &[b'x'; 1001][..]].concat(),
            "too_large",
        ),
    ];
    for (kind, fields, block, wanted) in cases {
        assert_eq!(reason(&record(kind, fields, block)), wanted, "{}", String::from_utf8_lossy(block));
    }
    let nowhere = Record::new(Kind::Response, Headers::default(), html.to_vec());
    assert_eq!(reason(&nowhere), "no_url");
}

#[test]
fn a_conversion_is_text() {
    let wet = record(
        Kind::Conversion,
        &[("Content-Type", "text/plain")],
        "<meta charset=gbk> caf\u{e9}".as_bytes(),
    );
    let page = page(&wet, &Limits::default()).expect("text");
    assert_eq!((page.format, page.http_status, page.charset), (Format::Text, 0, "UTF-8"));
    assert_eq!((page.url.as_str(), page.id.as_str()), ("http://example.org/", "<warc:0>"));
    assert_eq!(page.html, "<meta charset=gbk> caf\u{e9}");
}

#[test]
fn a_header_that_says_charset_a_million_times_is_read_through() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; {}=gbk", "Charset".repeat(1_000_000));
    let record = record(Kind::Response, &[], &[head.as_bytes(), b"\r\n\r\n<p>\xb0\xa1"].concat());
    let page = page(&record, &Limits::default()).expect("a page");
    assert_eq!((page.charset, &*page.html), ("GBK", "<p>\u{554a}"));
}

fn payload(head: &str, body: &[u8]) -> Result<(Vec<u8>, Vec<Coding>, bool), &'static str> {
    let block = [format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes(), body].concat();
    let response = Response::parse(&block).expect("HTTP");
    let limits = Limits { payload_bytes: 10_000, codings: 2, ..Limits::default() };
    let payload = response.payload(&limits).map_err(|rejection| rejection.reason)?;
    Ok((payload.bytes.into_owned(), payload.codings, payload.cut))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut packer = flate2::read::GzEncoder::new(bytes, flate2::Compression::best());
    std::io::Read::read_to_end(&mut packer, &mut packed).expect("memory");
    packed
}

fn deflate(bytes: &[u8], zlib: bool) -> Vec<u8> {
    let mut packed = Vec::with_capacity(1000);
    let mut packer = flate2::Compress::new(flate2::Compression::best(), zlib);
    packer.compress_vec(bytes, &mut packed, flate2::FlushCompress::Finish).expect("memory");
    packed
}

/// A brotli stream of one uncompressed block (RFC 7932, 9.2): window of 16 bits, length, then an empty last block.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let header = ((bytes.len() as u32 - 1) << 4) | 1 << 20;
    [&header.to_le_bytes()[..3], bytes, &[3]].concat()
}

#[test]
fn codings_are_undone_where_they_are() {
    let html = b"<p>Some words that are words.";
    let whole = |codings: &[Coding]| Ok((html.to_vec(), codings.to_vec(), false));
    let br = "Content-Encoding: br\r\n";
    let deflated = "Content-Encoding: deflate\r\n";
    assert_eq!(payload("", html), whole(&[]));
    assert_eq!(payload(br, &brotli(html)), whole(&[Coding::Brotli]));
    assert_eq!(payload("", &zstd::encode_all(&html[..], 3).expect("memory")), whole(&[Coding::Zstd]));
    assert_eq!(payload("", &deflate(html, true)), whole(&[Coding::Deflate]));
    assert_eq!(payload(deflated, &deflate(html, false)), whole(&[Coding::Deflate]));
    assert_eq!(payload("", &gzip(&gzip(html))), whole(&[Coding::Gzip, Coding::Gzip]));
    assert_eq!(
        payload("Content-Encoding: br, gzip\r\n", &gzip(&brotli(html))),
        whole(&[Coding::Gzip, Coding::Brotli])
    );
    // two members are one stream, and what follows them is padding
    let members = [gzip(&html[..9]), gzip(&html[9..]), vec![0; 9]].concat();
    assert_eq!(payload("", &members), whole(&[Coding::Gzip]));
    assert_eq!(
        payload("Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").map(|it| it.0),
        Ok(b"abcde".to_vec())
    );
}

#[test]
fn bytes_that_only_claim_or_only_seem_are_left_alone() {
    let alone = |bytes: &[u8]| Ok((bytes.to_vec(), vec![], false));
    for text in [
        &b"x^ is zlib's header and is text"[..],
        b"a\r\nis ten in hexadecimal",
        b"5\r\nshort",
        b"\n",
        b"0x0\r\n",
        b"0\r\n<p>is a score",
    ] {
        for head in
            ["", "Content-Encoding: br\r\n", "Content-Encoding: deflate\r\n", "Content-Encoding: gzip\r\n"]
        {
            assert_eq!(payload(head, text), alone(text), "{head} {}", String::from_utf8_lossy(text));
        }
    }
    let longer = [brotli(b"<p>words"), b"more".to_vec()].concat();
    assert_eq!(payload("Content-Encoding: br\r\n", &longer), alone(&longer));
}

#[test]
fn bombs_and_breaks_are_refused() {
    let bomb = gzip(&vec![0; 10_001]);
    assert_eq!(payload("", &bomb), Err("too_large"));
    assert_eq!(payload("", &gzip(&gzip(&gzip(b"<p>")))), Err("too_many_codings"));
    let words: Vec<u8> =
        (0..3000_u32).flat_map(|word| (word.wrapping_mul(2_654_435_761) >> 9).to_le_bytes()).collect();
    let mut broken = gzip(&words[..9000]);
    let (bytes, _, cut) = payload("", &broken[..6000]).expect("a part");
    assert!(cut && words.starts_with(&bytes) && bytes.len() > 1000);
    broken[3000] ^= 0xff;
    broken.truncate(broken.len() - 8);
    broken.extend([0; 8]);
    assert_eq!(payload("", &broken), Err("bad_content_coding"));
}
