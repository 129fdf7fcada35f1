//! Files within the page, as `data:` addresses (RFC 2397): it needs nothing else.
//!
//! Only what was decoded and written again goes in, never the bytes of somebody else's file.

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
    (bytes.len() <= MOST).then(|| format!("data:{kind};base64,{}", base64(bytes)))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for sextet in 0..4 {
            let index = bits >> (18 - 6 * sextet) & 63;
            out.push(if sextet > three.len() { '=' } else { char::from(ALPHABET[index as usize]) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_rfc_says() {
        // its section 10
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (text, expected) in vectors {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn what_is_too_large_stays_out() {
        assert!(address("image/png", &[0; MOST]).is_some());
        assert_eq!(address("image/png", &[0; MOST + 1]), None);
    }
}
