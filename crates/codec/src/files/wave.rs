//! WAV.

use crate::files::Bounds;
use crate::{Result, Sound};

/// A sound of a WAV file, its channels mixed to one.
///
/// # Errors
/// [`Error::Unreadable`](crate::Error::Unreadable) for anything else, [`Error::TooLarge`](crate::Error::TooLarge) before memory is
/// asked for, and what [`Sound::new`] refuses.
pub fn read_wav(_bytes: &[u8], _bounds: &Bounds) -> Result<Sound> {
    todo!()
}

/// A sound as a WAV file of 16 bits a sample.
pub fn write_wav(_sound: &Sound) -> Vec<u8> {
    todo!()
}
