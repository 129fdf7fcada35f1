//! One record out of an open member: its head, its block, and what to do when the length lies.

use std::io::{self, Read};

use crate::boundary;
use crate::damage::{Damage, DamageKind};
use crate::headers::head_length;
use crate::limits::Limits;
use crate::member::{Member, State};
use crate::record::{Head, Record};
use crate::window::Window;

/// Longest head; the largest seen in Common Crawl are a few kilobytes of URL.
const HEAD_MOST: usize = 64 << 10;
/// Most blank bytes looked over behind a block in search of the next record.
const BLANK_MOST: usize = 1 << 10;
/// Bytes inflated at a time while skipping or searching.
const STEP: usize = 64 << 10;

/// What one step through a member gives.
pub(crate) enum Framed {
    Record(Record),
    /// A record saved from a lie about its length.
    Mended(Damage, Record),
    Lost(Damage),
}

/// Reads the next record of `member`; `None` where nothing is left of it.
pub(crate) fn read_record<R: Read>(
    member: &mut Member,
    window: &mut Window<R>,
    limits: &Limits,
) -> io::Result<Option<Framed>> {
    if member.taken > 0 {
        window.set_mark();
    }
    skip_blank(member, window)?;
    let place = Place::of(member);
    if member.text().is_empty() {
        return Ok(match &member.state {
            State::Broken(kind, detail) => Some(place.lost(*kind, detail.clone())),
            _ if member.taken > 0 => None,
            _ => Some(place.lost(DamageKind::Padding, "an empty member".to_owned())),
        });
    }
    member.pull(window, 5)?;
    if !member.text().starts_with(b"WARC/") {
        return discard(member, window, &place, DamageKind::NotARecord, "no version line".to_owned())
            .map(Some);
    }
    let Some(head_end) = read_head(member, window)? else {
        let detail = format!("no empty line in the first {HEAD_MOST} bytes");
        return discard(member, window, &place, DamageKind::BadHead, detail).map(Some);
    };
    let head = Head::parse(&member.text()[..head_end]);
    let framed = match head.declared {
        None => read_unmeasured(member, window, limits, &place, head, head_end, DamageKind::NoLength),
        Some(length) if length > limits.record_bytes.saturating_sub(head_end) as u64 => {
            skip_declared(member, window, limits, &place, head_end as u64, length)
        }
        Some(length) => read_declared(member, window, limits, &place, head, head_end, length as usize),
    };
    framed.map(Some)
}

/// Where a record stands, for its own sake and for reports.
struct Place {
    offset: u64,
    within: u64,
}

impl Place {
    fn of(member: &Member) -> Place {
        if member.is_gzip() {
            Place { offset: member.offset, within: member.taken }
        } else {
            Place { offset: member.offset + member.taken, within: 0 }
        }
    }

    fn damage(&self, kind: DamageKind, detail: String) -> Damage {
        Damage { offset: self.offset, kind, detail }
    }

    fn lost(&self, kind: DamageKind, detail: String) -> Framed {
        Framed::Lost(self.damage(kind, detail))
    }

    fn record(&self, head: Head, block: Vec<u8>) -> Record {
        let Head { version, kind, headers, .. } = head;
        Record { offset: self.offset, within: self.within, version, kind, headers, block }
    }
}

fn skip_blank<R: Read>(member: &mut Member, window: &mut Window<R>) -> io::Result<()> {
    loop {
        member.pull(window, 1)?;
        let blank = member.text().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if blank == 0 {
            return Ok(());
        }
        member.skip(blank);
    }
}

/// Inflates until the head is whole; `None` where it has no end.
fn read_head<R: Read>(member: &mut Member, window: &mut Window<R>) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = head_length(member.text()) {
            return Ok(Some(end));
        }
        let length = member.text().len();
        if length >= HEAD_MOST || member.state != State::Open {
            return Ok(None);
        }
        member.pull(window, (2 * length).max(1 << 10))?;
    }
}

/// Reads a block of a length that can be true.
fn read_declared<R: Read>(
    member: &mut Member,
    window: &mut Window<R>,
    limits: &Limits,
    place: &Place,
    head: Head,
    head_end: usize,
    length: usize,
) -> io::Result<Framed> {
    let end = head_end + length;
    member.expect_text(end + 2 * boundary::REACH);
    member.pull(window, end)?;
    if member.text().len() < end {
        return read_unmeasured(member, window, limits, place, head, head_end, DamageKind::LengthTooLarge);
    }
    match what_follows(member, window, end)? {
        Follows::Record(next) => Ok(Framed::Record(place.record(head, member.take(head_end, end, next)))),
        Follows::Nothing(next) => {
            // a length too large by four bytes or less takes the two closing line ends into the block
            let closed = member.text()[head_end..next].ends_with(b"\r\n\r\n");
            if closed && next < end + 4 {
                let detail = format!("declared {length} bytes, the block has {}", next - 4 - head_end);
                let record = place.record(head, member.take(head_end, next - 4, next));
                return Ok(Framed::Mended(place.damage(DamageKind::LengthTooLarge, detail), record));
            }
            Ok(Framed::Record(place.record(head, member.take(head_end, end, next))))
        }
        Follows::Something => {
            read_unmeasured(member, window, limits, place, head, head_end, DamageKind::LengthTooSmall)
        }
        Follows::Break(kind, detail) => Ok(place.lost(kind, detail)),
    }
}

/// What stands behind a block, blank lines passed over.
enum Follows {
    Record(usize),
    Nothing(usize),
    Something,
    Break(DamageKind, String),
}

fn what_follows<R: Read>(member: &mut Member, window: &mut Window<R>, end: usize) -> io::Result<Follows> {
    let mut at = end;
    loop {
        member.pull(window, at + 1)?;
        match member.text().get(at) {
            Some(b'\r' | b'\n') if at - end < BLANK_MOST => at += 1,
            Some(b'\r' | b'\n') => return Ok(Follows::Record(at)),
            Some(_) => break,
            None => {
                return Ok(match &member.state {
                    State::Broken(kind, detail) => Follows::Break(*kind, detail.clone()),
                    State::Ended | State::Open => Follows::Nothing(at),
                });
            }
        }
    }
    member.pull(window, at + 5)?;
    let starts = member.text()[at..].starts_with(b"WARC/");
    Ok(if starts { Follows::Record(at) } else { Follows::Something })
}

/// Reads a block whose declared length is `lie`: it ends before the next record or with the member.
fn read_unmeasured<R: Read>(
    member: &mut Member,
    window: &mut Window<R>,
    limits: &Limits,
    place: &Place,
    head: Head,
    head_end: usize,
    lie: DamageKind,
) -> io::Result<Framed> {
    let mut from = head_end;
    let next = loop {
        if let Some(next) = boundary::find(member.text(), from) {
            break next;
        }
        let length = member.text().len();
        if let State::Broken(kind, detail) = &member.state {
            return Ok(place.lost(*kind, detail.clone()));
        }
        if member.state == State::Ended {
            break length;
        }
        if length > limits.record_bytes {
            let detail = format!("no end within {} bytes", limits.record_bytes);
            return discard(member, window, place, DamageKind::TooLarge, detail);
        }
        from = length.saturating_sub(boundary::REACH).max(head_end);
        member.pull(window, length + STEP.max(length / 2))?;
    };
    let text = &member.text()[..next];
    let block_end = head_end + boundary::without_trailer(&text[head_end..]);
    let closed = text.ends_with(b"\n\r\n") || text.ends_with(b"\n\n");
    if !member.is_gzip() && !closed && next == member.text().len() {
        member.skip(next);
        return Ok(place.lost(DamageKind::Truncated, "the file ends inside a record".to_owned()));
    }
    if block_end > limits.record_bytes {
        member.skip(next);
        return Ok(place
            .lost(DamageKind::TooLarge, format!("{block_end} bytes, the limit is {}", limits.record_bytes)));
    }
    let block = block_end - head_end;
    let (kind, detail) = match head.declared {
        None => (DamageKind::NoLength, format!("no usable Content-Length, the block has {block} bytes")),
        Some(length) => {
            let kind = if length > block as u64 { DamageKind::LengthTooLarge } else { lie };
            (kind, format!("declared {length} bytes, the block has {block}"))
        }
    };
    let record = place.record(head, member.take(head_end, block_end, next));
    Ok(Framed::Mended(place.damage(kind, detail), record))
}

/// Passes over a record that is too large to hold, believing its length.
///
/// No record is looked for inside: whoever makes a page large enough could else write records of other sites.
fn skip_declared<R: Read>(
    member: &mut Member,
    window: &mut Window<R>,
    limits: &Limits,
    place: &Place,
    head_bytes: u64,
    length: u64,
) -> io::Result<Framed> {
    let detail = format!("declared {length} bytes, the limit is {}", limits.record_bytes);
    let mut left = head_bytes.saturating_add(length);
    while left > 0 {
        let step = left.min(STEP as u64) as usize;
        member.pull(window, step)?;
        let seen = member.text().len().min(step);
        if seen == 0 {
            return Ok(lost_or_broken(member, place, DamageKind::TooLarge, detail));
        }
        member.skip(seen);
        left -= seen as u64;
    }
    skip_blank(member, window)?;
    member.pull(window, 5)?;
    if member.text().is_empty() || member.text().starts_with(b"WARC/") {
        return Ok(lost_or_broken(member, place, DamageKind::TooLarge, detail));
    }
    discard(member, window, place, DamageKind::TooLarge, detail)
}

/// Passes over everything up to the next record or the end of the member, in bounded memory.
fn discard<R: Read>(
    member: &mut Member,
    window: &mut Window<R>,
    place: &Place,
    kind: DamageKind,
    detail: String,
) -> io::Result<Framed> {
    loop {
        member.pull(window, STEP)?;
        let length = member.text().len();
        if let Some(next) = boundary::find(member.text(), 1) {
            member.skip(next);
            return Ok(place.lost(kind, detail));
        }
        if member.state != State::Open {
            member.skip(length);
            return Ok(lost_or_broken(member, place, kind, detail));
        }
        member.skip(length - boundary::REACH);
    }
}

/// A member that broke is the better explanation of whatever else looked wrong in it.
fn lost_or_broken(member: &Member, place: &Place, kind: DamageKind, detail: String) -> Framed {
    match &member.state {
        State::Broken(broken, why) if member.text().is_empty() => place.lost(*broken, why.clone()),
        _ => place.lost(kind, detail),
    }
}
