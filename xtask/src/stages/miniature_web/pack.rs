//! A capture as it lies in an archive: one gzip member, sound or spoiled.

use std::io::{self, Write};

use fixtures::Capture;
use fixtures::capture::Damage;
use flate2::{Compression, GzBuilder};
use warc::{Headers, Kind, Packing, Record, Writer};

/// The bytes of the archive that stand for `capture`.
pub(super) fn pack(capture: &Capture) -> io::Result<Vec<u8>> {
    let record = record(capture);
    match capture.damage {
        None => written(&record, Packing::Gzip),
        Some(damage) => spoiled(&record, damage),
    }
}

/// The head of an archive, which says who made it.
pub(super) fn warcinfo(name: &str) -> io::Result<Vec<u8>> {
    let mut headers = Headers::default();
    headers.push("WARC-Record-ID", "<urn:uuid:00000000-0000-5000-8000-000000000000>");
    headers.push("WARC-Date", "2025-01-01T00:00:00Z");
    headers.push("WARC-Filename", name);
    headers.push("Content-Type", "application/warc-fields");
    let block = b"software: deepdive\r\nisPartOf: MINIATURE-WEB\r\n".to_vec();
    written(&Record::new(Kind::Warcinfo, headers, block), Packing::Gzip)
}

/// The id that the archive gives a capture.
pub(super) fn record_id(id: &str) -> String {
    format!("<{id}>")
}

fn record(capture: &Capture) -> Record {
    let mut headers = Headers::default();
    headers.push("WARC-Record-ID", &record_id(&capture.id));
    headers.push("WARC-Date", &capture.date);
    headers.push("WARC-Target-URI", &capture.url);
    headers.push("Content-Type", "application/http; msgtype=response");
    Record::new(Kind::Response, headers, capture.http_message())
}

fn written(record: &Record, packing: Packing) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(vec![], packing);
    writer.write(record)?;
    writer.finish()
}

/// What a bad disk, a killed crawler or a careless program makes of a record.
fn spoiled(record: &Record, damage: Damage) -> io::Result<Vec<u8>> {
    let plain = written(record, Packing::Plain)?;
    let head = plain.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(plain.len());
    match damage {
        Damage::FlippedByte => {
            let mut packed = gzip(&plain)?;
            let middle = packed.len() / 2;
            packed[middle] ^= 0x55;
            Ok(packed)
        }
        Damage::CutOff => {
            let mut packed = gzip(&plain)?;
            packed.truncate(packed.len() * 2 / 3);
            Ok(packed)
        }
        // a response as it came, where a packed record should stand
        Damage::Garbage => Ok(record.block.iter().copied().filter(u8::is_ascii).collect()),
        Damage::LengthTooLarge => {
            let length = record.block.len();
            let lie = format!("Content-Length: {}", length + 10_000);
            let told =
                String::from_utf8_lossy(&plain[..head]).replace(&format!("Content-Length: {length}"), &lie);
            gzip(&[told.as_bytes(), &plain[head..]].concat())
        }
        Damage::BadHead => gzip(&plain[..head]),
    }
}

/// Packed as [`Packing::Gzip`] packs.
fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().operating_system(255).write(vec![], Compression::default());
    gzip.write_all(plain)?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use fixtures::capture::Damage;
    use fixtures::{Size, web};
    use warc::{Event, Reader};

    use super::{gzip, pack, record, record_id, written};
    use warc::Packing;

    #[test]
    fn a_damage_costs_its_own_record_and_no_other() {
        let sound: Vec<_> = web(Size::Tiny, 1).filter(|capture| capture.damage.is_none()).take(3).collect();
        for (damage, reason) in [
            (Damage::FlippedByte, Some("corrupt_member")),
            (Damage::CutOff, Some("corrupt_member")),
            (Damage::Garbage, Some("garbage")),
            (Damage::BadHead, Some("bad_head")),
            (Damage::LengthTooLarge, None),
        ] {
            let mut captures = sound.clone();
            captures[1].damage = Some(damage);
            let archive: Vec<u8> = captures.iter().flat_map(|capture| pack(capture).unwrap()).collect();
            let events: Vec<Event> = Reader::new(&archive[..]).map(Result::unwrap).collect();
            let ids = events.iter().filter_map(|event| match event {
                Event::Record(record) => record.id().map(str::to_owned),
                Event::Damage(_) => None,
            });
            let lost: Vec<&str> = events
                .iter()
                .filter_map(|event| match event {
                    Event::Damage(damage) if damage.kind.loses_record() => Some(damage.kind.name()),
                    _ => None,
                })
                .collect();
            let mut expected = captures.clone();
            if reason.is_some() {
                expected.remove(1);
            }
            let expected: Vec<String> = expected.iter().map(|capture| record_id(&capture.id)).collect();
            assert_eq!(ids.collect::<Vec<_>>(), expected, "{damage:?}");
            assert_eq!(lost, reason.into_iter().collect::<Vec<_>>(), "{damage:?}");
        }
    }

    #[test]
    fn spoiled_records_are_packed_like_sound_ones() {
        let record = record(&web(Size::Tiny, 1).capture(0));
        let plain = written(&record, Packing::Plain).unwrap();
        assert_eq!(gzip(&plain).unwrap(), written(&record, Packing::Gzip).unwrap());
    }
}
