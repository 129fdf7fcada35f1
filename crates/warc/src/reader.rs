//! Finds members and records, and the way back into step behind damage.

use std::io::{self, Read};

use memchr::memmem;

use crate::damage::{Damage, DamageKind};
use crate::framing::{Framed, read_record};
use crate::limits::Limits;
use crate::member::{MAGIC, Member, State, starts_record};
use crate::record::Record;
use crate::window::Window;

/// Compressed bytes shown to the test whether a record starts there: a gzip header with a long file name fits.
const PROBE: usize = 4 << 10;
/// Bytes that may always be read a second time while looking for the next sound member.
const REWORK: u64 = 256 << 20;
/// How an uncompressed record starts, behind the end of a line.
const PLAIN_LINE: &[u8] = b"\nWARC/";

/// What comes out of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A record, whole.
    Record(Record),
    /// Something wrong. Where the record can be saved it follows as the next event.
    Damage(Damage),
}

/// Reads the records of an archive: one gzip member a record, many records in one member, or no compression.
///
/// Everything in the file is accounted for: each record is yielded, or a [`Damage`] says where and why not.
/// Only the source itself can fail, and after an error the iteration ends. Memory is bounded by
/// [`Limits::record_bytes`], not by the file; the source need not be buffered.
pub struct Reader<R> {
    window: Window<R>,
    limits: Limits,
    member: Option<Member>,
    /// Whether a gzip member was met: from then on `WARC/` in the open is no record.
    compressed: bool,
    /// A record that waits behind the damage that concerns it.
    pending: Option<Record>,
    /// Bytes inflated in vain so far.
    rework: u64,
    finished: bool,
}

impl<R: Read> Reader<R> {
    /// Reads `source` within the default limits.
    pub fn new(source: R) -> Self {
        Reader::with_limits(source, Limits::default())
    }

    /// Reads `source` within `limits`.
    pub fn with_limits(source: R, limits: Limits) -> Self {
        let window = Window::new(source, limits.record_bytes);
        Reader { window, limits, member: None, compressed: false, pending: None, rework: 0, finished: false }
    }

    fn event(&mut self) -> io::Result<Option<Event>> {
        if let Some(record) = self.pending.take() {
            return Ok(Some(Event::Record(record)));
        }
        loop {
            let Some(mut member) = self.member.take() else {
                match self.open_member()? {
                    Next::Member(member) => self.member = Some(member),
                    Next::Damage(damage) => return Ok(Some(Event::Damage(damage))),
                    Next::End => return Ok(None),
                }
                continue;
            };
            let Some(framed) = read_record(&mut member, &mut self.window, &self.limits)? else { continue };
            let event = match framed {
                Framed::Record(record) => Event::Record(record),
                Framed::Mended(damage, record) => {
                    self.pending = Some(record);
                    Event::Damage(damage)
                }
                Framed::Lost(damage) => {
                    if matches!(member.state, State::Broken(..)) {
                        self.resynchronise(&member)?;
                        return Ok(Some(Event::Damage(damage)));
                    }
                    Event::Damage(damage)
                }
            };
            self.member = Some(member).filter(|member| !member.is_over());
            return Ok(Some(event));
        }
    }

    /// Looks at what stands between members.
    fn open_member(&mut self) -> io::Result<Next> {
        self.window.need(PROBE)?;
        self.window.set_mark();
        let offset = self.window.offset();
        let ahead = self.window.ahead();
        match ahead.first() {
            None => return Ok(Next::End),
            Some(byte) if is_padding(*byte) => {
                let length = self.skip_padding()?;
                let detail = format!("{length} bytes of padding");
                return Ok(Next::Damage(Damage { offset, kind: DamageKind::Padding, detail }));
            }
            Some(_) => {}
        }
        let gzip = ahead.starts_with(&MAGIC) || MAGIC.starts_with(ahead);
        let plain = !self.compressed && ahead.starts_with(&PLAIN_LINE[1..]);
        if gzip || plain {
            self.compressed |= gzip;
            return Ok(Next::Member(Member::open(offset, gzip)));
        }
        self.window.advance(1);
        self.find_member()?;
        let detail = format!("{} bytes that are no record", self.window.offset() - offset);
        Ok(Next::Damage(Damage { offset, kind: DamageKind::Garbage, detail }))
    }

    fn skip_padding(&mut self) -> io::Result<u64> {
        let mut length = 0;
        while self.window.need(1)? {
            let run = self.window.ahead().iter().take_while(|byte| is_padding(**byte)).count();
            if run == 0 {
                break;
            }
            self.window.advance(run);
            self.window.set_mark();
            length += run as u64;
        }
        Ok(length)
    }

    /// Goes to the next member that starts with a record, or to the end of the file.
    fn find_member(&mut self) -> io::Result<()> {
        while self.window.need(1)? {
            self.window.need(PROBE)?;
            self.window.set_mark();
            let ahead = self.window.ahead();
            if starts_record(ahead) {
                return Ok(());
            }
            let gzip = memmem::find(&ahead[1..], &MAGIC).map(|at| at + 1);
            let before = &ahead[..gzip.unwrap_or(ahead.len())];
            if let Some(line_end) = memmem::find(before, PLAIN_LINE).filter(|_| !self.compressed) {
                self.window.advance(line_end + 1);
                return Ok(());
            }
            if let Some(at) = gzip {
                self.window.advance(at);
                continue;
            }
            // what is searched for may straddle the end of what was read
            let rest = ahead.len().min(PLAIN_LINE.len());
            let seen = ahead.len() - rest;
            self.window.advance(seen.max(1));
            if !self.window.need(rest + 1)? {
                self.window.advance(rest);
            }
        }
        Ok(())
    }

    /// Goes back to where `member` was last known to be sound, and from there to the next member.
    ///
    /// The broken member may have swallowed the start of the next one, so its bytes are searched too. A file made
    /// of members that all break late would be read over and over: beyond an allowance that grows with the file,
    /// reading goes on behind the break instead.
    fn resynchronise(&mut self, member: &Member) -> io::Result<()> {
        self.rework += member.inflated();
        if self.rework <= REWORK + 8 * self.window.offset() {
            self.window.rewind();
        }
        if self.window.offset() <= member.offset {
            self.window.advance(1);
        }
        self.find_member()
    }
}

/// Between two members.
enum Next {
    Member(Member),
    Damage(Damage),
    End,
}

fn is_padding(byte: u8) -> bool {
    matches!(byte, 0 | b'\r' | b'\n')
}

impl<R: Read> Iterator for Reader<R> {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let event = self.event().transpose();
        self.finished = !matches!(event, Some(Ok(_)));
        event
    }
}
