//! Bytes of a page to text: which encoding, and why that one.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::prescan::prescan;

/// What is known about a page besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// `charset` of the HTTP `Content-Type`.
    pub http: Option<&'a str>,
    /// Address of the page: its top-level domain tells `windows-1251` from `koi8-r` where bytes alone cannot.
    pub url: Option<&'a str>,
    /// Whether the page is markup, whose `<meta>` is believed.
    pub markup: bool,
}

/// Text and the encoding it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text without its byte order mark; what could not be decoded is U+FFFD.
    pub text: Cow<'a, str>,
    /// Name of the encoding in the Encoding Standard, such as `windows-1252`.
    pub charset: &'static str,
}

/// Decodes a page.
///
/// In this order: byte order mark, HTTP, `<meta>` in the first 1,024 bytes, UTF-8 where the bytes are it, and a
/// detector with the top-level domain as a hint, which falls back on `windows-1252`. A claim that the bytes
/// refute is passed over (see `refuted`); where every claim is refuted and nothing else fits, the detector decides.
///
/// ```
/// let hints = warc::charset::Hints { http: Some("iso-8859-1"), ..Default::default() };
/// assert_eq!(warc::charset::decode(b"caf\xe9", &hints).text, "caf\u{e9}");
/// ```
pub fn decode<'a>(bytes: &'a [u8], hints: &Hints<'_>) -> Decoded<'a> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    let utf8 = Utf8::of(bytes);
    let http = hints.http.and_then(|label| Encoding::for_label_no_replacement(label.as_bytes()));
    let meta = if hints.markup { prescan(bytes) } else { None };
    let claim = [http, meta].into_iter().flatten().find(|claim| !refuted(claim, bytes, &utf8));
    let encoding = match claim {
        Some(claim) => claim,
        None if utf8.is_likely() => UTF_8,
        None => detect(bytes, hints.url),
    };
    match utf8 {
        Utf8::Valid(text) if encoding == UTF_8 => {
            Decoded { text: Cow::Borrowed(text), charset: encoding.name() }
        }
        _ => decode_as(encoding, bytes),
    }
}

/// Multi-byte sequences that make an accident unthinkable.
const ENOUGH: usize = 3;

/// Whether the bytes show that `claim` is wrong.
///
/// - UTF-8 is refuted by more broken sequences than whole ones; a page with a few bad bytes is still UTF-8.
/// - UTF-16 without a mark is refuted by the absence of zero bytes: markup has one in every ASCII character.
/// - Everything else is refuted where it has to replace characters, or where the bytes are UTF-8 throughout with
///   several multi-byte sequences: servers that add `charset=iso-8859-1` to everything are common, and text in
///   another encoding that happens to be so much valid UTF-8 is not.
fn refuted(claim: &'static Encoding, bytes: &[u8], utf8: &Utf8<'_>) -> bool {
    if claim == UTF_8 {
        return !utf8.is_likely();
    }
    if claim == UTF_16LE || claim == UTF_16BE {
        return !bytes.iter().take(1024).any(|byte| *byte == 0);
    }
    if let Utf8::Valid(text) = utf8 {
        return text.bytes().filter(|byte| is_leading(*byte)).take(ENOUGH).count() == ENOUGH;
    }
    !claim.is_single_byte() && claim.decode_without_bom_handling(bytes).1 && utf8.is_likely()
}

/// How much of some bytes is UTF-8.
enum Utf8<'a> {
    /// All of it.
    Valid(&'a str),
    /// Multi-byte sequences that are right, and runs of bytes that are not. A sequence cut off by the end is neither.
    Mixed { whole: usize, broken: usize },
}

impl Utf8<'_> {
    fn of(bytes: &[u8]) -> Utf8<'_> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Utf8::Valid(text),
            Err(error) => error,
        };
        let (mut whole, mut broken) = (0, 0);
        for chunk in bytes.utf8_chunks() {
            whole += chunk.valid().bytes().filter(|byte| is_leading(*byte)).count();
            broken += usize::from(!chunk.invalid().is_empty());
        }
        // no length: the one error there is is the end itself
        Utf8::Mixed { whole, broken: if error.error_len().is_none() { 0 } else { broken } }
    }

    fn is_likely(&self) -> bool {
        match self {
            Utf8::Valid(_) => true,
            Utf8::Mixed { whole, broken } => whole > broken,
        }
    }
}

/// Whether a byte of valid UTF-8 starts a character outside ASCII.
fn is_leading(byte: u8) -> bool {
    byte >= 0xc0
}

fn detect(bytes: &[u8], url: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let domain = url.and_then(top_level_domain);
    detector.guess(domain.as_deref().map(str::as_bytes), Utf8Detection::Deny)
}

/// Last label of the host, as the detector wants it; `None` for addresses and names that are not ASCII.
fn top_level_domain(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.trim_end_matches('.');
    let label = host.rsplit('.').next()?.to_ascii_lowercase();
    let name = label.starts_with(|first: char| first.is_ascii_alphabetic());
    (name && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')).then_some(label)
}

fn decode_as<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, charset: encoding.name() }
}
