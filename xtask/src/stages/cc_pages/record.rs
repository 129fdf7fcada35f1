//! One record: asked for, and believed only when it is one.

use shard::dropped::Kind;
use shard::remote::Remote;
use warc::{Event, Limits, Reader};

use super::Location;

/// Why a row has no record.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) detail: String,
    pub(super) kind: Kind,
}

impl Refusal {
    fn new(reason: &'static str, detail: String) -> Self {
        Self { reason, detail, kind: Kind::Damage }
    }
}

/// The packed record at `location`, or why it cannot be had.
///
/// # Errors
/// Where the server is gone, refuses us or knows no ranges: the other rows would fare no better.
pub(super) fn fetch(
    remote: &Remote,
    host: &str,
    location: &Location,
) -> anyhow::Result<Result<Vec<u8>, Refusal>> {
    let Location { file, offset, length, url } = location;
    let asked = (u64::try_from(*offset), u64::try_from(*length));
    let (Ok(from), Ok(bytes @ 1..)) = asked else {
        return Ok(Err(Refusal::new("out_of_range", format!("{length} bytes from byte {offset} on"))));
    };
    let most = Limits::default().record_bytes as u64;
    if bytes > most {
        return Ok(Err(Refusal::new(
            "record_too_large",
            format!("{bytes} bytes, at most {most} are fetched"),
        )));
    }
    let address = format!("{}/{}", host.trim_end_matches('/'), file.trim_start_matches('/'));
    match remote.range(&address, from, bytes) {
        Ok(packed) => Ok(is_record(&packed, url.as_deref()).map(|()| packed)),
        Err(shard::Error::Status { status: status @ (404 | 410), .. }) => {
            Ok(Err(Refusal::new("not_found", format!("the server answered {status}"))))
        }
        Err(shard::Error::OutOfRange { total, .. }) => {
            let has = total.map_or_else(String::new, |total| format!("; the archive has {total}"));
            Ok(Err(Refusal::new("out_of_range", format!("{bytes} bytes from byte {from} on{has}"))))
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether `packed` is one gzip member with one record in it, of the page at `url` where that is known.
///
/// A record whose length lies is one: whoever reads the archive mends it.
fn is_record(packed: &[u8], url: Option<&str>) -> Result<(), Refusal> {
    let not = |detail: String| Err(Refusal::new("not_a_record", detail));
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return not("no gzip member begins there".to_owned());
    }
    let mut found = None;
    for event in Reader::new(packed) {
        match event {
            Ok(Event::Record(record)) if found.is_none() => found = Some(record),
            Ok(Event::Record(record)) => {
                return not(format!("another record begins at byte {} of it", record.offset));
            }
            Ok(Event::Damage(damage)) if damage.kind.loses_record() || found.is_some() => {
                return not(damage.to_string());
            }
            Ok(Event::Damage(_)) => {}
            Err(error) => return not(error.to_string()),
        }
    }
    let Some(record) = found else { return not("nothing is in it".to_owned()) };
    match (url, record.target_uri()) {
        (Some(wanted), got) if got != Some(wanted) => {
            let detail = format!("the record there is of {}", got.unwrap_or("no page"));
            Err(Refusal { reason: "other_page", detail, kind: Kind::Rule })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use warc::{Headers, Kind, Packing, Record, Writer};

    use super::*;

    fn packed(url: &str) -> Vec<u8> {
        let headers = Headers::from_iter([("WARC-Target-URI", url)]);
        let block = b"HTTP/1.1 200 OK\r\n\r\n<p>Servus".to_vec();
        let mut writer = Writer::new(vec![], Packing::Gzip);
        writer.write(&Record::new(Kind::Response, headers, block)).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn only_one_whole_member_with_the_page_in_it_is_a_record() {
        let (url, other) = ("https://a.at/", packed("https://b.at/"));
        let one = packed(url);
        assert_eq!(is_record(&one, Some(url)), Ok(()));
        assert_eq!(is_record(&one, None), Ok(()));
        let reason = |bytes: &[u8]| is_record(bytes, Some(url)).map_err(|refusal| refusal.reason);
        assert_eq!(reason(&other), Err("other_page"));
        let (twice, padded) = ([&one[..], &other].concat(), [&one[..], b"\0\0"].concat());
        let mut flipped = one.clone();
        let last = flipped.len() - 8; // of the checksum
        flipped[last] ^= 1;
        let text = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 1\r\n\r\nx\r\n\r\n";
        for wrong in [&one[1..], &one[..one.len() - 1], &twice, &padded, &flipped, &text[..], b""] {
            assert_eq!(reason(wrong), Err("not_a_record"));
        }
    }
}
