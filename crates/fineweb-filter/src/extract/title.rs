//! What a page calls itself.

use super::blocks::Blocks;
use super::render;
use super::tag::Tag;
use super::tree::Tree;

/// The title that the page is announced with: `og:title`, else the title element.
pub(super) fn announced(tree: &Tree) -> String {
    if !tree.head.title.is_empty() {
        return tree.head.title.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    tree.head_title().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The best title: the heading where the announced title repeats it, else the announced one without the site's name,
/// else the heading.
pub(super) fn best(tree: &Tree, cut: &Blocks, announced: &str) -> String {
    let is_h1 = |block: &usize| tree.nodes[cut.blocks[*block].container as usize].tag == Tag::H1;
    let mut heading = String::new();
    if let Some(first) = (0..cut.blocks.len()).find(is_h1) {
        render::render(tree, cut, |block| block == first, &mut heading);
    }
    let repeated = !heading.is_empty() && announced.starts_with(&heading);
    if announced.is_empty() || repeated || heading.len() >= SHORT && announced.contains(&heading) {
        return heading;
    }
    without_site(announced).to_owned()
}

/// Bytes below which a heading is likelier the site's name, or a part of it.
const SHORT: usize = 12;

/// Cuts ` | Site` and its like off the end, where most of the title is left.
fn without_site(title: &str) -> &str {
    let marks = [" | ", " - ", " – ", " — ", " · ", " :: ", " » ", " « ", " • "];
    let last = marks.iter().filter_map(|mark| title.rfind(mark)).max();
    last.map(|at| title[..at].trim_end()).filter(|rest| 2 * rest.len() > title.len()).unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::without_site;

    #[test]
    fn the_site_is_cut_off() {
        for (title, expect) in [
            ("How to bake bread | Bakers", "How to bake bread"),
            ("How to bake bread - a guide – Bakers", "How to bake bread - a guide"),
            ("Bread | The Association of Bakers", "Bread | The Association of Bakers"),
            ("Well-known", "Well-known"),
        ] {
            assert_eq!(without_site(title), expect);
        }
    }
}
