//! `cc-fetch` against a server that behaves as badly as servers do: the file is whole and one version, or the error
//! is clear.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::House;

/// What the server does with the n-th GET of a path; behind the list it behaves.
#[derive(Clone, Copy)]
enum Mood {
    Busy(u16),
    /// Half of what was asked for, then the connection ends.
    Cut,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// From now on another version under another ETag.
    Change,
}

struct Server {
    address: String,
    most_at_once: Arc<AtomicUsize>,
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    moods: BTreeMap<String, Vec<Mood>>,
    versions: BTreeMap<String, usize>,
}

fn serve(files: BTreeMap<String, Vec<u8>>, moods: &[(&str, &[Mood])]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let moods = moods.iter().map(|(path, moods)| ((*path).to_owned(), moods.to_vec())).collect();
    let state = Arc::new(Mutex::new(State { files, moods, versions: BTreeMap::new() }));
    let (now, most_at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most = most_at_once.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (state, now, most) = (state.clone(), now.clone(), most.clone());
            std::thread::spawn(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // a client that hangs up early is part of the game
                let _ = answer(&stream, &state);
                now.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    Server { address, most_at_once }
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ');
    let (method, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let (mut from, mut matching) = (0, None);
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "range" => from = value.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0),
            "if-match" | "if-range" => matching = Some(value.to_owned()),
            _ => {}
        }
    }
    std::thread::sleep(Duration::from_millis(20));
    let (body, mood, version) = {
        let mut state = state.lock().expect("no test panics in it");
        let Some(body) = state.files.get(&path).cloned() else {
            return write!(
                stream,
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        };
        let moods = state.moods.entry(path.clone()).or_default();
        let mood = if method == "GET" && !moods.is_empty() { Some(moods.remove(0)) } else { None };
        let version = state.versions.entry(path.clone()).or_default();
        *version += usize::from(matches!(mood, Some(Mood::Change)));
        (body, mood, *version)
    };
    let etag = format!("\"v{version}\"");
    let body: Vec<u8> = if version > 0 { body.iter().rev().copied().collect() } else { body };
    if let Some(Mood::Busy(status)) = mood {
        return write!(
            stream,
            "HTTP/1.1 {status} Busy\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
    }
    if matching.is_some_and(|matching| matching != etag) {
        return write!(
            stream,
            "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
    }
    let from = if matches!(mood, Some(Mood::IgnoreRange)) { 0 } else { from };
    let rest = &body[from.min(body.len())..];
    let head = if from > 0 {
        format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{}", body.len() - 1, body.len())
    } else {
        "200 OK".to_owned()
    };
    write!(
        stream,
        "HTTP/1.1 {head}\r\netag: {etag}\r\ncontent-length: {}\r\naccept-ranges: bytes\r\nconnection: close\r\n\r\n",
        rest.len()
    )?;
    if method == "GET" {
        let end = if matches!(mood, Some(Mood::Cut)) { rest.len() / 2 } else { rest.len() };
        stream.write_all(&rest[..end])?;
    }
    stream.flush()
}

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
