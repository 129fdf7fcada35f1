//! Lines and white space as Python has them, because FineWeb's thresholds were set in Python.

/// White space of Python's `str.strip` and `str.split`: Unicode's, and the four separators 0x1c–0x1f.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of Python's `str.splitlines`: without their ends, `\r\n` counting once, no empty last line.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = rest.find(ends_line) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, tail) = rest.split_at(end);
        let mark = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) };
        rest = &tail[mark..];
        Some(line)
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
        ] {
            assert_eq!(split_lines(text).collect::<Vec<_>>(), expect, "{text:?}");
        }
    }
}
