//! Damages of archives: each is located, and costs one record at most.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use warc::http::Response;
use warc::{Coding, Damage, DamageKind, Event, Headers, Kind, Limits, Packing, Reader, Record, Writer, page};

/// Members of an archive: one of our own, and the first 40 of a real one where there is one.
fn archives() -> Vec<Vec<Vec<u8>>> {
    let mut writer = Writer::new(Vec::new(), Packing::Gzip);
    let mut starts: Vec<usize> =
        (0..6).map(|number| writer.write(&response(number)).expect("written") as usize).collect();
    let bytes = writer.finish().expect("flushed");
    starts.push(bytes.len());
    let ours = starts.windows(2).map(|range| bytes[range[0]..range[1]].to_vec()).collect();

    let real = Path::new("../../../shared/data/web/warc/assembled-dev.warc.gz");
    let Ok(mut file) = File::open(real) else {
        println!("skipped: shared data is absent");
        return vec![ours];
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("readable");
    let (records, damages) = read(&bytes);
    assert_eq!((records.len(), damages.len()), (376, 0));
    let starts: Vec<usize> = records.iter().take(41).map(|record| record.offset as usize).collect();
    vec![ours, starts.windows(2).map(|range| bytes[range[0]..range[1]].to_vec()).collect()]
}

fn response(number: usize) -> Record {
    let mut block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html>".to_vec();
    for line in 0..400 {
        block.extend_from_slice(format!("<p>{} of {number}\r\n\r\n", line * 7919 % 1009).as_bytes());
    }
    let (id, url) = (format!("<urn:test:{number}>"), format!("http://example.org/{number}"));
    Record::new(
        Kind::Response,
        Headers::from_iter([("WARC-Record-ID", &*id), ("WARC-Target-URI", &*url)]),
        block,
    )
}

fn read(archive: &[u8]) -> (Vec<Record>, Vec<Damage>) {
    let (mut records, mut damages) = (Vec::new(), Vec::new());
    for event in Reader::new(archive) {
        match event.expect("memory can be read") {
            Event::Record(record) => records.push(record),
            Event::Damage(damage) => damages.push(damage),
        }
    }
    (records, damages)
}

/// Changes member 2 of each archive and says what must come of it.
fn check(change: impl Fn(&mut Vec<u8>), kind: DamageKind, loses: bool) {
    for mut members in archives() {
        let whole = read(&members.concat()).0;
        change(&mut members[2]);
        let offset = (members[0].len() + members[1].len()) as u64;
        let (records, damages) = read(&members.concat());
        let kinds: Vec<(DamageKind, u64)> =
            damages.iter().map(|damage| (damage.kind, damage.offset)).collect();
        assert_eq!(kinds, [(kind, offset)], "{damages:?}");
        let rest = whole.iter().enumerate().filter(|(at, _)| !loses || *at != 2);
        let (wanted, got): (Vec<_>, Vec<_>) = (
            rest.map(|(_, record)| (record.id(), &record.block)).collect(),
            records.iter().map(|record| (record.id(), &record.block)).collect(),
        );
        assert!(wanted == got, "{kind}: {} records instead of {}", got.len(), wanted.len());
        assert_eq!(kind.loses_record(), loses);
    }
}

fn repack(member: &mut Vec<u8>, change: impl Fn(&mut String)) {
    let mut text = Vec::new();
    GzDecoder::new(&member[..]).read_to_end(&mut text).expect("sound");
    let head_end = text.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let mut head = String::from_utf8(text[..head_end].to_vec()).expect("ASCII");
    change(&mut head);
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(head.as_bytes()).expect("written");
    packer.write_all(&text[head_end..]).expect("written");
    *member = packer.finish().expect("packed");
}

fn change_length(member: &mut Vec<u8>, by: i64) {
    repack(member, |head| {
        let at = head.find("Content-Length: ").expect("a length") + "Content-Length: ".len();
        let length: i64 = head[at..].lines().next().expect("a line").parse().expect("a number");
        *head = format!("{}{}{}", &head[..at], length + by, &head[at + length.to_string().len()..]);
    });
}

#[test]
fn a_flipped_bit_costs_its_record() {
    for place in [1, 2, 3, 4] {
        let flip = move |member: &mut Vec<u8>| {
            let at = member.len() * place / 5;
            member[at] ^= 0x10;
        };
        check(flip, DamageKind::CorruptMember, true);
    }
}

#[test]
fn a_wrong_checksum_costs_its_record() {
    let change = |member: &mut Vec<u8>| {
        let at = member.len() - 6;
        member[at] ^= 1;
    };
    check(change, DamageKind::CorruptMember, true);
}

#[test]
fn missing_bytes_cost_their_record_and_not_the_next() {
    check(|member| drop(member.drain(100..200)), DamageKind::CorruptMember, true);
    check(|member| member.truncate(member.len() - 4), DamageKind::CorruptMember, true);
    check(|member| member.truncate(member.len() / 2), DamageKind::CorruptMember, true);
}

#[test]
fn a_length_that_is_too_large_costs_nothing() {
    for by in [1, 2, 4, 5, 500, 1_000_000] {
        check(|member| change_length(member, by), DamageKind::LengthTooLarge, false);
    }
}

#[test]
fn a_length_that_is_too_small_costs_nothing() {
    for by in [-500, -3000] {
        check(|member| change_length(member, by), DamageKind::LengthTooSmall, false);
    }
}

#[test]
fn a_length_that_is_missing_costs_nothing() {
    let remove = |head: &mut String| *head = head.replace("Content-Length", "Content-Strength");
    check(|member| repack(member, remove), DamageKind::NoLength, false);
}

#[test]
fn garbage_in_the_place_of_a_member_costs_its_record() {
    let garble = |member: &mut Vec<u8>| {
        let mut state = 12345_u32;
        for byte in member.iter_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8 | 1;
        }
    };
    check(garble, DamageKind::Garbage, true);
    let other = |member: &mut Vec<u8>| repack(member, |head| *head = head.replace("WARC/1", "CRAW/1"));
    check(other, DamageKind::NotARecord, true);
}

#[test]
fn padding_between_members_costs_nothing() {
    for padding in [1, 512, 300_000] {
        for mut members in archives() {
            let whole = read(&members.concat()).0.len();
            let offset = (members[0].len() + members[1].len()) as u64;
            members.insert(2, vec![0; padding]);
            let (records, damages) = read(&members.concat());
            assert_eq!(records.len(), whole);
            assert_eq!((damages.len(), damages[0].offset, damages[0].kind), (1, offset, DamageKind::Padding));
        }
    }
}

#[test]
fn a_truncated_tail_costs_the_last_record() {
    for members in archives() {
        let whole = members.concat();
        let last = members.last().expect("some").len();
        for cut in [1, 8, last / 2, last - 1, last - 2] {
            let (records, damages) = read(&whole[..whole.len() - cut]);
            assert_eq!(records.len(), members.len() - 1, "{cut} bytes cut");
            let offset = (whole.len() - last) as u64;
            assert_eq!(
                (damages.len(), damages[0].offset, damages[0].kind),
                (1, offset, DamageKind::Truncated)
            );
        }
    }
}

#[test]
fn uncompressed_archives_survive_the_same() {
    let mut writer = Writer::new(Vec::new(), Packing::Plain);
    let starts: Vec<usize> =
        (0..4).map(|number| writer.write(&response(number)).expect("written") as usize).collect();
    let whole = String::from_utf8(writer.finish().expect("flushed")).expect("ASCII");
    let length = response(0).block.len();
    let cases = [(length + 7000, DamageKind::LengthTooLarge), (length - 500, DamageKind::LengthTooSmall)];
    for (lie, kind) in cases {
        let honest = format!("Content-Length: {length}");
        assert_eq!(whole.matches(&honest).count(), 4);
        let (before, after) = whole.split_at(starts[1]);
        let lied = format!("{before}{}", after.replacen(&honest, &format!("Content-Length: {lie}"), 1));
        for packed in [false, true] {
            let archive = if packed { one_member(lied.as_bytes()) } else { lied.clone().into_bytes() };
            let (records, damages) = read(&archive);
            assert_eq!(records.len(), 4, "{damages:?}");
            assert!(records.iter().enumerate().all(|(at, record)| record.block == response(at).block));
            assert_eq!(damages.iter().map(|damage| damage.kind).collect::<Vec<_>>(), [kind]);
            let place = if packed { (0, starts[1] as u64) } else { (starts[1] as u64, 0) };
            assert_eq!((records[1].offset, records[1].within), place);
        }
    }
    let (records, damages) = read(&whole.as_bytes()[..whole.len() - 100]);
    assert_eq!(
        (records.len(), damages[0].kind, damages[0].offset),
        (3, DamageKind::Truncated, starts[3] as u64)
    );
}

fn one_member(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("written");
    packer.finish().expect("packed")
}

#[test]
fn a_record_beyond_the_limit_is_passed_over() {
    let mut huge = response(1);
    // what looks like a record inside a page is part of the page
    huge.block
        .extend(b"\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n".repeat(4000));
    for packing in [Packing::Gzip, Packing::Plain] {
        let mut writer = Writer::new(Vec::new(), packing);
        let offsets: Vec<u64> =
            [&response(0), &huge, &response(2)].map(|record| writer.write(record).expect("written")).to_vec();
        let limits = Limits { record_bytes: 20_000, ..Limits::default() };
        let archive = writer.finish().expect("flushed");
        let events: Vec<Event> =
            Reader::with_limits(&archive[..], limits).map(|event| event.expect("read")).collect();
        let [Event::Record(first), Event::Damage(damage), Event::Record(last)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((damage.kind, damage.offset), (DamageKind::TooLarge, offsets[1]));
        assert_eq!((&first.block, &last.block), (&response(0).block, &response(2).block));
    }
}

#[test]
fn chunked_and_gzipped_payloads_are_undone_whatever_the_headers_say() {
    let html = b"<!doctype html><p>caf\xc3\xa9</p>".repeat(50);
    let gzip = one_member(&html);
    let chunked: Vec<u8> = gzip
        .chunks(40)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let truth = "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n";
    let lies = [
        "",
        truth,
        "Content-Encoding: br\r\n",
        "Content-Encoding: deflate\r\n",
        "Content-Encoding: zstd\r\n",
    ];
    let bodies =
        [(chunked, vec![Coding::Chunked, Coding::Gzip]), (gzip, vec![Coding::Gzip]), (html.clone(), vec![])];
    for headers in lies {
        for (body, codings) in &bodies {
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}Content-Length: 3\r\n\r\n");
            let mut record = response(0);
            record.block = [head.as_bytes(), body].concat();
            let response = Response::parse(&record.block).expect("HTTP");
            let payload = response.payload(&Limits::default()).expect("decodes");
            assert_eq!((&*payload.bytes, &payload.codings), (&html[..], codings), "{headers}");
            assert_eq!(page(&record, &Limits::default()).expect("a page").html.as_bytes(), html);
        }
    }
}
