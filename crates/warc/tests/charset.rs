//! Which encoding is believed.

use proptest::prelude::*;
use warc::charset::{Hints, decode};

fn check(bytes: &[u8], http: Option<&str>, url: &str, charset: &str, text: &str) {
    let decoded = decode(bytes, &Hints { http, url: Some(url), markup: true });
    assert_eq!((decoded.charset, &*decoded.text), (charset, text), "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn the_first_claim_that_can_be_true_decides() {
    let com = "http://a.com/";
    // byte order mark over everything
    check(b"\xef\xbb\xbfcaf\xc3\xa9", Some("iso-8859-1"), com, "UTF-8", "caf\u{e9}");
    check(b"\xff\xfec\0\xe9\0", Some("utf-8"), com, "UTF-16LE", "c\u{e9}");
    check(b"\xfe\xff\0c\0\xe9", None, com, "UTF-16BE", "c\u{e9}");
    // HTTP over meta, meta over what the bytes look like
    check(
        b"<meta charset=koi8-r>\xe9",
        Some("windows-1252"),
        com,
        "windows-1252",
        "<meta charset=koi8-r>\u{e9}",
    );
    check(b"<meta charset=koi8-r>\xe9", None, com, "KOI8-R", "<meta charset=koi8-r>\u{418}");
    check(b"<meta charset=koi8-r>\xc3\xa9", None, com, "KOI8-R", "<meta charset=koi8-r>\u{446}\u{2558}");
    check(b"caf\xc3\xa9", Some("latin1"), com, "windows-1252", "caf\u{c3}\u{a9}");
    // no claim
    check(b"caf\xc3\xa9", None, com, "UTF-8", "caf\u{e9}");
    check(b"caf\xe9 et th\xe9", None, "http://a.fr/", "windows-1252", "caf\u{e9} et th\u{e9}");
    check(b"plain", None, com, "UTF-8", "plain");
    check(b"plain", Some("no such thing"), com, "UTF-8", "plain");
}

#[test]
fn a_claim_that_the_bytes_refute_is_passed_over() {
    let long = "caf\u{e9}, th\u{e9}, p\u{e2}t\u{e9}";
    for lie in ["iso-8859-1", "windows-1251", "gbk", "utf-16le"] {
        check(long.as_bytes(), Some(lie), "http://a.fr/", "UTF-8", long);
    }
    check(
        b"caf\xe9, th\xe9 et p\xe2t\xe9",
        Some("utf-8"),
        "http://a.fr/",
        "windows-1252",
        "caf\u{e9}, th\u{e9} et p\u{e2}t\u{e9}",
    );
    // a few bad bytes do not refute it, nor does an end in mid-character
    check(
        b"caf\xc3\xa9 th\xc3\xa9 \xff",
        Some("utf-8"),
        "http://a.fr/",
        "UTF-8",
        "caf\u{e9} th\u{e9} \u{fffd}",
    );
    check(b"\xc3\xa9, caf\xc3", Some("utf-8"), "http://a.fr/", "UTF-8", "\u{e9}, caf\u{fffd}");
    check(
        b"<meta charset=utf-16>caf\xc3\xa9",
        None,
        "http://a.fr/",
        "UTF-8",
        "<meta charset=utf-16>caf\u{e9}",
    );
}

#[test]
fn the_domain_helps_the_detector() {
    let russian: Vec<u8> =
        encoding_rs::WINDOWS_1251.encode("Привет, как дела? Это страница на русском языке.").0.into_owned();
    check(
        &russian,
        None,
        "http://user@Example.RU:80/a?b",
        "windows-1251",
        "Привет, как дела? Это страница на русском языке.",
    );
    for url in [
        "http://127.0.0.1/",
        "http://[::1]/",
        "no url",
        "http://",
        "http://xn--p1ai./",
        "http://\u{444}.\u{440}\u{444}/",
    ] {
        assert_eq!(
            decode(&russian, &Hints { url: Some(url), ..Hints::default() }).charset,
            "windows-1251",
            "{url}"
        );
    }
}

#[test]
fn meta_is_found_as_the_standard_finds_it() {
    let found = [
        "<meta charset=gbk>",
        "<META  CHARSET = 'gbk' >",
        "<!-- <meta charset=utf-8> --><meta charset=gbk>",
        "<!doctype html><html><head a='>' b><title></title><meta/charset=\"gbk\"/>",
        "<meta http-equiv=Content-Type content='text/html; charset=gbk'>",
        "<meta content='text/html charset = \"gbk\"' http-equiv=content-type>",
        "<meta name=x charset=gbk charset=big5>",
        "<?xml version='1.0' encoding='gbk'?><html>",
        "<a href=<meta><meta charset=gbk>",
        "<!--><meta charset=gbk>",
    ];
    let not_found = [
        "<meta content='text/html; charset=gbk'>",
        "<!-- <meta charset=gbk> -->",
        "<metal charset=gbk>",
        "<a title='<meta charset=gbk>'>",
        "<meta charset=replacement>",
        "<meta charset=",
        "<meta",
        "<?xml encoding='gbk>",
    ];
    let charset = |head: &str| {
        decode(&[head.as_bytes(), b"\xb0\xa1"].concat(), &Hints { markup: true, ..Hints::default() }).charset
    };
    for head in found {
        assert_eq!(charset(head), "GBK", "{head}");
    }
    for head in not_found {
        assert_ne!(charset(head), "GBK", "{head}");
    }
    let late = format!("{}<meta charset=gbk>", " ".repeat(1010));
    assert_ne!(charset(&late), "GBK");
}

proptest! {
    #[test]
    fn any_bytes_decode(bytes in prop::collection::vec(any::<u8>(), 0..300), http in "[a-z0-9-]{0,8}", url in ".{0,20}") {
        let decoded = decode(&bytes, &Hints { http: Some(&http), url: Some(&url), markup: true });
        prop_assert!(decoded.text.len() <= 3 * bytes.len());
    }

    #[test]
    fn unclaimed_utf8_stays_what_it_is(text in "\\PC{0,60}") {
        let decoded = decode(text.as_bytes(), &Hints::default());
        prop_assert_eq!(&*decoded.text, text.trim_start_matches('\u{feff}'));
    }
}
