//! Numbers as people write them: digits in groups.

/// Shows where numbers begin to `take`: the first of digits, or the sign or bracket before them.
pub(super) fn for_each_start(text: &str, mut take: impl FnMut(usize)) {
    let bytes = text.as_bytes();
    // most of a text has no digits: whole blocks are passed over, without a branch for each byte
    for (block, chunk) in bytes.chunks(64).enumerate() {
        if !chunk.iter().fold(false, |any, byte| any | byte.is_ascii_digit()) {
            continue;
        }
        for at in block * 64..block * 64 + chunk.len() {
            let before = at.checked_sub(1).map(|before| bytes[before]);
            if bytes[at].is_ascii_digit() && !before.is_some_and(|byte| byte.is_ascii_digit()) {
                let signed = before.is_some_and(|byte| matches!(byte, b'+' | b'('));
                take(at - usize::from(signed));
            }
        }
    }
}

/// The character before `at`.
pub(super) fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// Whether a letter or digit stands at `at`.
pub(super) fn goes_on(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(char::is_alphanumeric)
}

/// Length in bytes of one mark between groups of digits at `at`: space, hyphen, or one of their kin.
pub(super) fn gap(text: &str, at: usize) -> usize {
    text[at..]
        .chars()
        .next()
        .filter(|c| {
            matches!(c, ' ' | '-' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2010}' | '\u{2011}' | '\u{2013}')
        })
        .map_or(0, char::len_utf8)
}

/// How many digits stand at `at`.
pub(super) fn digits(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}
