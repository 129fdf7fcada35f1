//! What is wrong with an archive, and where.

use std::fmt;

/// A place where an archive is not what it should be. Reading goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Byte offset in the archive file of the member (or bytes) concerned.
    pub offset: u64,
    /// What is wrong.
    pub kind: DamageKind,
    /// The particulars, for a human.
    pub detail: String,
}

/// What is wrong with a place in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DamageKind {
    /// A gzip member does not inflate, or its checksum differs. The record is lost.
    CorruptMember,
    /// The archive ends inside a record. The record is lost.
    Truncated,
    /// Bytes that are neither a gzip member nor a record. What stood there is lost.
    Garbage,
    /// A sound gzip member that holds something else than a record.
    NotARecord,
    /// A record without an end to its head. The record is lost.
    BadHead,
    /// The record is larger than [`Limits::record_bytes`](crate::Limits::record_bytes). It is skipped.
    TooLarge,
    /// `Content-Length` goes beyond the end of the record. The record follows, ended where it really ends.
    LengthTooLarge,
    /// `Content-Length` stops before the end of the record. The record follows, whole.
    LengthTooSmall,
    /// `Content-Length` is missing or not a number. The record follows.
    NoLength,
    /// Zeros, blank lines or an empty member between records. Nothing is lost.
    Padding,
}

impl DamageKind {
    /// A stable name, for the `reason` column of `dropped/1`.
    pub fn name(self) -> &'static str {
        match self {
            DamageKind::CorruptMember => "corrupt_member",
            DamageKind::Truncated => "truncated",
            DamageKind::Garbage => "garbage",
            DamageKind::NotARecord => "not_a_record",
            DamageKind::BadHead => "bad_head",
            DamageKind::TooLarge => "record_too_large",
            DamageKind::LengthTooLarge => "length_too_large",
            DamageKind::LengthTooSmall => "length_too_small",
            DamageKind::NoLength => "no_length",
            DamageKind::Padding => "padding",
        }
    }

    /// Whether a record is gone; otherwise it is yielded, or nothing stood there.
    pub fn loses_record(self) -> bool {
        match self {
            DamageKind::CorruptMember
            | DamageKind::Truncated
            | DamageKind::Garbage
            | DamageKind::NotARecord
            | DamageKind::BadHead
            | DamageKind::TooLarge => true,
            DamageKind::LengthTooLarge
            | DamageKind::LengthTooSmall
            | DamageKind::NoLength
            | DamageKind::Padding => false,
        }
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.kind, self.offset, self.detail)
    }
}
