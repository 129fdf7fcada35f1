//! Text out of markup.

use std::fmt::Write;

use fineweb_filter::Page;
use fineweb_filter::extract::{AllText, Extract, Extractor, MainText, Measured};
use proptest::prelude::*;

const ALL: AllText = AllText { max_nodes: 10_000 };
const MAIN: MainText = MainText { max_nodes: 500_000 };

fn extract(extractor: &dyn Extractor, html: &str) -> Extract {
    let mut out = Extract::default();
    extractor.extract(&Page { html, ..Page::default() }, &mut out);
    out
}

fn text(extractor: &dyn Extractor, html: &str) -> String {
    extract(extractor, html).text
}

#[test]
fn all_text_is_readable() {
    for (html, expect) in [
        ("<p>one<p>two<div>three</div>", "one\ntwo\nthree"),
        ("a<b>b</b> c&amp;d<br>e", "ab c&d\ne"),
        ("one<br><br>two", "one\ntwo"),
        ("<b>one</b> <i>two</i>\n<u>three</u>", "one two three"),
        ("one<img src=x>two<script>no()</script>three", "one two three"),
        ("<ul><li>one<li>two <b>bold</b></ul>after", "- one\n- two bold\nafter"),
        ("<ul><li> <p> one </p></li><li><h3>two</h3><p>three</p></li></ul>", "- one\ntwo\nthree"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\nb\nc"),
        ("<pre>if x:\n    y\n\nz</pre>end", "if x:\n    y\nz\nend"),
        ("<b>one</b><pre>\0 \ntwo \u{200b}</pre>", "one\ntwo"),
        ("<pre><span>fn</span> <span>main</span>() {\n    <b>x</b>\n}</pre>", "fn main() {\n    x\n}"),
        ("<title>t</title>x<script>no()</script><style>p{}</style><noscript>no</noscript>y", "x y"),
        ("<template><p>no</template>yes", "yes"),
        ("soft\u{ad}hyphen &nbsp; space", "softhyphen space"),
        ("</span>stray</b>end", "strayend"),
        ("<select><option>no</select>a<textarea>no</textarea>b", "a b"),
        ("a\0b", "ab"),
        ("", ""),
    ] {
        assert_eq!(text(&ALL, html), expect, "{html}");
    }
}

/// A page of some site, with `main` between its frame.
fn framed(main: &str) -> String {
    let links: String = ["Home", "News", "Shop", "About us", "Contact"]
        .map(|name| format!("<li><a href='/{name}'>{name}</a></li>"))
        .concat();
    let stories = [1, 2, 3, 4, 5, 6]
        .map(|n| {
            format!("<li><a href='/s{n}'><h4>Another story of number {n}</h4></a><span>May {n}</span></li>")
        })
        .concat();
    format!(
        "<html><head><title>How rivers find the sea | The Daily</title></head><body>\
         <a class=skip-link href='#main'>Skip to main content</a>\
         <header class=site-header><div class=logo><a href=/>The Daily</a></div>\
         <nav><ul>{links}</ul></nav></header>\
         {main}\
         <aside class=sidebar><h3>Most read</h3><ul>{stories}</ul></aside>\
         <section class='newsletter-signup'><h3>Sign up for our newsletter</h3><p>Get it every day.</p>\
         <form><label>Email</label><button>Subscribe</button></form></section>\
         <footer class=site-footer><ul>{links}</ul><p>© 2025 The Daily. All rights reserved.</p></footer>\
         </body></html>"
    )
}

/// Paragraphs of prose.
fn prose(count: usize) -> String {
    let topics = ["river", "mountain", "valley", "harbour", "glacier", "delta", "meadow", "forest"];
    (0..count).fold(String::new(), |mut out, n| {
        let topic = topics[n % topics.len()];
        write!(
            out,
            "<p>In the year {n} the {topic} changed its course, and the people who lived beside it had to decide \
             whether they would follow it, or stay where their parents had built their houses. Most of them stayed, \
             because the {topic} had been part of what they were for longer than anyone remembered.</p>"
        )
        .expect("strings take all");
        out
    })
}

const FRAME: [&str; 8] = [
    "Skip to main",
    "Home",
    "About us",
    "Another story",
    "Most read",
    "newsletter",
    "Subscribe",
    "All rights reserved",
];

#[test]
fn main_text_leaves_the_frame_out() {
    let article = format!(
        "<main><article class=post><h1>How rivers find the sea</h1>\
         <div class=share-buttons><a>Share</a> <a>Tweet</a></div>\
         <div class=entry-content>{}<h2>What came of it</h2>{}</div></article></main>",
        prose(4),
        prose(3)
    );
    let found = extract(&MAIN, &framed(&article));
    for frame in FRAME.iter().chain(&["Tweet"]) {
        assert!(!found.text.contains(frame), "{frame} in {}", found.text);
    }
    assert_eq!(found.text.matches("changed its course").count(), 7, "{}", found.text);
    assert!(found.text.contains("What came of it"), "{}", found.text);
    assert_eq!(found.title, "How rivers find the sea");
}

#[test]
fn all_posts_of_a_thread_are_kept() {
    let posts = [0, 1, 2, 3, 4, 5]
        .map(|n| {
            format!(
                "<div class='post message'><div class=post-author><a href='/u{n}'>member{n}</a><span>Joined: 2019</span>\
                 <span>Posts: 1{n}</span></div><div class=post-body>{}</div>\
                 <div class=post-actions><a>Reply</a> <a>Report</a></div></div>",
                prose(n + 1).rsplit("<p>").next().unwrap_or_default()
            )
        })
        .concat();
    let found =
        text(&MAIN, &framed(&format!("<div class=thread><h1>How rivers find the sea</h1>{posts}</div>")));
    assert_eq!(found.matches("changed its course").count(), 6, "{found}");
    assert!(!found.contains("All rights reserved"), "{found}");
}

#[test]
fn a_page_of_little_else_keeps_its_text() {
    for (page, expect) in [
        (
            "<body><div class=sidebar><p>All that this page has to say stands in here.</p></div></body>",
            "All that this page has to say stands in here.",
        ),
        ("<p>One line.</p>", "One line."),
    ] {
        assert_eq!(text(&MAIN, page), expect);
    }
}

#[test]
fn noscript_is_read_where_nothing_else_is() {
    let body = "What the script would have shown stands here as well. ".repeat(8);
    let page = format!("<body><div id=app></div><noscript><p>{body}</p></noscript></body>");
    assert_eq!(text(&MAIN, &page), body.trim());
}

#[test]
fn linked_data_is_read_where_nothing_else_is() {
    for (data, expect) in [
        (
            r#"{"@type":"NewsArticle","articleBody":"The <b>whole</b> text.\n\nIn full."}"#,
            "The whole text. In full.",
        ),
        (
            r#"{"@graph":[{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Why?",
                "acceptedAnswer":{"@type":"Answer","text":"<p>Because.</p>"}}]}]}"#,
            "Why?\nBecause.",
        ),
        (
            r#"{"@type":["Product"],"name":"Chair","description":"A chair &amp; a table."}"#,
            "Chair\nA chair & a table.",
        ),
        (
            r#"{"@type":"Recipe","name":"Bread","recipeIngredient":["flour",7,"<b>salt</b>"],
                "recipeInstructions":[{"@type":"HowToStep","text":"Knead."},"Bake."]}"#,
            "Bread\nflour\nsalt\nKnead.\nBake.",
        ),
        (r#"{"@type":"Organization","description":"No text."}"#, ""),
        ("{broken", ""),
    ] {
        let page = format!(
            "<head><script type='application/ld+json'>{data}</script></head><body><div id=app></div></body>"
        );
        assert_eq!(text(&MAIN, &page), expect, "{data}");
    }
}

#[test]
fn titles_are_what_the_page_calls_itself() {
    for (head, body, expect) in [
        ("<title>Bread and salt | Bakers</title>", "", "Bread and salt"),
        ("<title>Bread &amp; salt</title>", "", "Bread & salt"),
        ("<title>Home</title><meta property='og:title' content='Bread &amp; salt'>", "", "Bread & salt"),
        ("<title>Bread - ArchWiki</title>", "<h1>Bread</h1>", "Bread"),
        (
            "<title>A long history of bread : Bakers</title>",
            "<h1>A long history of bread</h1>",
            "A long history of bread",
        ),
        ("<title>Bread and salt</title>", "<h1>Bakers</h1>", "Bread and salt"),
        ("", "<h1>Bread</h1>", "Bread"),
        ("<svg><title>icon</title></svg>", "", ""),
        ("", "", ""),
    ] {
        let page = format!("<html><head>{head}</head><body>{body}<p>Text.</p></body></html>");
        assert_eq!(extract(&MAIN, &page).title, expect, "{head}{body}");
    }
}

#[test]
fn nodes_are_bounded() {
    let page = "<p>x</p>".repeat(1_000);
    assert_eq!(text(&AllText { max_nodes: 21 }, &page).lines().count(), 10);
}

/// Each of these takes hours where effort grows with the square.
#[test]
fn hostile_pages_end() {
    let size = 1 << 20;
    for (what, page) in [
        ("depth", "<div>".repeat(size / 4)),
        ("depth of formatting", "<b><i>x".repeat(size / 4)),
        ("depth of lists", "<ul><li>x".repeat(size / 8)),
        ("depth of tables", "<table><tr><td>x".repeat(size / 16)),
        ("stray ends", "</div></p>x".repeat(size / 8)),
        ("one line", "word ".repeat(size)),
        ("one word", "w".repeat(5 * size)),
        ("nulls", "\0".repeat(size)),
        ("attributes", format!("<p {}>x", "class=nav-menu hidden ".repeat(size / 4))),
        ("classes", format!("<p class='{}'>x", "related ".repeat(size / 2))),
        ("references", "&amp;&notit;&#x26;&".repeat(size / 8)),
        ("breaks", "x<br>".repeat(size / 4)),
        ("cells", format!("<table><tr>{}", "<td>x".repeat(size / 4))),
        ("links", "<a href=#>x</a> ".repeat(size / 8)),
        ("headings", "<h1>x</h1>".repeat(size / 8)),
        ("titles", "<title>x</title>".repeat(size / 8)),
        ("noscript", "<noscript><p>x</noscript>".repeat(size / 16)),
        ("unclosed comment", format!("x<!--{}", "-".repeat(size))),
        ("unclosed tag", format!("x<p {}", "a=b ".repeat(size / 4))),
        ("linked data", format!("<script type='application/ld+json'>{}", "[".repeat(size))),
        (
            "answers",
            format!(
                "<script type='application/ld+json'>[{}1]</script>",
                "{\"@type\":\"Answer\",\"text\":\"&lt;\"},".repeat(size / 64)
            ),
        ),
    ] {
        let found = extract(&MAIN, &page);
        assert!(found.text.len() <= page.len(), "{what}");
    }
}

#[test]
fn the_weights_are_for_what_is_measured() {
    let page = framed(&format!("<main>{}</main>", prose(3)));
    let measured =
        Measured::of(&Page { id: "", url: "https://example.org/blog/1", html: &page, headers: &[] }, 10_000);
    assert_eq!(measured.names, Measured::fitted());
    assert_eq!(measured.rows.len(), measured.texts.len());
    assert!(measured.rows.iter().all(|row| row.len() == measured.names.len()));
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "<[a-z]{1,4}( [a-z]{2,5}=\"?[a-z ]{0,9}\"?)?>",
        "</[a-z]{1,4}>",
        "[ a-zA-Zé.,&;<>\"'\\n]{0,12}",
        prop::sample::select(vec![
            "<div class='post comment'>",
            "<table>",
            "<tr>",
            "<td>",
            "<ul>",
            "<li>",
            "<p>",
            "<a href=#>",
            "<br>",
            "<pre>",
            "<script>",
            "</script>",
            "<noscript>",
            "<template>",
            "<h1>",
            "<title>",
            "<button>",
            "<!--",
            "-->",
            "<svg>",
            "<select>",
            "<textarea>",
            "<body>",
            "<head>",
            "&#x80;",
            "&notin",
            "</table>",
            "</li>",
            "</p>",
            "<script type=application/ld+json>{\"articleBody\":\"x\"}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_page_is_too_strange(page in soup()) {
        let found = extract(&MAIN, &page);
        let everything = text(&ALL, &page);
        prop_assert!(found.text.len() <= page.len().max(everything.len()) * 2);
        prop_assert!(!found.text.starts_with('\n') && !found.text.ends_with(['\n', ' ', '\t']), "{:?}", found.text);
        prop_assert!(!found.text.contains("\n\n") && !found.text.contains('\0'));
    }

    #[test]
    fn nothing_stays_from_page_to_page(pages in prop::collection::vec(soup(), 2)) {
        let mut reused = Extract::default();
        for html in &pages {
            reused.clear();
            MAIN.extract(&Page { html, ..Page::default() }, &mut reused);
            prop_assert_eq!(&reused, &extract(&MAIN, html));
        }
    }
}
