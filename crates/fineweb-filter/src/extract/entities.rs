//! Character references of HTML (<https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state>).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Names without `&`, with their `;` where the standard has it, to characters.
static NAMED: LazyLock<FxHashMap<&'static str, &'static str>> =
    LazyLock::new(|| entities::ENTITIES.iter().map(|e| (&e.entity[1..], e.characters)).collect());

/// Bytes of the longest name, `CounterClockwiseContourIntegral;`.
const LONGEST: usize = 32;

/// What windows-1252 has at 0x80–0x9f; numeric references to these mean it.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Appends `raw` to `out` with character references decoded, as in text (not in attributes): the longest known
/// name counts, with or without its semicolon; what is no reference stays as it is.
pub fn decode_entities(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let length = if tail.starts_with('#') { numeric(tail, out) } else { named(tail, out) };
        if length.is_none() {
            out.push('&');
        }
        rest = &tail[length.unwrap_or(0)..];
    }
    out.push_str(rest);
}

/// Decodes what follows `&`, and returns its length.
fn named(tail: &str, out: &mut String) -> Option<usize> {
    let letters = tail.bytes().take(LONGEST).take_while(u8::is_ascii_alphanumeric).count();
    let with_mark = letters + usize::from(tail.as_bytes().get(letters) == Some(&b';'));
    let mut longest_first = (2..=with_mark).rev();
    let (length, text) = longest_first.find_map(|n| Some((n, *NAMED.get(&tail[..n])?)))?;
    out.push_str(text);
    Some(length)
}

/// Decodes what follows `&` in `&#8217;` or `&#x2019;`, and returns its length.
fn numeric(tail: &str, out: &mut String) -> Option<usize> {
    let (radix, start) = if tail[1..].starts_with(['x', 'X']) { (16, 2) } else { (10, 1) };
    let digits = tail[start..].bytes().take_while(|b| (*b as char).is_digit(radix)).count();
    if digits == 0 {
        return None;
    }
    let end = start + digits;
    let significant = tail[start..end].trim_start_matches('0');
    let code =
        if significant.len() > 8 { u32::MAX } else { u32::from_str_radix(significant, radix).unwrap_or(0) };
    out.push(match code {
        0x80..=0x9f => WINDOWS_1252[code as usize - 0x80],
        0 => char::REPLACEMENT_CHARACTER,
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    });
    Some(end + usize::from(tail.as_bytes().get(end) == Some(&b';')))
}

#[cfg(test)]
mod tests {
    use super::decode_entities;

    #[test]
    fn references_decode_as_the_standard_says() {
        for (raw, expect) in [
            ("a &amp; b", "a & b"),
            ("&lt&gt;", "<>"),
            ("&notit; &notin;", "¬it; ∉"),
            ("&#146;&#x2019;&#0;&#xD800;&#99999999999;", "’’\u{fffd}\u{fffd}\u{fffd}"),
            ("&; & &# &#x; &unknown;", "&; & &# &#x; &unknown;"),
            ("&CounterClockwiseContourIntegral;", "∳"),
            ("&NotEqualTilde;", "≂̸"),
            ("&ampé", "&é"),
        ] {
            let mut out = String::new();
            decode_entities(raw, &mut out);
            assert_eq!(out, expect, "{raw}");
        }
    }
}
