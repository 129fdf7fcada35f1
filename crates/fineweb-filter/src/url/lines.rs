//! Lines of list files, which are old, long, and written by many hands.

use std::io::{self, BufRead, BufReader, Read};
use std::net::IpAddr;

use super::address;

/// A longer line is no entry: browsers stop at about two thousand bytes.
const MAX_LINE: usize = 16 << 10;
/// The longest host (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;

/// One line of a list.
pub(super) enum Line<'a> {
    /// Its text, trimmed; neither blank nor a comment.
    Text(&'a str),
    /// Longer than any entry, or not UTF-8.
    Junk,
}

/// Shows every line to `take` but blank ones and those that begin with `#`. Memory is that of one line.
pub(super) fn for_each_line(source: impl Read, mut take: impl FnMut(Line<'_>)) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 << 10, source);
    let (mut begun, mut too_long) = (vec![], false);
    loop {
        let bytes = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            finish(&begun, too_long, &mut take);
            return Ok(());
        }
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if begun.is_empty() && !too_long {
                finish(&rest[..end], end > MAX_LINE, &mut take);
            } else {
                too_long |= begun.len() + end > MAX_LINE;
                if !too_long {
                    begun.extend_from_slice(&rest[..end]);
                }
                finish(&begun, too_long, &mut take);
                begun.clear();
                too_long = false;
            }
            rest = &rest[end + 1..];
        }
        too_long |= begun.len() + rest.len() > MAX_LINE;
        if !too_long {
            begun.extend_from_slice(rest);
        }
        let read = bytes.len();
        reader.consume(read);
    }
}

fn finish(line: &[u8], too_long: bool, take: &mut impl FnMut(Line<'_>)) {
    let line = line.trim_ascii();
    if too_long {
        take(Line::Junk);
    } else if !line.is_empty() && line[0] != b'#' {
        take(std::str::from_utf8(line).map_or(Line::Junk, |text| Line::Text(text.trim())));
    }
}

/// How many lines there are, at most: what to make room for.
pub(super) fn count_lines(mut source: impl Read) -> io::Result<usize> {
    let mut buffer = vec![0; 64 << 10];
    let mut lines = 1;
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(lines),
            Ok(read) => lines += memchr::memchr_iter(b'\n', &buffer[..read]).count(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Shows the hosts of a line to `take`, as the network knows them; `false` where it has none.
///
/// A line is a host (`a.example`), one with a mark for all below it (`*.a.example`, `.a.example`), an address without
/// path (`http://a.example/`), or a line of a hosts file (`0.0.0.0 a.example b.example`). Behind `#` is a comment.
pub(super) fn hosts(line: &str, mut take: impl FnMut(&str)) -> bool {
    // nearly every line of nearly every list
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if line.len() <= MAX_HOST && !line.starts_with('.') && !line.ends_with('.') && line.bytes().all(plain) {
        take(line);
        return true;
    }
    let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
    let Some(first) = words.next() else { return false };
    let Some(second) = words.next() else { return host(first, &mut take) };
    if first.parse::<IpAddr>().is_err() {
        return false;
    }
    let found = host(second, &mut take);
    words.fold(found, |found, word| host(word, &mut take) | found)
}

fn host(word: &str, take: &mut impl FnMut(&str)) -> bool {
    let rest = address::after_scheme(word);
    let path = rest.find('/').unwrap_or(rest.len());
    let bare = rest[..path].trim_start_matches("*.").trim_start_matches('.');
    let host = address::host(bare);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    if rest.len() > path + 1 || host.is_empty() || host.len() > MAX_HOST || !host.chars().all(plain) {
        return false;
    }
    take(&address::on_the_wire(host));
    true
}

#[cfg(test)]
mod tests {
    use super::{Line, MAX_LINE, count_lines, for_each_line, hosts};

    fn read(bytes: &[u8]) -> (Vec<String>, usize) {
        let (mut lines, mut junk) = (vec![], 0);
        let take = |line: Line<'_>| match line {
            Line::Text(text) => lines.push(text.to_owned()),
            Line::Junk => junk += 1,
        };
        for_each_line(bytes, take).unwrap();
        (lines, junk)
    }

    #[test]
    fn lines_are_trimmed_and_junk_is_counted() {
        let (lines, junk) = read(b"# head\r\n a.example \r\n\r\n\t\n\xff\xfe\nb.example");
        assert_eq!((lines, junk), (vec!["a.example".to_owned(), "b.example".to_owned()], 1));
        assert_eq!(read(b""), (vec![], 0));
    }

    #[test]
    fn huge_lines_cost_no_memory_and_end_at_their_end() {
        for length in [MAX_LINE + 1, 64 << 10, 200_000] {
            let mut bytes = vec![b'x'; length];
            bytes.extend_from_slice(b"\na.example\n");
            bytes.extend(vec![b'y'; length]);
            assert_eq!(read(&bytes), (vec!["a.example".to_owned()], 2), "{length}");
            assert_eq!(count_lines(&bytes[..]).unwrap(), 3);
        }
        let longest = "z".repeat(MAX_LINE);
        assert_eq!(read(longest.as_bytes()), (vec![longest], 0));
    }

    #[test]
    fn hosts_of_lines() {
        for (line, expect) in [
            ("A.Example", "a.example"),
            ("*.a.example", "a.example"),
            (".a.example.", "a.example"),
            ("https://a.example/", "a.example"),
            ("a.example # why", "a.example"),
            ("0.0.0.0 a.example", "a.example"),
            ("::1\ta.example b.example#c # d", "a.example b.example"),
            ("127.0.0.1 a.example b.example", "a.example b.example"),
            ("192.0.2.7", "192.0.2.7"),
            ("müller.example", "xn--mller-kva.example"),
            ("Straße.Example", "xn--strae-oqa.example"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
            ("a.example/page", ""),
            ("a.example b.example", ""),
            ("||a.example^", ""),
            ("not a host", ""),
            ("/", ""),
        ] {
            let mut found = vec![];
            let some = hosts(line, |host| found.push(host.to_owned()));
            assert_eq!(found.join(" "), expect, "{line}");
            assert_eq!(some, !found.is_empty(), "{line}");
        }
        assert!(!hosts(&format!("{}.example", "a".repeat(260)), |_| ()));
    }
}
