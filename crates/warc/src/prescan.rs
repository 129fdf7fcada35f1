//! The encoding a document names in its first bytes: HTML standard, "prescan a byte stream to determine its
//! encoding", and the XML declaration before it.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use memchr::memmem;

use crate::http::charset_parameter;

/// How far the standard looks.
const PRESCAN: usize = 1024;

/// The encoding that `<meta>` or an XML declaration names in the first 1,024 bytes.
///
/// A name of UTF-16 is read as UTF-8: had it been true, the name itself could not have been read.
pub(crate) fn prescan(bytes: &[u8]) -> Option<&'static Encoding> {
    let bytes = &bytes[..bytes.len().min(PRESCAN)];
    let found = xml_declaration(bytes).or_else(|| meta(bytes))?;
    if found == UTF_16BE || found == UTF_16LE {
        Some(UTF_8)
    } else if found == X_USER_DEFINED {
        Some(WINDOWS_1252)
    } else {
        Some(found)
    }
}

fn xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let inside = bytes.strip_prefix(b"<?xml")?;
    let inside = &inside[..memchr::memchr(b'>', inside)?];
    let value = inside[memmem::find(inside, b"encoding")? + b"encoding".len()..].trim_ascii_start();
    let value = value.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    let end = value.iter().position(|byte| byte == quote && matches!(quote, b'"' | b'\''))?;
    Encoding::for_label_no_replacement(&value[..end])
}

fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"<!--") {
            // the two dashes that open a comment may also close it
            at += 2 + memmem::find(&rest[2..], b"-->")? + 3;
        } else if is_tag(rest, b"<meta") {
            let mut tag = Attributes { bytes, at: at + b"<meta".len() };
            if let Some(encoding) = meta_encoding(&mut tag) {
                return Some(encoding);
            }
            at = tag.at;
        } else if matches!(rest, [b'<', b'/', letter, ..] | [b'<', letter, ..] if letter.is_ascii_alphabetic())
        {
            let name_end = rest.iter().position(|byte| matches!(byte, b'>') || byte.is_ascii_whitespace())?;
            let mut tag = Attributes { bytes, at: at + name_end };
            while tag.next().is_some() {}
            at = tag.at;
        } else if matches!(rest, [b'<', b'!' | b'/' | b'?', ..]) {
            at += memchr::memchr(b'>', rest)? + 1;
        } else {
            at += 1 + memchr::memchr(b'<', &rest[1..])?;
        }
    }
    None
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    let named = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    named && rest.get(name.len()).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
}

/// What one `<meta>` says: `charset`, or `content` together with `http-equiv=content-type`.
fn meta_encoding(tag: &mut Attributes<'_>) -> Option<&'static Encoding> {
    let (mut charset, mut content, mut pragma) = (None, None, false);
    for (name, value) in tag {
        match name.as_str() {
            "charset" if charset.is_none() => charset = Some(value),
            "content" if content.is_none() => content = Some(value),
            "http-equiv" => pragma |= value.eq_ignore_ascii_case("content-type"),
            _ => {}
        }
    }
    let label = match (&charset, &content) {
        (Some(charset), _) => charset.as_str(),
        (None, Some(content)) if pragma => charset_parameter(content)?,
        _ => return None,
    };
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// The attributes of one tag; when they end, `at` is behind the tag.
struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Attributes<'_> {
    fn skip_space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Everything up to the first byte that `ends` or the end of the bytes.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> String {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len());
        self.at += length;
        String::from_utf8_lossy(&rest[..length]).into_owned()
    }

    fn value(&mut self) -> String {
        match self.bytes.get(self.at) {
            Some(&quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.until(|byte| byte == quote);
                self.at = (self.at + 1).min(self.bytes.len());
                value
            }
            _ => self.until(|byte| byte.is_ascii_whitespace() || byte == b'>'),
        }
    }
}

impl Iterator for Attributes<'_> {
    /// Name in lower case, and value; the value is empty where there is none.
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        while self.bytes.get(self.at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            None => return None,
            Some(b'>') => {
                self.at += 1;
                return None;
            }
            Some(_) => {}
        }
        let start = self.at;
        let name = self.until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/'));
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'=') {
            return Some((name.to_ascii_lowercase(), String::new()));
        }
        self.at += 1;
        self.skip_space();
        let value = self.value();
        debug_assert!(self.at > start, "each attribute takes at least one byte");
        Some((name.to_ascii_lowercase(), value))
    }
}
