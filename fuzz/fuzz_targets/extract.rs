//! Any markup is a page: both extractors end, and leave nothing behind for the next page.
#![no_main]

use fineweb_filter::Page;
use fineweb_filter::extract::{AllText, Extract, Extractor, MainText};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    let page = Page { id: "", url: "https://example.org/blog/1", html, headers: &[] };
    for extractor in [&MainText { max_nodes: 100_000 } as &dyn Extractor, &AllText { max_nodes: 100_000 }] {
        let mut found = Extract::default();
        extractor.extract(&page, &mut found);
        assert!(!found.text.contains("\n\n") && !found.text.contains('\0'));
        let mut again = found.clone();
        again.clear();
        extractor.extract(&page, &mut again);
        assert_eq!(found, again);
    }
});
