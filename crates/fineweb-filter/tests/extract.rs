//! Text out of markup.

use fineweb_filter::Page;
use fineweb_filter::extract::{AllText, Extract, Extractor, MainText};

fn text(extractor: &dyn Extractor, html: &str) -> String {
    let mut out = Extract::default();
    extractor.extract(&Page { html, ..Page::default() }, &mut out);
    out.text
}

#[test]
fn all_text_is_readable() {
    let all = AllText { max_nodes: 10_000 };
    for (html, expect) in [
        ("<p>one<p>two<div>three</div>", "one\ntwo\nthree"),
        ("a<b>b</b> c&amp;d<br>e", "ab c&d\ne"),
        ("<ul><li>one<li>two <b>bold</b></ul>after", "- one\n- two bold\nafter"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
        ("<pre>if x:\n    y\n\nz</pre>end", "if x:\n    y\nz\nend"),
        ("<title>t</title>x<script>no()</script><style>p{}</style><noscript>no</noscript>y", "x y"),
        ("<template><p>no</template>yes", "yes"),
        ("soft\u{ad}hyphen &nbsp; space", "softhyphen space"),
        ("</span>stray</b>end", "strayend"),
        ("<select><option>no</select>a<textarea>no</textarea>b", "a b"),
        ("", ""),
    ] {
        assert_eq!(text(&all, html), expect, "{html}");
    }
}

#[test]
fn main_text_leaves_the_frame_out() {
    let main = MainText { max_nodes: 10_000 };
    let body = "A sentence of the article that says something. ".repeat(8);
    let page = format!(
        "<body><header class=topbar><a href=/>Site</a></header><nav>Menu</nav><main><h1>Title</h1><p>{body}</p>\
         <p>Second &eacute;.</p><div class='share-box'>Share this</div><div style='display: none'>secret</div>\
         <ul><li><a>Other story</a><li><a>Another story</a></ul></main><footer>Copyright</footer></body>"
    );
    assert_eq!(text(&main, &page), format!("Title\n{}\nSecond é.", body.trim()));
}

#[test]
fn a_mark_that_takes_all_is_not_believed() {
    let main = MainText { max_nodes: 10_000 };
    let page = "<body><div class=sidebar><p>All that this page has to say stands in here.</p></div></body>";
    assert_eq!(text(&main, page), "All that this page has to say stands in here.");
    let links = "<body><ul><li><a>First entry</a><li><a>Second entry</a></ul></body>";
    assert_eq!(text(&main, links), "- First entry\n- Second entry");
}

#[test]
fn noscript_is_read_where_nothing_else_is() {
    let main = MainText { max_nodes: 10_000 };
    let body = "What the script would have shown stands here as well. ".repeat(8);
    let page = format!("<body><div id=app></div><noscript><p>{body}</p></noscript></body>");
    assert_eq!(text(&main, &page), body.trim());
}

#[test]
fn nodes_are_bounded() {
    let page = "<p>x</p>".repeat(1_000);
    assert_eq!(text(&AllText { max_nodes: 21 }, &page).lines().count(), 10);
}
