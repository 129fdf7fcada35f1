//! The elements that matter for text, and what HTML says of each.

/// An element, or a run of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(super) enum Tag {
    Text,
    Html, Head, Title, Body,
    Main, Article, Section, Div, Header, Footer, Nav, Aside, Form, Figure, Figcaption,
    P, H1, Heading, Pre, Blockquote, Address,
    List, Item, Term, Definition,
    Table, RowGroup, Row, Cell, Caption,
    Link, Break, Rule, Image,
    Button, Label, Select,
    /// Elements whose content is not text of the page: scripts, styles, templates, drawings, controls.
    Mute,
    /// What readers without scripts see; read only where the page has nothing else.
    Noscript,
    /// Other elements without content.
    Void,
    /// Other elements that start a line.
    Block,
    /// All others.
    Inline,
}

impl Tag {
    /// The element of this name, in any case.
    pub(super) fn from_name(name: &[u8]) -> Self {
        let mut lower = [0; 12];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return if name.contains(&b'-') { Self::Block } else { Self::Inline };
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        #[rustfmt::skip]
        let tag = match &*lower {
            b"html" => Self::Html, b"head" => Self::Head, b"title" => Self::Title, b"body" => Self::Body,
            b"main" => Self::Main, b"article" => Self::Article, b"section" => Self::Section, b"div" => Self::Div,
            b"header" => Self::Header, b"footer" => Self::Footer, b"nav" => Self::Nav, b"aside" => Self::Aside,
            b"form" => Self::Form, b"figure" => Self::Figure, b"figcaption" => Self::Figcaption,
            b"p" => Self::P, b"pre" | b"listing" | b"xmp" => Self::Pre, b"blockquote" => Self::Blockquote,
            b"h1" => Self::H1,
            b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Self::Heading,
            b"address" => Self::Address, b"ul" | b"ol" | b"menu" | b"dl" => Self::List, b"li" => Self::Item,
            b"dt" => Self::Term, b"dd" => Self::Definition,
            b"table" => Self::Table, b"thead" | b"tbody" | b"tfoot" => Self::RowGroup, b"tr" => Self::Row,
            b"td" | b"th" => Self::Cell, b"caption" => Self::Caption,
            b"a" => Self::Link, b"br" => Self::Break, b"hr" => Self::Rule, b"img" => Self::Image,
            b"button" => Self::Button, b"label" => Self::Label, b"select" | b"datalist" => Self::Select,
            b"script" | b"style" | b"template" | b"svg" | b"iframe" | b"object" | b"embed" | b"canvas"
            | b"audio" | b"video" | b"map" | b"textarea" | b"noembed" | b"noframes" => Self::Mute,
            b"noscript" => Self::Noscript,
            b"area" | b"base" | b"col" | b"input" | b"link" | b"meta" | b"param" | b"source" | b"track" | b"wbr" => {
                Self::Void
            }
            b"center" | b"details" | b"summary" | b"fieldset" | b"legend" | b"hgroup" | b"dialog" | b"search"
            | b"dir" | b"frameset" | b"optgroup" | b"option" => Self::Block,
            other if other.contains(&b'-') => Self::Block, // custom elements are mostly used as containers
            _ => Self::Inline,
        };
        tag
    }

    /// Whether its text stands on lines of its own.
    pub(super) fn is_block(self) -> bool {
        !matches!(
            self,
            Self::Text
                | Self::Link
                | Self::Image
                | Self::Label
                | Self::Select
                | Self::Void
                | Self::Inline
                | Self::Mute
                | Self::Noscript
                | Self::Cell
        )
    }

    /// Whether it never has content.
    pub(super) fn is_void(self) -> bool {
        matches!(self, Self::Break | Self::Rule | Self::Image | Self::Void)
    }

    /// Whether what it holds is never text of the page.
    pub(super) fn is_mute(self) -> bool {
        matches!(self, Self::Mute | Self::Noscript | Self::Select | Self::Head)
    }

    /// Whether an open `self` ends where `next` starts, although no end tag says so
    /// (<https://html.spec.whatwg.org/multipage/syntax.html#optional-tags>).
    pub(super) fn ends_before(self, next: Self) -> bool {
        match self {
            Self::P => next.is_block() && !matches!(next, Self::Break | Self::Caption),
            Self::Item => next == Self::Item,
            Self::Term | Self::Definition => matches!(next, Self::Term | Self::Definition),
            Self::Cell => matches!(next, Self::Cell | Self::Row | Self::RowGroup),
            Self::Row => matches!(next, Self::Row | Self::RowGroup),
            Self::RowGroup => next == Self::RowGroup,
            Self::Head => next == Self::Body,
            _ => false,
        }
    }

    /// Whether the search for an element to end stops at an open `self`.
    pub(super) fn is_scope(self, next: Self) -> bool {
        match next {
            Self::Item | Self::Term | Self::Definition => {
                matches!(self, Self::List | Self::Table | Self::Cell)
            }
            Self::Cell | Self::Row | Self::RowGroup => self == Self::Table,
            _ => matches!(self, Self::Table | Self::Cell | Self::Button | Self::Caption | Self::Mute),
        }
    }
}
