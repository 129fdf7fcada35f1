//! What attributes say about an element's role, read from names that sites have in common.

/// Roles that an element's attributes suggest; several may hold.
#[expect(clippy::struct_excessive_bools, reason = "independent marks, none excludes another")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// Not shown to readers.
    pub(super) hidden: bool,
    /// Navigation, advertising, sharing and other frame.
    pub(super) frame: bool,
    /// The page's content.
    pub(super) content: bool,
    /// `role=main` or `itemprop=articleBody`: content beyond doubt.
    pub(super) main: bool,
}

impl Hints {
    /// Takes one attribute into account.
    pub(super) fn read(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let value_is = |known: &str| value.trim().eq_ignore_ascii_case(known);
        if is("class") || is("id") {
            self.read_words(value);
        } else if is("hidden") {
            self.hidden |= !value_is("until-found");
        } else if is("aria-hidden") {
            self.hidden |= value_is("true");
        } else if is("style") {
            self.hidden |= hides(value);
        } else if is("role") {
            self.main |= value_is("main");
            self.frame |=
                ["navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog", "alertdialog"]
                    .into_iter()
                    .any(value_is);
        } else if is("itemprop") {
            self.main |= value_is("articleBody");
        }
    }

    fn read_words(&mut self, value: &str) {
        // Utility classes come by the dozen; the role, if any, is among the first.
        for name in value.split_ascii_whitespace().take(24) {
            for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
                self.read_word(word);
            }
            self.content |= CONTENT.iter().any(|known| name.eq_ignore_ascii_case(known));
        }
    }

    fn read_word(&mut self, word: &str) {
        let mut lower = [0; 16];
        let Some(lower) = lower.get_mut(..word.len()) else { return };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        self.frame |= std::str::from_utf8(lower).is_ok_and(|word| FRAME.binary_search(&word).is_ok());
    }
}

fn hides(style: &str) -> bool {
    let mut rest = style;
    while let Some(at) = rest.find(':') {
        let (property, value) =
            (rest[..at].trim().rsplit(';').next().unwrap_or("").trim(), rest[at + 1..].trim_start());
        let starts =
            |known: &str| value.get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known));
        if property.eq_ignore_ascii_case("display") && starts("none")
            || property.eq_ignore_ascii_case("visibility") && starts("hidden")
        {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Class names and ids that sites give to the page's content.
const CONTENT: [&str; 24] = [
    "article",
    "article-body",
    "article-content",
    "article-text",
    "article__body",
    "article__content",
    "body-copy",
    "content",
    "content-body",
    "content-main",
    "entry",
    "entry-content",
    "main",
    "main-content",
    "maincontent",
    "markdown-body",
    "mw-parser-output",
    "page-content",
    "post",
    "post-body",
    "post-content",
    "post_content",
    "story-body",
    "story-content",
];

/// Words in class names and ids that stand for a page's frame; sorted.
#[rustfmt::skip]
const FRAME: [&str; 65] = [
    "ad", "ads", "adsbygoogle", "advert", "advertisement", "advertising", "breadcrumb", "breadcrumbs", "byline",
    "colophon", "comment", "comments", "consent", "cookie", "cookies", "copyright", "disclaimer", "disqus",
    "dropdown", "flyout", "footer", "footnav", "gdpr", "login", "masthead", "megamenu", "menu", "menubar", "modal",
    "nav", "navbar", "navbox", "navigation", "navmenu", "newsletter", "offcanvas", "outbrain", "pager",
    "pagination", "paywall", "popup", "promo", "recirc", "recommendations", "recommended", "related", "respond",
    "searchbox", "searchform", "share", "sharebar", "sharing", "sidebar", "sidenav", "signin", "signup", "skip",
    "skiplink", "social", "sponsor", "sponsored", "subscribe", "taboola", "toolbar", "topbar",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(FRAME.is_sorted());
    }

    #[test]
    fn attributes_hint() {
        let read = |name, value| {
            let mut hints = Hints::default();
            hints.read(name, value);
            hints
        };
        assert!(read("class", "wp-block Related-Posts").frame);
        assert!(!read("class", "unrelated").frame);
        assert!(read("id", "main-content").content);
        assert!(read("style", "color:red; DISPLAY : none").hidden);
        assert!(!read("style", "display:block").hidden);
        assert!(read("hidden", "").hidden);
        assert!(read("role", "main").main);
    }
}
