//! Lines and white space as Python has them, because FineWeb's thresholds were set in Python.

/// White space of Python's `str.strip` and `str.split`: Unicode's, and the four separators 0x1c–0x1f.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Bytes of the line end that `tail` begins with; 0 if it does not.
fn line_end(tail: &[u8]) -> usize {
    match tail {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\n' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1e, ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// Bytes with which a line end can begin.
const BEGINS_END: [bool; 256] = {
    let mut begins = [false; 256];
    let ends = [b'\n', b'\r', 0x0b, 0x0c, 0x1c, 0x1d, 0x1e, 0xc2, 0xe2];
    let mut at = 0;
    while at < ends.len() {
        begins[ends[at] as usize] = true;
        at += 1;
    }
    begins
};

/// The lines of Python's `str.splitlines`: without their ends, `\r\n` counting once, no empty last line.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == bytes.len() {
            return None;
        }
        let mut at = start;
        while at < bytes.len() {
            let end = if BEGINS_END[bytes[at] as usize] { line_end(&bytes[at..]) } else { 0 };
            if end > 0 {
                let line = &text[start..at];
                start = at + end;
                return Some(line);
            }
            at += 1;
        }
        Some(&text[std::mem::replace(&mut start, at)..])
    })
}

#[cfg(test)]
mod tests {
    use super::split_lines;

    #[test]
    fn lines_are_pythons() {
        for (text, expect) in [
            ("", vec![]),
            ("\n", vec![""]),
            ("a", vec!["a"]),
            ("a\n", vec!["a"]),
            ("a\n\nb", vec!["a", "", "b"]),
            ("a\r\nb\rc\u{2028}d\x0be", vec!["a", "b", "c", "d", "e"]),
            ("é\u{85}ü\u{a0}\x1e“", vec!["é", "ü\u{a0}", "“"]),
        ] {
            assert_eq!(split_lines(text).collect::<Vec<_>>(), expect, "{text:?}");
        }
    }
}
