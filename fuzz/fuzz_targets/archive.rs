//! Any bytes are an archive: reading ends, offsets rise, nothing is yielded that was not there.
//!
//! The first byte says how the others become an archive, so that the fuzzer gets behind the gzip checksums.

#![no_main]

mod spoil;

use std::io::Write;
use std::sync::LazyLock;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use spoil::spoil;
use warc::{Event, Headers, Kind, Limits, Packing, Reader, Record, Writer};

/// Two sound archives to be spoiled.
static SOUND: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [Packing::Gzip, Packing::Plain].map(sound));

fn sound(packing: Packing) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), packing);
    for number in 0..4_u8 {
        let block = format!("HTTP/1.1 200 OK\r\n\r\n<p>{}", "word ".repeat(usize::from(number) * 9));
        let headers = Headers::from_iter([("WARC-Target-URI", "http://example.org/")]);
        writer.write(&Record::new(Kind::Response, headers, block.into_bytes())).expect("memory");
    }
    writer.finish().expect("memory")
}

fn pack(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text).expect("memory");
    packer.finish().expect("memory")
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let archive = match how % 5 {
        0 => data.to_vec(),
        1 => pack(data),
        2 => data.split(|byte| *byte == 0xff).flat_map(pack).collect(),
        3 => spoil(&SOUND[0], data),
        _ => spoil(&SOUND[1], data),
    };
    let limits = Limits { record_bytes: 1 << 12, ..Limits::default() };
    let mut last = (0, 0);
    let mut events = 0;
    for event in Reader::with_limits(&archive[..], limits) {
        let place = match event.expect("memory can be read") {
            Event::Record(record) => {
                assert!(record.block.len() <= limits.record_bytes);
                (record.offset, record.within)
            }
            Event::Damage(damage) => (damage.offset, last.1 * u64::from(damage.offset == last.0)),
        };
        assert!(place >= last, "{place:?} after {last:?}");
        assert!(place.0 < archive.len() as u64);
        last = place;
        events += 1;
        // deflate packs 1,032 to one at best, and an event takes bytes
        assert!(events <= 1100 * archive.len(), "reading does not end");
    }
});
