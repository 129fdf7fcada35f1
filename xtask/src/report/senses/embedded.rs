//! Files within the page, as `data:` addresses (RFC 2397): it needs nothing else.
//!
//! Only what was decoded and written again goes in, never the bytes of somebody else's file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codec::files::{write_png, write_wav};
use codec::{Image, Sound};

/// Bytes of a file that goes in at most.
const MOST: usize = 256 << 10;

/// A picture; nothing where it is too large.
pub(super) fn picture(of: &Image) -> Option<String> {
    address("image/png", &write_png(of).ok()?)
}

/// A sound; nothing where it is too long.
pub(super) fn sound(of: &Sound) -> Option<String> {
    address("audio/wav", &write_wav(of).ok()?)
}

fn address(kind: &str, bytes: &[u8]) -> Option<String> {
    (bytes.len() <= MOST).then(|| format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_stays_out() {
        assert!(address("image/png", &vec![0; MOST]).is_some());
        assert_eq!(address("image/png", &vec![0; MOST + 1]), None);
    }
}
