//! `cc-pages` against a server of archives: single records by byte ranges, whole and of the page that was asked for, or a
//! row that says why not.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::Ordering;

use common::House;
use common::server::{Mood, Server, serve};
use deepdive::stages::cc_pages::{Location, Locations};
use insta::assert_snapshot;
use shard::{Dropped, Reader, Writer};
use warc::{Event, Headers, Kind, Packing, Record};

const FILE: &str = "crawl-data/TEST/a.warc.gz";

/// An archive of small pages, and where each of them lies.
fn archive(pages: usize) -> (Vec<u8>, Vec<Location>) {
    let mut writer = warc::Writer::new(vec![], Packing::Gzip);
    let mut found: Vec<Location> = vec![];
    for page in 0..pages {
        let url = format!("https://seite-{page}.at/");
        let headers = Headers::from_iter([("WARC-Target-URI", &url[..]), ("WARC-Record-ID", "<urn:x>")]);
        let html = format!("<p>Seite {page}, {}", "und so weiter ".repeat(page * 7 % 50));
        let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{html}").into_bytes();
        let offset = writer.write(&Record::new(Kind::Response, headers, block)).unwrap() as i64;
        if let Some(last) = found.last_mut() {
            last.length = offset - last.offset;
        }
        found.push(Location { file: FILE.to_owned(), offset, length: 0, url: Some(url) });
    }
    let bytes = writer.finish().unwrap();
    if let Some(last) = found.last_mut() {
        last.length = bytes.len() as i64 - last.offset;
    }
    (bytes, found)
}

/// The bytes of an archive that a row names.
fn cut(archive: &[u8], row: &Location) -> Vec<u8> {
    archive[row.offset as usize..(row.offset + row.length) as usize].to_vec()
}

fn server(archive: &[u8], moods: &[Mood]) -> Server {
    let path = format!("/{FILE}");
    serve(BTreeMap::from([(path.clone(), archive.to_vec())]), &[(&path, moods)])
}

/// A house with `pages.parquet` and a pipeline over it.
fn house(rows: &[Location], server: &Server, settings: &str) -> House {
    let house = House::new();
    list(house.path(), "pages.parquet", rows);
    let host = &server.address;
    house.write(
        "some.toml",
        &format!(
            "[[stage]]\nname = \"web\"\nuse = \"cc-pages\"\n[stage.with]\npages = \"pages*.parquet\"\nhost = \"{host}\"\n\
             per_second = 100\nrecords = 6\n{settings}\n"
        ),
    );
    house
}

fn list(directory: &Path, name: &str, rows: &[Location]) {
    let mut writer = Writer::<Locations>::create(directory, name, "by hand").unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
}

/// What the archives of the run hold, one after the other, with their names.
fn fetched(house: &House, runs: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(house.path().join(runs).join("some/web/warc"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn rows_become_archives_or_say_why_not() {
    let (bytes, rows) = archive(20);
    let server = server(&bytes, &[]);
    let mut wanted: Vec<Location> = rows.iter().rev().step_by(2).cloned().collect();
    let row = |change: &dyn Fn(&mut Location)| {
        let mut row = rows[3].clone();
        change(&mut row);
        row
    };
    wanted.splice(
        2..2,
        [
            row(&|row| row.file = "crawl-data/TEST/none.warc.gz".to_owned()),
            row(&|row| row.offset = bytes.len() as i64 - 3),
            row(&|row| row.offset = -1),
            row(&|row| row.length = 0),
            row(&|row| row.length = 1 << 40),
            row(&|row| row.offset += 1),
            row(&|row| row.length -= 1),
            row(&|row| row.length += 20),
            row(&|row| row.url = Some("https://anderswo.at/".to_owned())),
            row(&|row| row.url = None),
        ],
    );
    let house = house(&wanted, &server, "connections = 3");
    // two files of a list are one list
    list(house.path(), "pages.parquet", &wanted[..13]);
    list(house.path(), "pages-2.parquet", &wanted[13..]);
    wanted.rotate_left(13); // by name, pages-2 comes first
    house.done(&["reproduce", "some.toml"]);

    let files = fetched(&house, "runs");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["pages-00000.warc.gz", "pages-00001.warc.gz", "pages-00002.warc.gz", "pages-00003.warc.gz"]
    );
    let kept: Vec<&Location> = wanted.iter().filter(|row| rows.contains(row) || row.url.is_none()).collect();
    let expected: Vec<u8> = kept.iter().flat_map(|row| cut(&bytes, row)).collect();
    assert_eq!(files.iter().map(|(_, bytes)| bytes.as_slice()).collect::<Vec<_>>().concat(), expected);
    let records = warc::Reader::new(&expected[..]).map(|event| match event.unwrap() {
        Event::Record(record) => record.target_uri().unwrap().to_owned(),
        Event::Damage(damage) => panic!("{damage}"),
    });
    assert!(
        records
            .eq(kept.iter().map(|row| row.url.clone().unwrap_or_else(|| "https://seite-3.at/".to_owned())))
    );

    let mut reasons = String::new();
    for part in 0..4 {
        let path = house.path().join(format!("runs/some/web/dropped/part-{part:05}.parquet"));
        for batch in Reader::<Dropped>::open(&path).unwrap() {
            for row in batch.unwrap().rows() {
                let [url, detail] = [row.url, row.detail].map(Option::unwrap_or_default);
                let line =
                    format!("{} {} {} {url} {}: {detail}\n", row.source, row.offset, row.stage, row.reason);
                reasons.push_str(&line);
            }
        }
    }
    assert_snapshot!(reasons);
    assert_snapshot!(house.done(&["show", "some", "web"]).lines().take(8).collect::<Vec<_>>().join("\n"));
    let most = server.most_at_once.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} connections at once");
}

#[test]
fn bad_manners_and_haste_change_no_byte() {
    let (bytes, rows) = archive(9);
    let server = server(&bytes, &[Mood::Busy(429), Mood::Cut, Mood::Busy(503), Mood::Cut]);
    let house = house(&rows, &server, "connections = 4");
    house.done(&["reproduce", "some.toml", "--runs", "first"]);
    let text = std::fs::read_to_string(house.path().join("some.toml")).unwrap();
    house.write("some.toml", &text.replace("connections = 4", "connections = 1"));
    house.done(&["reproduce", "some.toml", "--runs", "second"]);
    assert_eq!(fetched(&house, "first"), fetched(&house, "second"));
    assert_eq!(fetched(&house, "first").into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>(), bytes);
    // how it is asked is no part of the key
    house.done(&["reproduce", "some.toml", "--runs", "first"]);
    assert_eq!(house.how_in("first", "some")["web"], "cached");
}

#[test]
fn a_server_that_refuses_ends_it_and_what_is_finished_is_not_asked_for_again() {
    let (bytes, rows) = archive(18);
    // the seventh request is the first of the second archive
    let mut moods = vec![Mood::Fine; 6];
    moods.push(Mood::Busy(403));
    let server = server(&bytes, &moods);
    let house = house(&rows, &server, "connections = 1");
    let output = house.run(&["reproduce", "some.toml"]);
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert!(told(&output).contains("403") && told(&output).contains("wait"), "{}", told(&output));
    assert_eq!(server.requests.load(Ordering::SeqCst), 7, "nobody asks on after a refusal");
    assert!(!house.path().join("runs/some").exists());
    house.done(&["reproduce", "some.toml"]);
    assert_eq!(house.how("some")["web"], "resumed");
    assert_eq!(server.requests.load(Ordering::SeqCst), 7 + 12);
    assert_eq!(fetched(&house, "runs").into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>(), bytes);
}

#[test]
fn a_whole_archive_is_not_taken_for_a_record() {
    let (bytes, rows) = archive(3);
    let server = server(&bytes, &[Mood::IgnoreRange; 9]);
    let house = house(&rows, &server, "");
    let output = house.run(&["reproduce", "some.toml"]);
    assert_eq!(output.status.code(), Some(4));
    let told = told(&output).replace(&server.address, "http://HOST");
    assert_snapshot!(told);
}

#[test]
fn a_mirror_answers_first_and_gives_the_same() {
    let (bytes, rows) = archive(7);
    let server = server(&bytes, &[]);
    let house = house(&rows, &server, "");
    house.done(&["reproduce", "some.toml"]);
    let asked = server.requests.load(Ordering::SeqCst);
    let mirrored = house.path().join("mirror/127.0.0.1").join(FILE);
    std::fs::create_dir_all(mirrored.parent().unwrap()).unwrap();
    std::fs::write(mirrored, &bytes).unwrap();
    house.done(&["reproduce", "some.toml", "--runs", "others", "--mirror", "mirror"]);
    assert_eq!(fetched(&house, "runs"), fetched(&house, "others"));
    assert_eq!(server.requests.load(Ordering::SeqCst), asked);
}

#[test]
fn wrong_lists_and_settings_are_refused_before_anybody_is_asked() {
    let (bytes, rows) = archive(2);
    let server = server(&bytes, &[]);
    let mut answers = String::new();
    let mut refuse = |house: &House| {
        let output = house.run(&["reproduce", "some.toml"]);
        let told =
            told(&output).replace(&house.path().canonicalize().unwrap().display().to_string(), "HOUSE");
        answers.extend([format!("exit code {}\n{told}\n", output.status.code().unwrap())]);
    };
    for settings in ["connections = 9", "records = 0", "per_second = 0"] {
        let house = house(&rows, &server, "");
        let text = std::fs::read_to_string(house.path().join("some.toml")).unwrap();
        let (name, _) = settings.split_once(" = ").unwrap();
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with(name)).collect();
        house.write("some.toml", &format!("{}\n{settings}\n", kept.join("\n")));
        refuse(&house);
    }
    let house = house(&[], &server, "");
    refuse(&house);
    std::fs::remove_file(house.path().join("pages.parquet")).unwrap();
    refuse(&house);
    let mut other = Writer::<shard::Metrics>::create(house.path(), "pages.parquet", "by hand").unwrap();
    other.push(&shard::metrics::Row::default()).unwrap();
    other.finish().unwrap();
    refuse(&house);
    assert_snapshot!(answers);
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}
