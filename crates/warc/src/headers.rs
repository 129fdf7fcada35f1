//! Named fields, as WARC and HTTP write them.

use memchr::memchr;

/// Named fields in the order they were written; names match without regard to ASCII case.
///
/// WARC and HTTP share this syntax. Values are trimmed, folded lines are joined by one space, bytes that are
/// not UTF-8 become U+FFFD, and a line without a colon is skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value under `name`, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every name and value, as they are held.
    pub fn as_pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Appends a field; one of the same name stays beside it.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Removes every field called `name` and returns the first value.
    pub(crate) fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(held, _)| held.eq_ignore_ascii_case(name))?;
        let (_, value) = self.0.remove(at);
        self.0.retain(|(held, _)| !held.eq_ignore_ascii_case(name));
        Some(value)
    }

    /// Reads the lines that follow a start line.
    pub(crate) fn parse(lines: &[u8]) -> Headers {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines.split(|&byte| byte == b'\n') {
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            let line = line.trim_ascii();
            if folded {
                if let Some((_, value)) = fields.last_mut().filter(|_| !line.is_empty()) {
                    value.push(' ');
                    value.push_str(&String::from_utf8_lossy(line));
                }
            } else if let Some(colon) = memchr(b':', line) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
                fields.push((text(&line[..colon]), text(&line[colon + 1..])));
            }
        }
        Headers(fields)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        Headers(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Length of the head at the front of `bytes`: up to and with its first empty line.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = memchr(b'\n', &bytes[at..])?;
        let empty = matches!(&bytes[at..at + line], b"" | b"\r");
        at += line + 1;
        if empty {
            return Some(at);
        }
    }
}
