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
    let mut framing = Framing { place: Place::of(member), member, window, limits };
    if framing.member.text().is_empty() {
        return Ok(framing.nothing());
    }
    framing.record().map(Some)
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

/// Where a record stands.
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
}

/// What stands behind a block, blank lines passed over.
enum Follows {
    Record(usize),
    Nothing(usize),
    Something,
    Break,
}

/// One record in the making.
struct Framing<'a, R> {
    member: &'a mut Member,
    window: &'a mut Window<R>,
    limits: &'a Limits,
    place: Place,
}

impl<R: Read> Framing<'_, R> {
    fn pull(&mut self, count: usize) -> io::Result<()> {
        self.member.pull(self.window, count)
    }

    fn damage(&self, kind: DamageKind, detail: impl Into<String>) -> Damage {
        Damage { offset: self.place.offset, kind, detail: detail.into() }
    }

    /// The record is gone. A member that broke explains whatever else looked wrong in it.
    fn lost(&self, kind: DamageKind, detail: impl Into<String>) -> Framed {
        Framed::Lost(match &self.member.state {
            State::Broken(broken, why) => self.damage(*broken, why.as_str()),
            State::Open | State::Ended => self.damage(kind, detail),
        })
    }

    /// Takes the block `text[from..to]` and everything up to `next` with it.
    fn take(&mut self, head: Head, from: usize, to: usize, next: usize) -> Record {
        let Head { version, kind, headers, .. } = head;
        let Place { offset, within } = self.place;
        Record { offset, within, version, kind, headers, block: self.member.take(from, to, next) }
    }

    /// No text is left: the member is over, was empty, or broke between two records.
    fn nothing(&self) -> Option<Framed> {
        let over = self.member.state == State::Ended && self.member.taken > 0;
        (!over).then(|| self.lost(DamageKind::Padding, "an empty member"))
    }

    fn record(&mut self) -> io::Result<Framed> {
        self.pull(5)?;
        if !self.member.text().starts_with(b"WARC/") {
            return self.discard(DamageKind::NotARecord, "no version line".to_owned());
        }
        let Some(head_end) = self.head()? else {
            let plain_end = !self.member.is_gzip() && self.member.state == State::Ended;
            let kind = if plain_end { DamageKind::Truncated } else { DamageKind::BadHead };
            return self.discard(kind, format!("no end of the head in {} bytes", self.member.text().len()));
        };
        let head = Head::parse(&self.member.text()[..head_end]);
        match head.declared {
            None => self.unmeasured(head, head_end, DamageKind::NoLength),
            Some(length) if length > self.limits.record_bytes.saturating_sub(head_end) as u64 => {
                self.pass_over(head_end as u64, length)
            }
            Some(length) => self.declared(head, head_end, length as usize),
        }
    }

    /// Inflates until the head is whole; `None` where it has no end.
    fn head(&mut self) -> io::Result<Option<usize>> {
        loop {
            if let Some(end) = head_length(self.member.text()) {
                return Ok(Some(end));
            }
            let length = self.member.text().len();
            if length >= HEAD_MOST || self.member.state != State::Open {
                return Ok(None);
            }
            self.pull((2 * length).max(1 << 10))?;
        }
    }

    /// Reads a block of a length that can be true.
    fn declared(&mut self, head: Head, head_end: usize, length: usize) -> io::Result<Framed> {
        let end = head_end + length;
        self.member.expect_text(end + 2 * boundary::REACH);
        self.pull(end)?;
        if self.member.text().len() < end {
            return self.unmeasured(head, head_end, DamageKind::LengthTooLarge);
        }
        match self.follows(end)? {
            Follows::Record(next) => Ok(Framed::Record(self.take(head, head_end, end, next))),
            Follows::Nothing(next) => {
                // a length too large by four bytes or less takes the two closing line ends into the block
                let closed = self.member.text()[head_end..next].ends_with(b"\r\n\r\n");
                if closed && next < end + 4 {
                    let detail = format!("declared {length} bytes, the block has {}", next - 4 - head_end);
                    let damage = self.damage(DamageKind::LengthTooLarge, detail);
                    return Ok(Framed::Mended(damage, self.take(head, head_end, next - 4, next)));
                }
                Ok(Framed::Record(self.take(head, head_end, end, next)))
            }
            Follows::Something => self.unmeasured(head, head_end, DamageKind::LengthTooSmall),
            Follows::Break => Ok(self.lost(DamageKind::CorruptMember, "")),
        }
    }

    /// Looks behind a block. In a member of one record this also has its checksum verified.
    fn follows(&mut self, end: usize) -> io::Result<Follows> {
        let mut at = end;
        loop {
            self.pull(at + 1)?;
            match self.member.text().get(at) {
                Some(b'\r' | b'\n') if at - end < BLANK_MOST => at += 1,
                Some(b'\r' | b'\n') => return Ok(Follows::Record(at)),
                Some(_) => break,
                None if self.member.state == State::Ended => return Ok(Follows::Nothing(at)),
                None => return Ok(Follows::Break),
            }
        }
        self.pull(at + 5)?;
        let starts = self.member.text()[at..].starts_with(b"WARC/");
        Ok(if starts { Follows::Record(at) } else { Follows::Something })
    }

    /// Reads a block whose declared length is a lie: it ends before the next record or with the member.
    fn unmeasured(&mut self, head: Head, head_end: usize, lie: DamageKind) -> io::Result<Framed> {
        let Some(next) = self.find_end(head_end)? else {
            let detail = format!("no end within {} bytes", self.limits.record_bytes);
            return self.discard(DamageKind::TooLarge, detail);
        };
        let text = &self.member.text()[..next];
        let at_end = next == self.member.text().len();
        let closed = text.ends_with(b"\n\r\n") || text.ends_with(b"\n\n");
        let end = head_end + boundary::without_trailer(&text[head_end..]);
        if matches!(self.member.state, State::Broken(..)) && at_end
            || !self.member.is_gzip() && at_end && !closed
        {
            self.member.skip(next);
            return Ok(self.lost(DamageKind::Truncated, "the file ends inside a record"));
        }
        if end > self.limits.record_bytes {
            self.member.skip(next);
            return Ok(self.lost(
                DamageKind::TooLarge,
                format!("{end} bytes, the limit is {}", self.limits.record_bytes),
            ));
        }
        let block = end - head_end;
        let damage = match head.declared {
            None => self.damage(
                DamageKind::NoLength,
                format!("no usable Content-Length, the block has {block} bytes"),
            ),
            Some(length) => {
                let kind = if length > block as u64 { DamageKind::LengthTooLarge } else { lie };
                self.damage(kind, format!("declared {length} bytes, the block has {block}"))
            }
        };
        Ok(Framed::Mended(damage, self.take(head, head_end, end, next)))
    }

    /// Where the next record starts, or the text ends; `None` where neither is within the limit.
    fn find_end(&mut self, head_end: usize) -> io::Result<Option<usize>> {
        let mut from = head_end;
        loop {
            if let Some(next) = boundary::find(self.member.text(), from) {
                return Ok(Some(next));
            }
            let length = self.member.text().len();
            if self.member.state != State::Open {
                return Ok(Some(length));
            }
            if length > self.limits.record_bytes {
                return Ok(None);
            }
            from = length.saturating_sub(boundary::REACH).max(head_end);
            self.pull(length + STEP.max(length / 2))?;
        }
    }

    /// Passes over a record that is too large to hold, believing its length.
    ///
    /// No record is looked for inside: whoever makes a page large enough could else write records of other sites.
    fn pass_over(&mut self, head_bytes: u64, length: u64) -> io::Result<Framed> {
        let detail = format!("declared {length} bytes, the limit is {}", self.limits.record_bytes);
        let mut left = head_bytes.saturating_add(length);
        while left > 0 {
            let step = left.min(STEP as u64) as usize;
            self.pull(step)?;
            let seen = self.member.text().len().min(step);
            if seen == 0 {
                return Ok(self.lost(DamageKind::TooLarge, detail));
            }
            self.member.skip(seen);
            left -= seen as u64;
        }
        skip_blank(self.member, self.window)?;
        self.pull(5)?;
        let text = self.member.text();
        if text.starts_with(b"WARC/") || text.is_empty() && self.member.state == State::Ended {
            return Ok(Framed::Lost(self.damage(DamageKind::TooLarge, detail)));
        }
        self.discard(DamageKind::TooLarge, detail)
    }

    /// Passes over everything up to the next record or the end of the member, in bounded memory.
    fn discard(&mut self, kind: DamageKind, detail: String) -> io::Result<Framed> {
        loop {
            self.pull(STEP)?;
            let length = self.member.text().len();
            if let Some(next) = boundary::find(self.member.text(), 1) {
                self.member.skip(next);
                return Ok(Framed::Lost(self.damage(kind, detail)));
            }
            if self.member.state != State::Open {
                self.member.skip(length);
                return Ok(self.lost(kind, detail));
            }
            self.member.skip(length - boundary::REACH);
        }
    }
}
