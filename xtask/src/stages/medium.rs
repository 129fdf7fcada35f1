//! A row of media as what a codec takes.

use codec::files::{Bounds, read_image, read_wav};
use codec::{Error, Owned};
use shard::{MediaKind, media};

/// The picture or the sound of a file.
pub(super) fn read(row: &media::Row<'_>) -> codec::Result<Owned> {
    read_within(row, &Bounds::default())
}

/// The same within other bounds.
pub(crate) fn read_within(row: &media::Row<'_>, bounds: &Bounds) -> codec::Result<Owned> {
    match row.kind {
        MediaKind::Image => read_image(row.bytes, bounds).map(Owned::Image),
        MediaKind::Audio => read_wav(row.bytes, bounds).map(Owned::Sound),
    }
}

/// Why it cannot be used, in a word.
pub(super) fn reason(error: &Error) -> &'static str {
    match error {
        Error::TooLarge { .. } => "too_large",
        Error::WrongKind { .. } => "no_codec",
        Error::Silent => "no_samples",
        Error::Sample { .. } => "not_finite",
        Error::Rate { .. } => "odd_rate",
        _ => "unreadable",
    }
}
