//! Whatever a server does, the file is equal to one version of the remote one, or there is none and the error
//! says why.
#![cfg(feature = "remote")]
#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::{Reply, Request, Server};
use shard::Error;
use shard::remote::{Access, Fetched, Options, Remote, S3};
use tempfile::TempDir;

/// Bytes that differ everywhere, and by seed.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn quick() -> Options {
    Options {
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(4),
        attempts: 8,
        idle: Duration::from_millis(400),
        ..Options::default()
    }
}

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("a.warc.gz")
    }

    fn fetch(&self, server: &Server) -> Result<Fetched, Error> {
        self.fetch_with(server, quick())
    }

    fn fetch_with(&self, server: &Server, options: Options) -> Result<Fetched, Error> {
        let url = format!("{}/crawl/a.warc.gz", server.url);
        Remote::new(options).unwrap().fetch(&url, &self.file(), &mut |_, _| ())
    }

    /// The file is `expected`, described rightly, and nothing lies beside it.
    fn holds(&self, fetched: &Fetched, expected: &[u8]) {
        assert!(fs::read(self.file()).unwrap() == expected, "the file differs");
        let digest = shard::digest(&self.file()).unwrap();
        assert_eq!((digest.bytes, &digest.blake3), (fetched.bytes, &fetched.blake3));
        assert_eq!(fs::read_dir(self.dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_file_and_its_head() {
    let body = bytes(300_000, 1);
    let served = body.clone();
    let server = Server::start(move |request| Reply::file(request, &served, "\"v1\""));
    let place = Place::new();
    let remote = Remote::new(quick()).unwrap();
    let url = format!("{}/crawl/a.warc.gz", server.url);
    let head = remote.head(&url).unwrap();
    assert_eq!((head.length, head.etag.as_deref()), (Some(300_000), Some("\"v1\"")));
    let mut heard = Vec::new();
    let fetched = remote.fetch(&url, &place.file(), &mut |done, of| heard.push((done, of))).unwrap();
    place.holds(&fetched, &body);
    assert_eq!(fetched.etag.as_deref(), Some("\"v1\""));
    assert_eq!(heard.last(), Some(&(300_000, Some(300_000))));
    let requests = server.requests();
    assert_eq!(requests.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["HEAD", "GET"]);
    assert!(requests.iter().all(|request| request.header("user-agent").unwrap().starts_with("deepdive/")));
}

#[test]
fn the_length_of_an_error_is_not_that_of_a_file() {
    let server = Server::start(|_| Reply::status(412));
    let error = Remote::new(quick()).unwrap().head(&format!("{}/a", server.url)).unwrap_err();
    assert!(matches!(error, Error::Status { status: 412, .. }), "{error}");
}

#[test]
fn busy_servers_are_waited_for_and_the_log_says_so() {
    let body = bytes(1_000, 2);
    let served = body.clone();
    let server = Server::start(move |request| match request.nth {
        0 => Reply::status(429),
        1 => Reply::status(503).header("retry-after", "1"),
        2 => Reply::status(503)
            .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
            .header("retry-after", "Sun, 06 Nov 1994 08:49:38 GMT"),
        _ => Reply::file(request, &served, "\"v1\""),
    });
    let log = Log::default();
    let place = Place::new();
    let collector = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || collector.clone()).finish();
    let fetched = tracing::subscriber::with_default(subscriber, || place.fetch(&server)).unwrap();
    place.holds(&fetched, &body);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let waits: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(waits.len(), 3, "{log}");
    for (line, (status, wait)) in waits.iter().zip([("429", "0.001"), ("503", "1.0"), ("503", "1.0")]) {
        assert!(line.contains(&format!("answered {status}")) && line.contains(&server.url), "{line}");
        assert!(line.contains(&format!("wait_s={wait}")), "{line}");
    }
}

#[test]
fn a_wait_that_is_too_long_ends_the_fetch() {
    let server = Server::start(|_| Reply::status(503).header("retry-after", "86400"));
    let message = Place::new().fetch(&server).unwrap_err().to_string();
    assert!(message.contains("503 and asks to wait 86400 s; run again to go on"), "{message}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn cut_bodies_are_continued_and_no_byte_comes_twice() {
    let body = bytes(500_000, 3);
    let served = body.clone();
    let server = Server::start(move |request| Reply::file(request, &served, "\"v1\"").cut(100_000));
    let place = Place::new();
    let fetched = place.fetch(&server).unwrap();
    place.holds(&fetched, &body);
    let starts: Vec<_> = server.requests().iter().map(Request::start).collect();
    assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
    assert_eq!(starts[..2], [0, 100_000]);
    assert!(server.requests()[1..].iter().all(|request| request.header("if-match") == Some("\"v1\"")));
}

#[test]
fn without_a_strong_etag_a_cut_body_begins_again() {
    for etag in [None, Some("W/\"v1\"")] {
        let body = bytes(200_000, 4);
        let served = body.clone();
        let server = Server::start(move |request| {
            let reply = Reply::with_body(200, served.clone());
            let reply = etag.into_iter().fold(reply, |reply, etag| reply.header("etag", etag));
            if request.nth < 2 { reply.cut(70_000) } else { reply }
        });
        let place = Place::new();
        place.holds(&place.fetch(&server).unwrap(), &body);
        assert!(server.requests().iter().all(|request| request.header("range").is_none()));
    }
}

#[test]
fn a_server_that_ignores_ranges() {
    let body = bytes(200_000, 5);
    let served = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::with_body(200, served.clone()).header("etag", "\"v1\"");
        if request.nth == 0 { reply.cut(150_000) } else { reply }
    });
    let place = Place::new();
    place.holds(&place.fetch(&server).unwrap(), &body);
    assert_eq!(server.requests()[1].start(), 150_000, "it was asked for the rest");
}

/// Three ways in which a server may tell that the file has changed.
#[test]
fn a_file_that_changes_once_comes_in_its_new_version() {
    let ways: [fn(&Request, &[u8]) -> Reply; 3] = [
        |request, new| Reply::file(request, new, "\"v2\""),
        |request, new| match request.header("range") {
            Some(_) => Reply::rest(request, new, "\"v2\""),
            None => Reply::file(request, new, "\"v2\""),
        },
        |_, new| Reply::with_body(200, new.to_vec()).header("etag", "\"v2\""),
    ];
    for way in ways {
        let (old, new) = (bytes(200_000, 6), bytes(180_000, 7));
        let served = new.clone();
        let server = Server::start(move |request| match request.nth {
            0 => Reply::file(request, &old, "\"v1\"").cut(90_000),
            _ => way(request, &served),
        });
        let place = Place::new();
        let fetched = place.fetch(&server).unwrap();
        place.holds(&fetched, &new);
        assert_eq!(fetched.etag.as_deref(), Some("\"v2\""));
    }
}

#[test]
fn a_file_that_keeps_changing_is_an_error() {
    let server = Server::start(|request| {
        let etag = format!("\"v{}\"", request.nth);
        Reply::file(request, &bytes(200_000, request.nth as u64), &etag).cut(90_000)
    });
    let place = Place::new();
    let error = place.fetch(&server).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    assert!(!place.file().exists());
}

#[test]
fn a_length_that_is_never_kept_is_an_error() {
    let server = Server::start(|request| match request.start() {
        0 => Reply::with_body(200, bytes(1_000, 8)).header("etag", "\"v1\"").header("content-length", "1200"),
        start => Reply::with_body(206, Vec::new())
            .header("etag", "\"v1\"")
            .header("content-range", &format!("bytes {start}-1199/1200")),
    });
    let place = Place::new();
    let message = place.fetch(&server).unwrap_err().to_string();
    assert!(
        message.contains("gave up after 8 attempts") && message.contains("byte 1000 of 1200"),
        "{message}"
    );
    assert!(!place.file().exists());
}

#[test]
fn slow_is_well_and_silent_is_not() {
    let body = bytes(100_000, 9);
    let served = body.clone();
    let server = Server::start(move |request| {
        let pause = if request.nth == 0 { Duration::from_secs(2) } else { Duration::from_millis(60) };
        Reply::file(request, &served, "\"v1\"").slow(pause)
    });
    let place = Place::new();
    place.holds(&place.fetch(&server).unwrap(), &body);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_later_process_goes_on() {
    let body = bytes(200_000, 10);
    let served = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &served, "\"v1\"");
        if request.nth == 0 { reply.cut(120_000) } else { reply }
    });
    let place = Place::new();
    let impatient = || Options { attempts: 1, ..quick() };
    let message = place.fetch_with(&server, impatient()).unwrap_err().to_string();
    assert!(message.contains("byte 120000 of 200000; run again to go on"), "{message}");
    assert!(!place.file().exists());
    place.holds(&place.fetch_with(&server, impatient()).unwrap(), &body);
    assert_eq!(server.requests()[1].start(), 120_000);
}

/// The note beside the bytes is torn, or of another address: nothing is trusted.
#[test]
fn a_note_that_does_not_fit_means_beginning_again() {
    for note in ["", "http://elsewhere/a\n200000\n\"v1\"\n", "http://", "\n\n\n\n"] {
        let body = bytes(200_000, 11);
        let served = body.clone();
        let server = Server::start(move |request| Reply::file(request, &served, "\"v1\""));
        let place = Place::new();
        fs::write(place.dir.path().join("a.warc.gz.part"), bytes(1_000, 12)).unwrap();
        fs::write(place.dir.path().join("a.warc.gz.part.version"), note).unwrap();
        place.holds(&place.fetch(&server).unwrap(), &body);
    }
}

#[test]
fn refusals_are_taken_at_their_word() {
    for (status, cure) in
        [(403, "too fast"), (404, "check the path"), (401, "credentials"), (400, "check the")]
    {
        let server = Server::start(move |_| Reply::status(status));
        let message = Place::new().fetch(&server).unwrap_err().to_string();
        assert!(message.contains(&format!("answered {status}")) && message.contains(cure), "{message}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn nobody_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Remote::new(quick()).unwrap().head(&format!("http://127.0.0.1:{port}/a")).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("gave up after 5 attempts") && message.contains("is the address right"),
        "{message}"
    );
}

#[test]
fn addresses_that_cannot_be_fetched() {
    let remote = Remote::new(quick()).unwrap();
    for url in
        ["", "crawl/a.warc.gz", "ftp://host/a", "file:///etc/passwd", "https://", "s3:///key", "s3://../a"]
    {
        let error = remote.head(url).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{url}: {error}");
    }
}

#[test]
fn four_connections_for_any_number_of_threads() {
    let body = Arc::new(bytes(60_000, 13));
    let served = Arc::clone(&body);
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &served, "\"v1\"").slow(Duration::from_millis(5));
        if request.nth % 3 == 0 { reply.cut(20_000) } else { reply }
    });
    let place = Place::new();
    let remote = Remote::new(quick()).unwrap();
    std::thread::scope(|scope| {
        for at in 0..16 {
            let (remote, url, path) =
                (&remote, format!("{}/{at}", server.url), place.dir.path().join(at.to_string()));
            scope.spawn(move || remote.fetch(&url, &path, &mut |_, _| ()).unwrap());
        }
    });
    assert!((0..16).all(|at| fs::read(place.dir.path().join(at.to_string())).unwrap() == *body));
    assert!(server.peak() <= 4, "{} connections", server.peak());
}

#[test]
fn a_mirror_is_looked_into_first_and_yields_the_same() {
    let body = bytes(50_000, 14);
    let served = body.clone();
    let server = Server::start(move |request| Reply::file(request, &served, "\"v1\""));
    let (place, mirror) = (Place::new(), tempfile::tempdir().unwrap());
    let options = || Options { mirror: Some(mirror.path().to_path_buf()), ..quick() };
    let through = place.fetch_with(&server, options()).unwrap();
    assert_eq!(server.requests().len(), 1, "the mirror lacks it");

    fs::create_dir_all(mirror.path().join("127.0.0.1/crawl")).unwrap();
    fs::write(mirror.path().join("127.0.0.1/crawl/a.warc.gz"), &body).unwrap();
    let copied = place.fetch_with(&server, options()).unwrap();
    place.holds(&copied, &body);
    assert_eq!((copied.bytes, copied.blake3), (through.bytes, through.blake3));
    let head =
        Remote::new(options()).unwrap().head(&format!("{}/crawl/../crawl/a.warc.gz", server.url)).unwrap();
    assert_eq!((head.length, head.etag), (Some(50_000), None));
    assert_eq!(server.requests().len(), 1, "and now it is not asked");
}

#[test]
fn a_bucket_is_another_address() {
    let body = bytes(50_000, 15);
    let served = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &served, "\"v1\"");
        if request.nth == 0 { reply.cut(20_000) } else { reply }
    });
    let s3 = S3 { endpoint: Some(server.url.clone()), region: None, access: Access::Anonymous };
    let remote = Remote::new(Options { s3, ..quick() }).unwrap();
    let place = Place::new();
    let fetched = remote.fetch("s3://commoncrawl/crawl-data/a b.gz", &place.file(), &mut |_, _| ()).unwrap();
    place.holds(&fetched, &body);
    let requests = server.requests();
    assert!(
        requests.iter().all(|request| request.path == "/commoncrawl/crawl-data/a%20b.gz"),
        "{requests:?}"
    );
    assert_eq!(requests[1].start(), 20_000);
}

#[test]
fn a_range_is_those_bytes_or_an_error() {
    let body = bytes(50_000, 16);
    let served = body.clone();
    let server = Server::start(move |request| Reply::file(request, &served, "\"v1\""));
    let remote = Remote::new(quick()).unwrap();
    let url = format!("{}/crawl/a.warc.gz", server.url);
    for (from, length) in [(0, 10), (1_000, 30_000), (49_999, 1), (0, 50_000), (7, 0)] {
        let range = from..from + length;
        assert_eq!(remote.range(&url, from as u64, length as u64).unwrap(), body[range]);
    }
    for (from, length) in [(49_999, 2), (50_000, 1), (1 << 40, 5), (u64::MAX, 2)] {
        let error = remote.range(&url, from, length).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
        assert_eq!(error.to_string().contains("the file has 50000"), from < u64::MAX, "{error}");
    }
    assert_eq!(server.requests()[1].header("range"), Some("bytes=1000-30999"));
}

/// Each fault once or twice, then the range: it comes, and from one answer.
#[test]
fn a_range_is_waited_for_as_files_are() {
    let body = bytes(50_000, 17);
    let served = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &served, "\"v1\"");
        match request.nth {
            0 => Reply::status(503),
            1 => Reply::status(429).header("retry-after", "0"),
            2 => reply.cut(100),
            3 => reply.header("content-range", "bytes 0-999/50000"),
            4 => reply.header("content-range", "bytes 2000-2500/50000"),
            _ => reply,
        }
    });
    let remote = Remote::new(quick()).unwrap();
    assert_eq!(remote.range(&format!("{}/a", server.url), 2_000, 1_000).unwrap(), body[2_000..3_000]);
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn a_whole_file_is_not_a_range() {
    let body = bytes(50_000, 18);
    let served = body.clone();
    let server = Server::start(move |_| Reply::with_body(200, served.clone()));
    let remote = Remote::new(quick()).unwrap();
    let url = format!("{}/a", server.url);
    let error = remote.range(&url, 0, 1_000).unwrap_err();
    assert!(matches!(error, Error::NoRanges { .. }), "{error}");
    assert_eq!(remote.range(&url, 0, 50_000).unwrap(), body, "unless it is what was asked for");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn refused_ranges_are_not_asked_for_again() {
    for status in [403, 404] {
        let server = Server::start(move |_| Reply::status(status));
        let error = Remote::new(quick()).unwrap().range(&format!("{}/a", server.url), 5, 5).unwrap_err();
        assert!(matches!(error, Error::Status { status: got, .. } if got == status), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_mirror_gives_the_same_ranges() {
    let (body, mirror) = (bytes(5_000, 19), tempfile::tempdir().unwrap());
    fs::create_dir_all(mirror.path().join("example.org")).unwrap();
    fs::write(mirror.path().join("example.org/a"), &body).unwrap();
    let remote = Remote::new(Options { mirror: Some(mirror.path().to_path_buf()), ..quick() }).unwrap();
    assert_eq!(remote.range("https://example.org/a", 100, 50).unwrap(), body[100..150]);
    let error = remote.range("https://example.org/a", 4_999, 2).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { total: Some(5_000), .. }), "{error}");
}

/// Requests of all threads keep the pace together: the last of them began at least so long after the first.
#[test]
fn a_pace_holds_for_all_threads() {
    let server = Server::start(|request| Reply::file(request, &[7; 100], "\"v1\""));
    let remote = Remote::new(Options { spacing: Duration::from_millis(50), ..quick() }).unwrap();
    #[allow(clippy::disallowed_methods, reason = "the pace is what is tested; a slow machine only adds")]
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (remote, url) = (&remote, format!("{}/a", server.url));
            scope.spawn(move || (0..2).for_each(|_| assert_eq!(remote.range(&url, 3, 4).unwrap(), [7; 4])));
        }
    });
    assert!(begun.elapsed() >= Duration::from_millis(7 * 50), "{:?}", begun.elapsed());
}

/// Any mixture of faults, over two versions of the file: one version in full, or no file.
#[test]
fn no_mixture_of_faults_mixes_versions() {
    for seed in 0..150 {
        let versions = [bytes(150_000, seed), bytes(150_000, seed + 1_000)];
        let served = versions.clone();
        let dice = bytes(4_096, seed + 2_000);
        let server = Server::start(move |request| {
            let roll = |at: usize| dice[(request.nth * 8 + at) % dice.len()] as usize;
            let version = usize::from(request.nth > roll(7) % 16);
            let (body, etag) = (&served[version], ["\"v0\"", "\"v1\""][version]);
            let reply = match roll(0) % 8 {
                0 => return Reply::status([429, 500, 503, 416][roll(1) % 4]),
                1 => Reply::with_body(200, body.clone()).header("etag", etag),
                2 if request.header("range").is_some() => Reply::rest(request, body, etag),
                3 => Reply::file(request, body, etag).header("content-length", "150001"),
                4 if request.header("range").is_some() => {
                    Reply::rest(request, body, etag).header("content-range", "bytes 7-149999/150000")
                }
                _ => Reply::file(request, body, etag),
            };
            if roll(2) % 2 == 0 { reply.cut(roll(3) * 600) } else { reply }
        });
        let place = Place::new();
        match place.fetch(&server) {
            Ok(fetched) => {
                let found = fs::read(place.file()).unwrap();
                let version = versions.iter().position(|version| *version == found);
                let etag = version.map(|version| ["\"v0\"", "\"v1\""][version]);
                assert!(version.is_some(), "seed {seed}: a mixed file");
                assert_eq!(fetched.etag.as_deref(), etag, "seed {seed}");
            }
            Err(Error::GaveUp { .. } | Error::Changed { .. }) => {
                assert!(!place.file().exists(), "seed {seed}");
            }
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_destination_that_cannot_be_written_is_named() {
    let server = Server::start(|request| Reply::file(request, b"abc", "\"v1\""));
    let url = format!("{}/a", server.url);
    let error =
        Remote::new(quick()).unwrap().fetch(&url, Path::new("/nowhere/a"), &mut |_, _| ()).unwrap_err();
    assert!(error.to_string().contains("/nowhere/a.part"), "{error}");
}
