//! Where one record ends and the next starts, when `Content-Length` cannot be believed.

use memchr::memmem;

/// Longest start of a record that [`find`] may have to see whole: `\n`, `WARC/1.10`, `\r\n`.
pub(crate) const REACH: usize = 16;

/// Position of the first record start at or after `from`: a version line after an empty line.
///
/// A page may well quote the words `WARC/1.0`, which is why this is asked only after a length proved wrong.
pub(crate) fn find(text: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    memmem::find_iter(&text[from..], b"\nWARC/").map(|at| from + at + 1).find(|&at| {
        let before = &text[..at];
        (before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n")) && is_version_line(&text[at..])
    })
}

fn is_version_line(line: &[u8]) -> bool {
    matches!(
        line.strip_prefix(b"WARC/"),
        Some(
            [b'0' | b'1', b'.', b'0'..=b'9', b'\r' | b'\n', ..]
                | [b'0' | b'1', b'.', b'0'..=b'9', b'0'..=b'9', b'\r' | b'\n', ..]
        )
    )
}

/// Length of `block` without the two line ends that close every record.
pub(crate) fn without_trailer(block: &[u8]) -> usize {
    let once = |bytes: &[u8]| match bytes {
        [.., b'\r', b'\n'] => bytes.len() - 2,
        [.., b'\n'] => bytes.len() - 1,
        _ => bytes.len(),
    };
    once(&block[..once(block)])
}
