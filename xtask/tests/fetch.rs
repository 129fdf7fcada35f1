//! `cc-fetch` against a server that behaves as badly as servers do: the file is whole and one version, or the error
//! is clear.

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use common::House;
use common::server::{Mood, Server, serve};

/// Five archives and their list, as the miniature web makes them.
fn archives(house: &House) -> BTreeMap<String, Vec<u8>> {
    house.write(
        "web.toml",
        "extends = \"pipelines/tiny.toml\"\n[[stage]]\nname = \"web\"\nwith = { files = 5 }\n",
    );
    house.done(&["reproduce", "web.toml", "--until", "web"]);
    let mut files = BTreeMap::new();
    let mut list = String::new();
    for part in 0..5 {
        let name = format!("web-{part:05}.warc.gz");
        let bytes = std::fs::read(house.path().join("runs/web/web/warc").join(&name)).expect("it was made");
        files.insert(format!("/crawl/{name}"), bytes);
        list.extend(["crawl/", &name, "\n"]);
    }
    files.insert("/warc.paths".to_owned(), list.into_bytes());
    files
}

fn pipeline(server: &Server) -> String {
    let address = &server.address;
    let with = format!("{{ paths = \"{address}/warc.paths\", host = \"{address}/\", count = 0 }}");
    format!(
        r#"
        extends = "pipelines/web-sample.toml"
        [[stage]]
        name = "web"
        use = "cc-fetch"
        with = {with}
        [[stage]]
        name = "tokenizer"
        with = {{ vocab_size = 512 }}
        [[stage]]
        name = "base"
        with = {{ model = {{ context = 32, width = 16, layers = 1, heads = 1, kv_heads = 1, hidden = 32 }}, steps = 2 }}
        [[stage]]
        name = "samples"
        with = {{ tokens = 8 }}
        "#
    )
}

#[test]
fn bad_manners_change_no_byte() {
    use Mood::{Busy, Change, Cut, IgnoreRange};
    let house = House::new();
    let files = archives(&house);
    let server = serve(
        files.clone(),
        &[
            ("/crawl/web-00000.warc.gz", &[Busy(429), Cut, Busy(503)]),
            ("/crawl/web-00001.warc.gz", &[Cut, IgnoreRange]),
            ("/crawl/web-00002.warc.gz", &[Cut, Cut, Cut]),
            ("/crawl/web-00003.warc.gz", &[Cut, Change]),
        ],
    );
    house.write("fetched.toml", &pipeline(&server));
    let output = house.run(&["reproduce", "fetched.toml", "--until", "filter"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("/crawl/")) {
        let name = path.trim_start_matches("/crawl/");
        let fetched =
            std::fs::read(house.path().join("runs/fetched/web/warc").join(name)).expect("it was fetched");
        let changed: Vec<u8> = bytes.iter().rev().copied().collect();
        let expected = if name.contains("00003") { &changed } else { bytes };
        assert!(fetched == *expected, "{name} is not what the server has");
    }
    for told in ["429", "503", "wait_s", "ignores ranges", "changed, beginning again"] {
        assert!(log.to_lowercase().contains(told), "the log does not tell of {told}:\n{log}");
    }
    let most = server.most_at_once.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} connections at once");
}

#[test]
fn what_is_not_there_is_said_and_nothing_half_done_gets_a_name() {
    let house = House::new();
    let mut files = archives(&house);
    files.remove("/crawl/web-00002.warc.gz");
    let server = serve(files, &[]);
    house.write("missing.toml", &pipeline(&server));
    let output = house.run(&["reproduce", "missing.toml"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{log}");
    assert!(log.contains("404") && log.contains("web-00002"), "{log}");
    assert!(!house.path().join("runs/missing").exists());
}

#[test]
fn a_list_that_is_not_the_pinned_one_is_refused() {
    let house = House::new();
    let server = serve(archives(&house), &[("/warc.paths", &[Mood::Change])]);
    house.write("moved.toml", &pipeline(&server));
    // planned on the first version, which changes before it is fetched
    let output = house.run(&["reproduce", "moved.toml"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{log}");
    assert!(log.contains("another file than the one that was pinned") && log.contains("\"v1\""), "{log}");
}

#[test]
fn the_mirror_answers_first_and_gives_the_same() {
    let house = House::new();
    let files = archives(&house);
    let server = serve(files.clone(), &[]);
    house.write("fetched.toml", &pipeline(&server));
    house.done(&["reproduce", "fetched.toml"]);
    let from_network = (house.keys("fetched"), house.contents("fetched"));
    // the lock pins the list, so that planning needs no network
    std::fs::remove_dir_all(house.path().join("runs")).unwrap();
    for (path, bytes) in files {
        let path = house.path().join("mirror/127.0.0.1").join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let before = server.most_at_once.swap(0, Ordering::SeqCst);
    house.done(&["reproduce", "fetched.toml", "--mirror", "mirror", "--locked"]);
    assert_eq!((house.keys("fetched"), house.contents("fetched")), from_network);
    assert!(
        before > 0 && server.most_at_once.load(Ordering::SeqCst) == 0,
        "the mirror was there and the network was asked"
    );
}

#[test]
fn two_archives_with_one_name_are_refused() {
    let house = House::new();
    let list = b"a/web.warc.gz\nb/web.warc.gz\n".to_vec();
    let server = serve(BTreeMap::from([("/warc.paths".to_owned(), list)]), &[]);
    house.write("crawl.toml", &pipeline(&server));
    let refused = house.run(&["reproduce", "crawl.toml", "--until", "web"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("two archives that are called web.warc.gz"), "{told}");
}
