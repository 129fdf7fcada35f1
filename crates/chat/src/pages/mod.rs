//! The pages themselves, built in: what people see of the playground.
//!
//! A page is `html/layout.html` around a file of its own, with one script of the same name; scripts are small modules
//! in `assets/`, and ask the server for everything else. Nothing is fetched from other hosts.

const LAYOUT: &str = include_str!("html/layout.html");

struct Page {
    path: &'static str,
    /// Of its files.
    name: &'static str,
    title: &'static str,
    main: &'static str,
}

const fn page(path: &'static str, name: &'static str, title: &'static str, main: &'static str) -> Page {
    Page { path, name, title, main }
}

const PAGES: [Page; 7] = [
    page("/", "overview", "Overview", include_str!("html/overview.html")),
    page("/data", "data", "Data", include_str!("html/data.html")),
    page("/tokenizer", "tokenizer", "Tokenizer", include_str!("html/tokenizer.html")),
    page("/base", "base", "Base", include_str!("html/base.html")),
    page("/inside", "inside", "Inside", include_str!("html/inside.html")),
    page("/chat", "chat", "Chat", include_str!("html/chat.html")),
    page("/arena", "arena", "Arena", include_str!("html/arena.html")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: [(&str, &str, &str); 35] = [
    ("answer.js", SCRIPT, include_str!("assets/answer.js")),
    ("api.js", SCRIPT, include_str!("assets/api.js")),
    ("arena.js", SCRIPT, include_str!("assets/arena.js")),
    ("attach.js", SCRIPT, include_str!("assets/attach.js")),
    ("bars.js", SCRIPT, include_str!("assets/bars.js")),
    ("base.js", SCRIPT, include_str!("assets/base.js")),
    ("blocks.js", SCRIPT, include_str!("assets/blocks.js")),
    ("board.js", SCRIPT, include_str!("assets/board.js")),
    ("branches.js", SCRIPT, include_str!("assets/branches.js")),
    ("chat.js", SCRIPT, include_str!("assets/chat.js")),
    ("data.js", SCRIPT, include_str!("assets/data.js")),
    ("documents.js", SCRIPT, include_str!("assets/documents.js")),
    ("dom.js", SCRIPT, include_str!("assets/dom.js")),
    ("funnel.js", SCRIPT, include_str!("assets/funnel.js")),
    ("heads.js", SCRIPT, include_str!("assets/heads.js")),
    ("heatmap.js", SCRIPT, include_str!("assets/heatmap.js")),
    ("inside.js", SCRIPT, include_str!("assets/inside.js")),
    ("key.js", SCRIPT, include_str!("assets/key.js")),
    ("ladder.js", SCRIPT, include_str!("assets/ladder.js")),
    ("legend.js", SCRIPT, include_str!("assets/legend.js")),
    ("lens.js", SCRIPT, include_str!("assets/lens.js")),
    ("media.js", SCRIPT, include_str!("assets/media.js")),
    ("overview.js", SCRIPT, include_str!("assets/overview.js")),
    ("page.js", SCRIPT, include_str!("assets/page.js")),
    ("search.js", SCRIPT, include_str!("assets/search.js")),
    ("settings.js", SCRIPT, include_str!("assets/settings.js")),
    ("states.js", SCRIPT, include_str!("assets/states.js")),
    ("talk.js", SCRIPT, include_str!("assets/talk.js")),
    ("text.js", SCRIPT, include_str!("assets/text.js")),
    ("tokenizer.js", SCRIPT, include_str!("assets/tokenizer.js")),
    ("tokens.js", SCRIPT, include_str!("assets/tokens.js")),
    ("writing.js", SCRIPT, include_str!("assets/writing.js")),
    ("xray.js", SCRIPT, include_str!("assets/xray.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
];

/// The page at a path, whole.
pub(crate) fn html(path: &str) -> Option<String> {
    let page = PAGES.iter().find(|page| page.path == path)?;
    let link = format!("href=\"{path}\"");
    // the first is the one in the navigation
    let layout = LAYOUT.replacen(&link, &format!("{link} aria-current=\"page\""), 1);
    Some(
        layout.replace("{{name}}", page.name).replace("{{title}}", page.title).replace("{{main}}", page.main),
    )
}

/// The paths of all pages.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|page| page.path)
}

/// What lies under `/assets/`: its content type, and itself.
pub(crate) fn asset(name: &str) -> Option<(&'static str, &'static str)> {
    ASSETS.iter().find(|(known, ..)| *known == name).map(|&(_, kind, text)| (kind, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_built_in() {
        let on_disk = std::fs::read_dir("src/pages/assets").expect("there is a folder");
        let on_disk: BTreeSet<String> = on_disk
            .map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned())
            .collect();
        let built_in: BTreeSet<String> = ASSETS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(built_in, on_disk);
    }

    #[test]
    fn whatever_is_named_is_there() {
        for path in paths() {
            let page = html(path).expect("it is a page");
            assert_eq!(page.matches("aria-current").count(), 1, "{path} is somewhere in the navigation");
            assert!(!page.contains("{{"), "{path} is filled in");
            let named = page.split("/assets/").skip(1).map(|rest| rest.split('"').next().expect("a name"));
            named.for_each(|name| assert!(asset(name).is_some(), "{path} wants {name}"));
        }
        for (file, _, text) in ASSETS {
            let named = text.split("from './").skip(1).map(|rest| rest.split('\'').next().expect("a name"));
            named.for_each(|name| assert!(asset(name).is_some(), "{file} wants {name}"));
        }
        assert_eq!(html("/nothing"), None);
        assert_eq!(asset("nothing.js"), None);
    }

    #[test]
    fn nothing_writes_markup_or_runs_text() {
        for (file, _, text) in ASSETS.iter().filter(|(_, kind, _)| *kind == SCRIPT) {
            for word in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
            {
                assert!(!text.contains(word), "{file} has {word}");
            }
        }
        for path in paths() {
            let page = html(path).expect("it is a page");
            assert!(
                !page.contains("onclick=") && !page.contains("<script>"),
                "{path} has a script of its own"
            );
            assert!(!page.contains("//cdn") && !page.contains("https://"), "{path} needs another host");
        }
    }
}
