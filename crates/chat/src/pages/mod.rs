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
