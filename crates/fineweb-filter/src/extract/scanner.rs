//! From markup to tokens: HTML's tokenization (<https://html.spec.whatwg.org/multipage/parsing.html#tokenization>),
//! without error messages and with texts and attribute values as they stand.
//!
//! It says what `lol_html`, the oracle of its tests, says to a handler of all elements and texts; but nothing is captured
//! for rewriting, and nothing is copied. One pass, linear in the page.

use memchr::{memchr, memmem};

/// A piece of markup, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'h> {
    /// A start tag; its attributes are in [`Scanner::attributes`] until the next token.
    Start {
        /// As it is written.
        name: &'h [u8],
        /// Whether it has no content: a void element, or one of a drawing that closes itself.
        empty: bool,
    },
    /// An end tag.
    End {
        /// As it is written.
        name: &'h [u8],
    },
    /// A run of text between two other pieces.
    Text(&'h str, Kind),
}

/// What a run of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of the page, with character references.
    Text,
    /// Between the tags of a script.
    Script,
    /// Between tags whose content is no markup: styles, frames, `noscript`.
    Raw,
    /// A section of a drawing or formula without character references.
    Cdata,
}

impl Kind {
    /// What text within an element is whose content is no markup.
    fn within(name: &[u8]) -> Self {
        if is(name, b"script") {
            Self::Script
        } else if is(name, b"title") || is(name, b"textarea") {
            Self::Text
        } else {
            Self::Raw
        }
    }
}

/// Whose elements these are: a drawing's or formula's content has other rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Html,
    Svg,
    Math,
}

/// Reads tokens off a page.
pub(super) struct Scanner<'h> {
    html: &'h str,
    at: usize,
    attributes: Vec<(&'h str, &'h str)>,
    /// The element whose content is no markup.
    verbatim: Option<&'h [u8]>,
    /// Drawings, formulas, and HTML within them that are open; the page is not in it.
    spaces: Vec<Space>,
}

impl<'h> Scanner<'h> {
    pub(super) fn new(html: &'h str) -> Self {
        Self { html, at: 0, attributes: Vec::new(), verbatim: None, spaces: Vec::new() }
    }

    /// Names and values of the last start tag's attributes.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'h str, &'h str)> + '_ {
        self.attributes.iter().copied()
    }

    pub(super) fn next(&mut self) -> Option<Token<'h>> {
        while self.at < self.html.len() {
            if let Some(name) = self.verbatim.take() {
                let end = self.at + verbatim_length(&self.html.as_bytes()[self.at..], name);
                if let Some(text) = self.take_until(end) {
                    return Some(Token::Text(text, Kind::within(name)));
                }
            }
            let open = self.next_markup();
            if let Some(text) = self.take_until(open) {
                return Some(Token::Text(text, Kind::Text));
            }
            // a comment says nothing
            if let Some(token) = self.markup() {
                return Some(token);
            }
        }
        None
    }

    /// Where markup begins next; a `<` before anything else than a name is a mark like any other.
    fn next_markup(&self) -> usize {
        let bytes = self.html.as_bytes();
        let mut at = self.at;
        while let Some(found) = memchr(b'<', &bytes[at..]) {
            at += found;
            match bytes.get(at + 1) {
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?') => return at,
                Some(b'/') if at + 2 < bytes.len() => return at,
                _ => at += 1,
            }
        }
        bytes.len()
    }

    fn take_until(&mut self, end: usize) -> Option<&'h str> {
        let text = &self.html[self.at..end];
        self.at = end;
        (!text.is_empty()).then_some(text)
    }

    /// Reads what begins with `<` here; none where it says nothing, as a comment.
    fn markup(&mut self) -> Option<Token<'h>> {
        let rest = self.html.as_bytes().get(self.at..).filter(|rest| rest.len() > 1)?;
        match rest[1] {
            b'!' if rest.starts_with(b"<!--") => {
                self.at += comment_length(rest);
                None
            }
            b'!' if rest.starts_with(b"<![CDATA[") && self.is_foreign() => {
                let start = self.at + b"<![CDATA[".len();
                let length = memmem::find(&rest[9..], b"]]>");
                let end = length.map_or(self.html.len(), |length| start + length);
                self.at = length.map_or(end, |_| end + 3);
                (end > start).then(|| Token::Text(&self.html[start..end], Kind::Cdata))
            }
            b'/' if rest.get(2).is_some_and(u8::is_ascii_alphabetic) => self.end_tag(),
            b'/' | b'!' | b'?' => {
                self.at += memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
                None
            }
            _ => self.start_tag(),
        }
    }

    fn end_tag(&mut self) -> Option<Token<'h>> {
        let name = self.tag(2)?.0;
        let space = self.space();
        let leaves = match space {
            Space::Svg | Space::Math if is(name, b"p") || is(name, b"br") => true,
            Space::Svg => is(name, b"svg"),
            Space::Math => is(name, b"math"),
            Space::Html => {
                let points: [&[u8]; 8] =
                    [b"foreignobject", b"desc", b"title", b"mi", b"mo", b"mn", b"ms", b"mtext"];
                !self.spaces.is_empty() && points.into_iter().any(|point| is(name, point))
            }
        };
        if leaves {
            self.spaces.pop();
        }
        Some(Token::End { name })
    }

    fn start_tag(&mut self) -> Option<Token<'h>> {
        let (name, closes_itself) = self.tag(1)?;
        if self.is_foreign() {
            if leaves_drawings(name) {
                while self.is_foreign() {
                    self.spaces.pop();
                }
            } else {
                self.enter_foreign(name, closes_itself);
                return Some(Token::Start { name, empty: closes_itself });
            }
        } else if is(name, b"svg") || is(name, b"math") {
            if !closes_itself {
                self.spaces.push(if is(name, b"svg") { Space::Svg } else { Space::Math });
            }
            return Some(Token::Start { name, empty: closes_itself });
        }
        let verbatim: [&[u8]; 9] = [
            b"script",
            b"style",
            b"noscript",
            b"title",
            b"textarea",
            b"iframe",
            b"noembed",
            b"noframes",
            b"xmp",
        ];
        if verbatim.into_iter().any(|known| is(name, known)) {
            self.verbatim = Some(name);
        }
        Some(Token::Start { name, empty: is_void(name) })
    }

    fn enter_foreign(&mut self, name: &[u8], closes_itself: bool) {
        let points: &[&[u8]] = match self.space() {
            Space::Svg => &[b"foreignobject", b"desc", b"title"],
            _ => &[b"mi", b"mo", b"mn", b"ms", b"mtext"],
        };
        if closes_itself {
            return;
        }
        if points.iter().any(|point| is(name, point)) {
            self.spaces.push(Space::Html);
        } else if is(name, b"svg") {
            self.spaces.push(Space::Svg);
        } else if is(name, b"math") {
            self.spaces.push(Space::Math);
        }
    }

    fn space(&self) -> Space {
        self.spaces.last().copied().unwrap_or(Space::Html)
    }

    fn is_foreign(&self) -> bool {
        self.space() != Space::Html
    }

    /// Reads name and attributes of the tag here, whose name begins at `skip`, and goes behind it; says whether it ends
    /// in `/>`. None where the page ends within it.
    fn tag(&mut self, skip: usize) -> Option<(&'h [u8], bool)> {
        let html = self.html;
        let bytes = html.as_bytes();
        let start = self.at + skip;
        let mut at = start;
        let is_end = |byte: u8| byte.is_ascii_whitespace() || byte == b'/' || byte == b'>';
        while !is_end(*self.byte(at)?) {
            at += 1;
        }
        let name = &bytes[start..at];
        self.attributes.clear();
        loop {
            let mut slash = false;
            while self.byte(at)?.is_ascii_whitespace() || bytes[at] == b'/' {
                slash = bytes[at] == b'/';
                at += 1;
            }
            if bytes[at] == b'>' {
                self.at = at + 1;
                return Some((name, slash));
            }
            let from = at;
            at += 1; // a name may begin with `=`
            while !is_end(*self.byte(at)?) && bytes[at] != b'=' {
                at += 1;
            }
            let attribute = &html[from..at];
            while self.byte(at)?.is_ascii_whitespace() {
                at += 1;
            }
            if bytes[at] != b'=' {
                self.attributes.push((attribute, ""));
                continue;
            }
            at += 1;
            while self.byte(at)?.is_ascii_whitespace() {
                at += 1;
            }
            let value = if let quote @ (b'"' | b'\'') = bytes[at] {
                let from = at + 1;
                let Some(length) = memchr(quote, &bytes[from..]) else { return self.unfinished() };
                at = from + length + 1;
                &html[from..from + length]
            } else {
                let from = at;
                while !self.byte(at)?.is_ascii_whitespace() && bytes[at] != b'>' {
                    at += 1;
                }
                &html[from..at]
            };
            self.attributes.push((attribute, value));
        }
    }

    /// The byte at `at`; behind the last one the page is over, whatever had begun.
    fn byte(&mut self, at: usize) -> Option<&'h u8> {
        let byte = self.html.as_bytes().get(at);
        if byte.is_none() {
            self.at = self.html.len();
        }
        byte
    }

    fn unfinished<T>(&mut self) -> Option<T> {
        self.at = self.html.len();
        None
    }
}

fn is(name: &[u8], known: &[u8]) -> bool {
    name.eq_ignore_ascii_case(known)
}

fn is_void(name: &[u8]) -> bool {
    const VOID: [&[u8]; 18] = [
        b"br",
        b"img",
        b"input",
        b"link",
        b"meta",
        b"hr",
        b"source",
        b"wbr",
        b"col",
        b"area",
        b"base",
        b"embed",
        b"track",
        b"param",
        b"basefont",
        b"bgsound",
        b"frame",
        b"keygen",
    ];
    name.len() <= 8 && VOID.into_iter().any(|known| is(name, known))
}

/// Whether such an element ends all drawings and formulas around it.
fn leaves_drawings(name: &[u8]) -> bool {
    const HTML_ONLY: [&[u8]; 44] = [
        b"b",
        b"big",
        b"blockquote",
        b"body",
        b"br",
        b"center",
        b"code",
        b"dd",
        b"div",
        b"dl",
        b"dt",
        b"em",
        b"embed",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
        b"head",
        b"hr",
        b"i",
        b"img",
        b"li",
        b"listing",
        b"menu",
        b"meta",
        b"nobr",
        b"ol",
        b"p",
        b"pre",
        b"ruby",
        b"s",
        b"small",
        b"span",
        b"strong",
        b"strike",
        b"sub",
        b"sup",
        b"table",
        b"tt",
        b"u",
        b"ul",
        b"var",
    ];
    HTML_ONLY.into_iter().any(|known| is(name, known))
}

/// Bytes of the comment that `rest` begins with; all of it where the comment does not end.
fn comment_length(rest: &[u8]) -> usize {
    // `<!-->` and `<!--->` are comments
    for short in [&b"<!-->"[..], b"<!--->"] {
        if rest.starts_with(short) {
            return short.len();
        }
    }
    let mut at = 4;
    while let Some(found) = memmem::find(&rest[at..], b"--") {
        at += found + 2;
        match rest.get(at..) {
            Some([b'>', ..]) => return at + 1,
            Some([b'!', b'>', ..]) => return at + 2,
            _ => at -= 1, // of three dashes, the last two may end it
        }
    }
    rest.len()
}

/// Bytes before the end tag of the element `name` whose content is no markup; all where there is none.
fn verbatim_length(rest: &[u8], name: &[u8]) -> usize {
    let script = is(name, b"script");
    let (mut hidden, mut nested) = (false, false);
    let mut at = 0;
    while let Some(found) = rest[at..].iter().position(|&byte| byte == b'<' || script && byte == b'-') {
        at += found;
        let here = &rest[at..];
        if here[0] == b'-' {
            if here.starts_with(b"-->") {
                (hidden, nested) = (false, false);
            }
        } else if here.get(1) == Some(&b'/') {
            if begins(&here[2..], name) {
                if !nested {
                    return at;
                }
                nested = false;
            }
        } else if script && here.starts_with(b"<!--") {
            // its dashes may end it at once
            hidden = true;
            at += 1;
        } else if hidden && begins(&here[1..], name) {
            nested = true;
        }
        at += 1;
    }
    rest.len()
}

/// Whether `rest` begins with a tag's `name` and what may stand behind it.
fn begins(rest: &[u8], name: &[u8]) -> bool {
    rest.get(..name.len()).is_some_and(|head| is(head, name))
        && rest
            .get(name.len())
            .is_some_and(|&byte| byte.is_ascii_whitespace() || byte == b'/' || byte == b'>')
}
