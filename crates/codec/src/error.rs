//! The one error type of the crate.

/// What keeps a picture or a sound from becoming ids, or ids from becoming one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A codec for something else.
    #[error("this codec takes {expected}")]
    WrongKind {
        /// What it takes.
        expected: &'static str,
    },
    /// A picture without pixels, or with more or fewer than its size says.
    #[error("{width} × {height} pixels cannot be {bytes} bytes of red, green and blue")]
    Pixels {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes given.
        bytes: usize,
    },
    /// A sound without samples.
    #[error("a sound of no samples")]
    Silent,
    /// A sample that is no number, or infinite.
    #[error("sample {at} is {got}")]
    Sample {
        /// Its number, from 0.
        at: usize,
        /// What it is.
        got: f32,
    },
    /// A sampling rate that nobody records with.
    #[error("a sampling rate of {got} Hz: expected {} to {} Hz", .expected.start(), .expected.end())]
    Rate {
        /// What it is.
        got: u32,
        /// What is read.
        expected: std::ops::RangeInclusive<u32>,
    },
    /// Bytes that are no picture or no sound.
    #[error("this is no {format} that can be read: {reason}")]
    Unreadable {
        /// What it should be.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More than a bound allows.
    #[error("{what}: {got}, and {most} at most")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is, as far as it is known.
        got: u64,
        /// The bound.
        most: u64,
    },
    /// Settings that make no sense.
    #[error("{what} of {got}: expected {expected}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What it is.
        got: String,
        /// What makes sense.
        expected: &'static str,
    },
    /// An id that is no code of this codec.
    #[error("id {id} at {at} is none of the codes {} to {}", .expected.start, .expected.end)]
    Id {
        /// Where it stands.
        at: usize,
        /// The id.
        id: u32,
        /// What may stand there.
        expected: std::ops::Range<u32>,
    },
    /// A number of ids that makes nothing whole.
    #[error("{got} ids: expected {expected}")]
    Count {
        /// How many there are.
        got: usize,
        /// How many make something whole.
        expected: String,
    },
    /// A file of codebooks that cannot have been written here.
    #[error("this is no file of codebooks: {reason}")]
    Codebooks {
        /// What is wrong.
        reason: String,
    },
    /// The file system's answer.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A result with the crate's error.
pub type Result<T> = std::result::Result<T, Error>;
