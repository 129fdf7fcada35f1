//! Block lists: what they block, what they cost on disk, and that no bytes break them.

use std::sync::Arc;

use fineweb_filter::{
    CompiledLists, Error, Filter, ListKind, Lists, Outcome, Page, Scratch, Settings, UrlFilter, UrlSettings,
    reasons,
};
use proptest::prelude::*;

fn lists() -> Lists {
    let mut lists = Lists::default();
    lists.add_domains(
        "# a comment\nbad.co.uk\nhost.good.com\nblogspot.com\n192.0.2.9\nlisted.example\nuser.github.io\n",
    );
    lists.add_urls("site.com/page\nhttp://other.com/x?y=1\n");
    lists.add_hard_words("very-bad\n");
    lists.add_soft_words("soft\nmild\nweak\n");
    lists.add_subwords("aw ful\n");
    lists
}

/// Addresses and what datatrove 0.10.1 says of them with the same lists; where we differ, what we say.
#[test]
fn reasons_are_those_of_datatrove_but_where_we_say_so() {
    let filter = UrlFilter::new(&UrlSettings::default(), lists());
    for (url, theirs) in [
        ("https://www.bad.co.uk:80/", "domain"),
        ("https://bad.co.uk", "domain"),
        ("http://notbad.co.uk/", ""),
        ("https://host.good.com/", "subdomain"),
        ("https://deep.host.good.com/", ""),
        ("https://good.com/", ""),
        ("https://user@host.good.com:8080/?q", "subdomain"),
        ("http://x.blogspot.com/", "domain"),
        ("http://user.github.io/", "subdomain"),
        ("http://a.user.github.io/", ""),
        ("http://other.github.io/", ""),
        ("site.com/page", "exact"),
        ("http://other.com/x?y=1", "exact"),
        ("http://other.com/x?y=2", ""),
        ("http://a.com/verybad-thing", "hard_word"),
        ("http://a.com/very-bad", ""),
        ("http://a.com/soverybad", ""),
        ("http://a.com/soft", ""),
        ("http://a.com/soft/soft", ""),
        ("http://a.com/soft/mild", "soft_words"),
        ("http://soft.a.com/x_weak.html?mild", "soft_words"),
        ("http://a.com/l-aw-ful", "subword"),
        ("http://a.com/law%20ful", ""),
        ("http://a.com/lAWFUL", "subword"),
        ("http://a.com/", ""),
        ("http://bad.co.uk.evil.com/", ""),
        ("http://a.com/?u=bad.co.uk", ""),
        ("http://www.host.good.com/verybad", "hard_word"),
    ] {
        let ours = filter.reason(url).map_or("", |reason| reason.0.trim_start_matches("url_"));
        assert_eq!(ours, theirs, "{url}");
    }
    for (url, deviation) in [
        ("http://site.com/page", reasons::URL_EXACT),
        ("https://other.com/x?y=1", reasons::URL_EXACT),
        ("https://HOST.Good.com/a", reasons::URL_SUBDOMAIN),
        ("http://a.com/so-VeryBad-thing", reasons::URL_HARD_WORD),
        ("http://a.com/soft/MILD", reasons::URL_SOFT_WORDS),
        ("http://192.0.2.9/x", reasons::URL_SUBDOMAIN),
        ("http://www.listed.example/", reasons::URL_DOMAIN),
    ] {
        assert_eq!(filter.reason(url), Some(deviation), "{url}");
    }
}

#[test]
fn takedowns_come_first_and_cannot_be_switched_off() {
    let mut lists = Lists::default();
    let list =
        "# asked for by mail\n<urn:uuid:11>\nurn:uuid:22\nhttps://a.example/private/\nGone.example\ndoc 7\n";
    assert_eq!(lists.add(ListKind::Takedown, list.as_bytes()).unwrap(), 0);
    let lists: Arc<CompiledLists> = lists.into();
    let mut settings = Settings::default();
    settings.url.enabled = false;
    let filter = Filter::new(&settings, lists).unwrap();
    let mut scratch = Scratch::default();
    let mut taken = |id, url| {
        let outcome = filter.judge(&Page { id, url, ..Page::default() }, &mut scratch);
        matches!(outcome, Outcome::Dropped { reason: reasons::TAKEDOWN, .. })
    };
    for (id, url) in [
        ("<urn:uuid:11>", ""),
        ("urn:uuid:11", ""),
        ("<urn:uuid:22>", "https://b.example"),
        ("doc 7", ""),
        ("", "http://a.example/private"),
        ("", "https://A.example/private/#part"),
        ("", "https://gone.example/any"),
        ("", "https://www.gone.example:8443/any?x"),
    ] {
        assert!(taken(id, url), "{id} {url}");
    }
    for (id, url) in [
        ("<urn:uuid:1>", "https://a.example/"),
        ("a.example", "https://a.example/private/more"),
        ("", "https://notgone.example/"),
        ("doc", ""),
    ] {
        assert!(!taken(id, url), "{id} {url}");
    }
}

#[test]
fn a_takedown_that_cannot_be_read_is_an_error_and_other_junk_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
    write("domains", b"a.example\n\xff\xff\n||b.example^\nc.example/path\n0.0.0.0 d.example\n");
    write("banned_words.txt", b"-- \nword\n");
    let lists = Lists::load(directory.path()).unwrap();
    assert_eq!(lists.ignored(), 4);
    let filter = UrlFilter::new(&UrlSettings::default(), lists);
    assert_eq!(filter.reason("http://d.example"), Some(reasons::URL_DOMAIN));
    assert_eq!(filter.reason("http://c.example"), None);
    write("takedown.txt", b"https://a.example/\n\xff\n");
    assert!(matches!(Lists::load(directory.path()), Err(Error::Takedown { lines: 1, .. })));
    assert!(matches!(Lists::load(&directory.path().join("none")), Err(Error::ReadList { .. })));
}

#[test]
fn compiled_lists_are_read_back_and_damage_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lists");
    let compiled = lists().compile();
    compiled.write(&path, &[1; 32]).unwrap();
    assert_eq!(CompiledLists::read(&path, &[1; 32]).unwrap(), compiled);
    let problem = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        match CompiledLists::read(&path, &[1; 32]) {
            Err(Error::CompiledLists { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    };
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no temporary file is left");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        problem(&bytes);
        problem(&whole[..at]);
    }
    let mut huge = whole.clone();
    huge[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(problem(&huge), "its length is not what its head says");
    let mut other = whole.clone();
    other[8] ^= 1;
    assert_eq!(problem(&other), "it was made of other lists");
    assert!(matches!(
        CompiledLists::read(&directory.path().join("no"), &[1; 32]),
        Err(Error::ReadList { .. })
    ));
    assert!(matches!(
        compiled.write(&directory.path().join("no/lists"), &[1; 32]),
        Err(Error::WriteLists { .. })
    ));
}

proptest! {
    #[test]
    fn no_address_and_no_list_breaks_it(
        url in "\\PC{0,60}",
        list in prop::collection::vec(any::<u8>(), 0..300),
        kind in prop::sample::select(vec![
            ListKind::Domains, ListKind::Urls, ListKind::HardWords, ListKind::SoftWords, ListKind::Subwords,
            ListKind::Takedown,
        ]),
    ) {
        let mut lists = lists();
        lists.add(kind, &list[..]).unwrap();
        lists.add(kind, url.as_bytes()).unwrap();
        let filter = UrlFilter::new(&UrlSettings::default(), lists);
        filter.reason_of(&Page { id: &url, url: &url, ..Page::default() });
        filter.reason(&String::from_utf8_lossy(&list));
    }
}
