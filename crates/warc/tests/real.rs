//! Real archives, where the machine has them.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};
use warc::http::Response;
use warc::{Event, Format, Kind, Limits, Reader, Record, page};

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new("../../../shared/data/web/warc").join(name);
    if !path.exists() {
        println!("skipped: shared data is absent");
    }
    path.exists().then_some(path)
}

/// Every record of a sound archive.
fn records(path: &Path) -> impl Iterator<Item = Record> {
    Reader::new(File::open(path).expect("it exists")).map(|event| match event.expect("readable") {
        Event::Record(record) => record,
        Event::Damage(damage) => panic!("{damage}"),
    })
}

fn hex(digest: &[u8]) -> String {
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[test]
fn every_payload_of_the_assembled_archive_has_the_hash_of_its_manifest() {
    let Some(path) = shared("assembled-dev.warc.gz") else { return };
    let manifest = File::open(path.with_file_name("assembled-dev.manifest.jsonl.zst")).expect("beside it");
    let lines = BufReader::new(zstd::Decoder::new(manifest).expect("zstd")).lines();
    let mut seen = 0;
    let responses = records(&path).filter(|record| record.kind == Kind::Response);
    for (line, record) in lines.zip(responses) {
        let row: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let response = Response::parse(&record.block).expect("HTTP");
        assert_eq!(record.target_uri(), row["url"].as_str());
        assert_eq!(Some(i64::from(response.status)), row["status"].as_i64());
        assert_eq!(row["payload_sha1"], hex(&Sha1::digest(response.body)), "{}", row["url"]);
        let payload = response.payload(&Limits::default()).expect("decodes");
        let page = page(&record, &Limits::default()).expect("a page");
        if row["kind"] == "cp1252-meta" {
            // made from UTF-8 by changing the name in <meta> and writing what cp1252 lacks as references
            assert_eq!(page.charset, "windows-1252", "{}", page.url);
            let made_back = ["utf-8", "UTF-8"].map(|name| page.html.replace("windows-1252", name));
            let same = made_back.iter().any(|html| row["html_sha256"] == hex(&Sha256::digest(html)));
            assert!(same || page.html.contains("&#"), "{}", page.url);
        } else {
            assert_eq!(row["html_sha256"], hex(&Sha256::digest(&payload.bytes)), "{}", row["url"]);
            let wanted = if row["kind"] == "bytes-not-utf8" { "windows-1252" } else { "UTF-8" };
            assert_eq!(page.charset, wanted, "{}", page.url);
        }
        seen += 1;
    }
    assert_eq!(seen, 375);
}

#[test]
fn every_page_of_the_real_archive_has_the_hash_of_its_manifest() {
    let Some(path) = shared("realweb-dev.warc.gz") else { return };
    let manifest =
        std::fs::read_to_string(path.with_file_name("realweb-dev.manifest.tsv")).expect("beside it");
    let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
    for line in manifest.lines().skip(1) {
        let mut columns = line.split('\t');
        let id = columns.next().expect("an id");
        wanted.insert(id, columns.nth(2).expect("a hash"));
    }
    assert_eq!(wanted.len(), 1_666);
    let mut charsets: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records(&path).filter(|record| record.kind == Kind::Response) {
        let response = Response::parse(&record.block).expect("HTTP");
        let payload = response.payload(&Limits::default()).expect("decodes");
        // the tool that made the archive sees HTTP only behind an http address, and hashed the rest head and all
        let html = if record.target_uri().is_some_and(|uri| uri.starts_with("http")) {
            &*payload.bytes
        } else {
            &record.block
        };
        let id = record.id().expect("an id");
        assert_eq!(wanted.remove(id), Some(hex(&Sha256::digest(html)).as_str()), "{id}");
        match page(&record, &Limits::default()) {
            Ok(page) => *charsets.entry(page.charset).or_default() += 1,
            Err(rejection) => println!("{id}: {rejection}"),
        }
    }
    assert_eq!(wanted, BTreeMap::new());
    println!("{charsets:?}");
}

#[test]
fn common_crawls_own_capture_is_read_in_all_its_formats() {
    let Some(path) = shared("whirlwind.warc.gz") else { return };
    let packed: Vec<Record> = records(&path).collect();
    let kinds: Vec<&str> = packed.iter().map(|record| record.kind.name()).collect();
    assert_eq!(kinds, ["warcinfo", "request", "response", "metadata"]);
    let html = page(&packed[2], &Limits::default()).expect("a page");
    assert_eq!((html.charset, html.http_status, html.format), ("UTF-8", 200, Format::Html));
    assert_eq!(html.id, "<urn:uuid:2aabeff2-67f5-4608-8466-e87c6296e2b6>");

    let plain: Vec<Record> = records(&path.with_file_name("whirlwind.warc")).collect();
    assert_eq!(plain.len(), packed.len());
    for (plain, packed) in plain.iter().zip(&packed) {
        assert_eq!(plain.id(), packed.id());
        assert!(plain.block == packed.block, "{:?} differs", plain.id());
    }

    let text: Vec<Record> = records(&path.with_file_name("whirlwind.warc.wet.gz")).collect();
    let text = page(&text[1], &Limits::default()).expect("text");
    assert_eq!((text.format, text.url.as_str()), (Format::Text, html.url.as_str()));
    let words = text.html.split(|letter: char| !letter.is_alphabetic());
    let missing: Vec<&str> = words.filter(|word| !html.html.contains(word)).collect();
    assert_eq!(
        missing,
        Vec::<&str>::new(),
        "words of Common Crawl's text that our decoded HTML does not hold"
    );
}
