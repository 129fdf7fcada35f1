//! What holds for all records and all bytes.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use warc::{Damage, Event, Headers, Kind, Limits, Packing, Reader, Record, Writer};

fn kind() -> impl Strategy<Value = Kind> {
    let kinds = ["response", "conversion", "revisit", "request", "metadata", "warcinfo", "resource", "mine"];
    prop::sample::select(kinds.to_vec()).prop_map(Kind::named)
}

/// A record as a reader gives it back: names are tokens, values are trimmed.
fn record() -> impl Strategy<Value = Record> {
    let field = ("[A-Za-z][A-Za-z-]{0,12}", "([!-~\u{e9}]([ -~\u{4e2d}]{0,20}[!-~])?)?");
    let block =
        prop_oneof![vec(any::<u8>(), 0..400), "[\r\nWARC/1.0:a-c ]{0,200}".prop_map(String::into_bytes)];
    (kind(), vec(field, 0..5), block).prop_map(|(kind, fields, block)| {
        let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = |name: &str| ["warc-type", "content-length"].contains(&name.to_ascii_lowercase().as_str());
        Record::new(kind, fields.filter(|(name, _)| !own(name)).collect(), block)
    })
}

fn write(records: &[Record], packing: Packing) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), packing);
    for record in records {
        writer.write(record).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything")
}

fn one_member(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory takes everything");
    packer.finish().expect("memory takes everything")
}

fn read(source: impl Read, limits: Limits) -> (Vec<Record>, Vec<Damage>) {
    let (mut records, mut damages) = (Vec::new(), Vec::new());
    for event in Reader::with_limits(source, limits) {
        match event.expect("memory can be read") {
            Event::Record(record) => records.push(record),
            Event::Damage(damage) => damages.push(damage),
        }
    }
    (records, damages)
}

/// Gives a byte at a time, and is interrupted in between.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..1]) }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(records in vec(record(), 1..6)) {
        let plain = write(&records, Packing::Plain);
        for archive in [write(&records, Packing::Gzip), one_member(&plain), plain] {
            let (mut read, damages) = read(&archive[..], Limits::default());
            prop_assert_eq!(damages, vec![]);
            prop_assert!(read.is_sorted_by_key(|record| (record.offset, record.within)));
            for record in &mut read {
                (record.offset, record.within) = (0, 0);
            }
            prop_assert_eq!(&read, &records);
        }
    }

    #[test]
    fn how_the_bytes_arrive_changes_nothing(records in vec(record(), 1..4), cut in 0_usize..40) {
        let archive = write(&records, Packing::Gzip);
        let archive = &archive[..archive.len() - cut.min(archive.len())];
        prop_assert_eq!(read(archive, Limits::default()), read(Trickle(archive, false), Limits::default()));
    }

    /// One byte changed: every other record is there, and the one it was in is there or reported.
    #[test]
    fn a_changed_byte_is_accounted_for(
        records in vec(record(), 1..6), at in any::<prop::sample::Index>(), by in 1_u8..,
    ) {
        let mut archive = write(&records, Packing::Gzip);
        let at = at.index(archive.len());
        archive[at] ^= by;
        let (read, damages) = read(&archive[..], Limits::default());
        let lost = damages.iter().filter(|damage| damage.kind.loses_record()).count();
        prop_assert_eq!(read.len() + lost, records.len(), "{:?}", damages);
        prop_assert!(lost <= 1);
        let mut wanted = records.iter();
        for record in &read {
            prop_assert!(wanted.any(|wanted| wanted.block == record.block && wanted.headers == record.headers));
        }
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in vec(any::<u8>(), 0..2000), archive in vec(record(), 0..3), at in any::<prop::sample::Index>()) {
        let limits = Limits { record_bytes: 300, ..Limits::default() };
        for packing in [Packing::Gzip, Packing::Plain] {
            let mut archive = write(&archive, packing);
            let at = at.index(archive.len() + 1);
            archive.splice(at..at, bytes.iter().copied());
            for archive in [one_member(&archive), archive] {
                let (records, damages) = read(&archive[..], limits);
                prop_assert!(records.iter().all(|record| record.block.len() <= limits.record_bytes));
                prop_assert!(damages.is_sorted_by_key(|damage| damage.offset));
                prop_assert!(archive.is_empty() || !records.is_empty() || !damages.is_empty());
            }
        }
    }
}

#[test]
fn an_error_of_the_source_is_told_once() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut reader = Reader::new(Broken);
    assert_eq!(
        reader.next().and_then(Result::err).map(|error| error.to_string()),
        Some("the disk is gone".to_owned())
    );
    assert!(reader.next().is_none());
}

#[test]
fn a_header_that_would_forge_another_is_refused() {
    for (name, value) in [("A", "b\r\nC: d"), ("A\n", "b"), ("A:B", "c")] {
        let record = Record::new(Kind::Metadata, Headers::from_iter([(name, value)]), Vec::new());
        let error = Writer::new(Vec::new(), Packing::Plain).write(&record).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
