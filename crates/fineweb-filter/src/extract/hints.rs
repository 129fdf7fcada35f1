//! What attributes say about an element's role, read from names that sites have in common.

/// Roles that an element's attributes suggest, a bit each; several may hold.
pub(super) type Hints = u32;

/// Not shown to readers: `hidden`, `aria-hidden`, a style.
pub(super) const HIDDEN: Hints = 1;
/// `role=main` or `itemprop=articleBody`.
pub(super) const MAIN: Hints = 1 << 1;
/// A role of the page's frame: navigation, banner, search, dialog.
pub(super) const FRAME: Hints = 1 << 2;
const NAVIGATION: Hints = 1 << 3;
const FOOTER: Hints = 1 << 4;
const HEADER: Hints = 1 << 5;
const SIDEBAR: Hints = 1 << 6;
const COMMENT: Hints = 1 << 7;
const SHARE: Hints = 1 << 8;
const RELATED: Hints = 1 << 9;
const AD: Hints = 1 << 10;
const SUBSCRIBE: Hints = 1 << 11;
const POPUP: Hints = 1 << 12;
const META: Hints = 1 << 13;
const CONTENT: Hints = 1 << 14;
const TITLE: Hints = 1 << 15;
const CARD: Hints = 1 << 16;
const PRICE: Hints = 1 << 17;
const FORUM: Hints = 1 << 18;
const QUOTE: Hints = 1 << 19;
const CAPTION: Hints = 1 << 20;
const BUTTON: Hints = 1 << 21;
const RATING: Hints = 1 << 22;
const FAQ: Hints = 1 << 23;
const CONTENTS: Hints = 1 << 24;
const HERO: Hints = 1 << 25;
const CODE: Hints = 1 << 26;
const SEARCH: Hints = 1 << 27;
const SECTION: Hints = 1 << 28;
const SCREEN_READER: Hints = 1 << 29;

/// What the bits are called, lowest first.
#[rustfmt::skip]
pub(super) const NAMES: [&str; 30] = [
    "hidden", "main", "frame", "navigation", "footer", "header", "sidebar", "comment", "share", "related", "ad",
    "subscribe", "popup", "meta", "content", "title", "card", "price", "forum", "quote", "caption", "button",
    "rating", "faq", "contents", "hero", "code", "search", "section", "screen_reader",
];

/// What one attribute suggests.
pub(super) fn of_attribute(name: &[u8], value: &str) -> Hints {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let value_is = |known: &str| value.trim().eq_ignore_ascii_case(known);
    let when = |holds: bool, hint: Hints| if holds { hint } else { 0 };
    match name.len() {
        2 if is("id") => of_names(value),
        4 if is("role") => {
            let frame =
                ["navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog", "alertdialog"];
            when(value_is("main"), MAIN) | when(frame.into_iter().any(value_is), FRAME)
        }
        5 if is("class") => of_names(value),
        5 if is("style") => when(hides(value), HIDDEN),
        6 if is("hidden") => when(!value_is("until-found"), HIDDEN),
        8 if is("itemprop") => when(value_is("articleBody"), MAIN),
        11 if is("aria-hidden") => when(value_is("true"), HIDDEN),
        _ => 0,
    }
}

/// What class names or an id suggest, read word by word: `relatedPosts`, `related-posts` and `related_posts` alike.
fn of_names(value: &str) -> Hints {
    let bytes = value.as_bytes();
    // Utility classes come by the dozen; the role, if any, is among the first.
    let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
    let (mut hints, mut word, mut length, mut last) = (0, [0; LONGEST_WORD], 0, b' ');
    for &byte in bytes.iter().chain(b" ") {
        let letter = byte.is_ascii_alphabetic();
        let hump = byte.is_ascii_uppercase() && last.is_ascii_lowercase();
        if (!letter || hump) && length > 0 {
            hints |= word.get(..length).map_or(0, of_word);
            length = 0;
        }
        if letter {
            if let Some(place) = word.get_mut(length) {
                *place = byte.to_ascii_lowercase();
            }
            length += 1;
        }
        last = byte;
    }
    hints
}

/// Bytes of a class attribute that are read.
const MOST_BYTES: usize = 400;
/// Longer words suggest nothing.
const LONGEST_WORD: usize = 16;

#[rustfmt::skip]
fn of_word(word: &[u8]) -> Hints {
    match word {
        b"nav" | b"navbar" | b"navigation" | b"menu" | b"menubar" | b"breadcrumb" | b"breadcrumbs" | b"topbar"
        | b"toolbar" | b"pagination" | b"pager" | b"sidenav" | b"subnav" | b"megamenu" | b"submenu" | b"navbox"
        | b"paging" | b"crumbs" | b"crumb" | b"prev" | b"next" | b"skip" => NAVIGATION,
        b"footer" | b"colophon" | b"copyright" | b"legal" | b"bottom" | b"disclaimer" | b"foot" => FOOTER,
        b"header" | b"masthead" | b"head" | b"logo" | b"top" => HEADER,
        b"sidebar" | b"aside" | b"rail" | b"widget" | b"widgets" | b"side" | b"secondary" => SIDEBAR,
        b"comment" | b"comments" | b"respond" | b"disqus" | b"commentlist" | b"commenter" => COMMENT,
        b"share" | b"sharing" | b"social" | b"follow" | b"facebook" | b"twitter" | b"likes" | b"sharebar"
        | b"addtoany" | b"like" => SHARE,
        b"related" | b"recommend" | b"recommended" | b"recommendations" | b"recommendation" | b"recirc" | b"similar"
        | b"suggested" | b"suggestions" | b"more" | b"popular" | b"trending" | b"latest" | b"recent" | b"also"
        | b"upsell" | b"upsells" | b"featured" | b"readmore" => RELATED,
        b"ad" | b"ads" | b"advert" | b"advertisement" | b"advertising" | b"adsbygoogle" | b"sponsor" | b"sponsored"
        | b"promo" | b"promotion" | b"taboola" | b"outbrain" | b"banner" | b"affiliate" | b"dfp" => AD,
        b"newsletter" | b"subscribe" | b"subscription" | b"signup" | b"signin" | b"login" | b"register" | b"email"
        | b"form" | b"input" | b"field" | b"paywall" | b"optin" | b"contact" | b"captcha" | b"mailchimp" => SUBSCRIBE,
        b"modal" | b"popup" | b"cookie" | b"cookies" | b"consent" | b"gdpr" | b"dialog" | b"overlay" | b"dropdown"
        | b"tooltip" | b"flyout" | b"offcanvas" | b"drawer" | b"notice" | b"alert" | b"lightbox" | b"toast" => POPUP,
        b"meta" | b"byline" | b"author" | b"authors" | b"date" | b"time" | b"published" | b"posted" | b"category"
        | b"categories" | b"tag" | b"tags" | b"timestamp" | b"avatar" | b"user" | b"username" | b"profile" | b"bio"
        | b"updated" | b"metadata" | b"info" | b"details" | b"eyebrow" => META,
        b"content" | b"body" | b"text" | b"article" | b"story" | b"entry" | b"prose" | b"copy" | b"markdown"
        | b"description" | b"richtext" | b"wysiwyg" | b"paragraph" | b"rich" | b"rte" | b"editor" | b"desc" => CONTENT,
        b"title" | b"heading" | b"headline" | b"subtitle" | b"subheading" | b"headings" => TITLE,
        b"card" | b"cards" | b"item" | b"items" | b"tile" | b"tiles" | b"teaser" | b"grid" | b"listing" | b"listings"
        | b"product" | b"products" | b"result" | b"results" | b"collection" | b"list" | b"carousel" | b"slider"
        | b"slide" | b"swiper" | b"archive" => CARD,
        b"price" | b"prices" | b"buy" | b"cart" | b"sku" | b"stock" | b"shipping" | b"variant" | b"variants" | b"quantity"
        | b"checkout" | b"wishlist" | b"amount" | b"sale" | b"basket" => PRICE,
        b"thread" | b"message" | b"messages" | b"forum" | b"forums" | b"topic" | b"topics" | b"post" | b"posts"
        | b"postbody" | b"reply" | b"replies" | b"discussion" | b"cooked" | b"answer" | b"answers" => FORUM,
        b"quote" | b"blockquote" | b"quoted" | b"signature" | b"sig" | b"pullquote" => QUOTE,
        b"caption" | b"credit" | b"figure" | b"image" | b"gallery" | b"media" | b"photo" | b"thumbnail" | b"thumb"
        | b"img" | b"video" | b"figcaption" | b"picture" => CAPTION,
        b"button" | b"btn" | b"buttons" | b"cta" | b"action" | b"actions" | b"link" | b"links" | b"icon" | b"badge"
        | b"controls" | b"control" => BUTTON,
        b"rating" | b"ratings" | b"review" | b"reviews" | b"stars" | b"star" | b"score" | b"votes" | b"vote"
        | b"voting" | b"stats" | b"count" => RATING,
        b"faq" | b"faqs" | b"accordion" | b"question" | b"questions" | b"panel" | b"collapse" | b"toggle" | b"tab"
        | b"tabs" | b"collapsible" | b"expand" => FAQ,
        b"toc" | b"contents" | b"outline" | b"anchor" | b"index" | b"jump" => CONTENTS,
        b"hero" | b"intro" | b"lead" | b"summary" | b"excerpt" | b"abstract" | b"lede" | b"dek" | b"introduction" => HERO,
        b"code" | b"highlight" | b"syntax" | b"codeblock" | b"hljs" | b"language" | b"example" | b"snippet" => CODE,
        b"search" | b"filter" | b"filters" | b"sort" | b"facet" | b"facets" | b"searchbox" | b"searchform"
        | b"sorting" => SEARCH,
        b"section" | b"feature" | b"features" | b"service" | b"services" | b"testimonial" | b"testimonials" | b"team"
        | b"client" | b"clients" | b"pricing" | b"plan" | b"plans" | b"benefits" | b"specs" | b"specifications"
        | b"spec" => SECTION,
        b"sr" | b"visually" | b"screenreader" | b"hidden" | b"invisible" | b"hide" | b"noprint" | b"noshow" => {
            SCREEN_READER
        }
        _ => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_hint() {
        let read = |name: &str, value| of_attribute(name.as_bytes(), value);
        assert_eq!(read("class", "wp-block Related-Posts"), RELATED | FORUM);
        assert_eq!(read("class", "relatedArticle_body2"), RELATED | CONTENT);
        assert_eq!(read("class", "unrelated"), 0);
        assert_eq!(read("id", "site-footer"), FOOTER);
        assert_eq!(read("style", "color:red; DISPLAY : none"), HIDDEN);
        assert_eq!(read("style", "display:block"), 0);
        assert_eq!(read("hidden", ""), HIDDEN);
        assert_eq!(read("ROLE", "main"), MAIN);
    }
}
