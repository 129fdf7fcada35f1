//! A server of files that behaves as badly as it is told to.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with the n-th GET of a path; behind the list it behaves.
#[derive(Clone, Copy)]
pub enum Mood {
    /// As if nothing were said.
    Fine,
    Busy(u16),
    /// Half of what was asked for, then the connection ends.
    Cut,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// From now on another version under another ETag.
    Change,
}

pub struct Server {
    pub address: String,
    pub most_at_once: Arc<AtomicUsize>,
    /// Requests so far, and bytes of bodies that were sent.
    pub requests: Arc<AtomicUsize>,
    pub sent: Arc<AtomicU64>,
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    moods: BTreeMap<String, Vec<Mood>>,
    versions: BTreeMap<String, usize>,
    requests: Arc<AtomicUsize>,
    sent: Arc<AtomicU64>,
}

pub fn serve(files: BTreeMap<String, Vec<u8>>, moods: &[(&str, &[Mood])]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let moods = moods.iter().map(|(path, moods)| ((*path).to_owned(), moods.to_vec())).collect();
    let (requests, sent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = (requests.clone(), sent.clone());
    let state = State { files, moods, versions: BTreeMap::new(), requests, sent };
    let state = Arc::new(Mutex::new(state));
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
    let (requests, sent) = counted;
    Server { address, most_at_once, requests, sent }
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ');
    let (method, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let (mut range, mut matching) = (None, None);
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "range" => range = Some(value.to_owned()),
            "if-match" | "if-range" => matching = Some(value.to_owned()),
            _ => {}
        }
    }
    std::thread::sleep(Duration::from_millis(20));
    let (body, mood, version, sent) = {
        let mut state = state.lock().expect("no test panics in it");
        state.requests.fetch_add(1, Ordering::SeqCst);
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
        (body, mood, *version, state.sent.clone())
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
    let range = range.filter(|_| !matches!(mood, Some(Mood::IgnoreRange)));
    let (from, to) = range.as_deref().map_or((0, body.len()), |range| bounds(range, body.len()));
    if range.is_some() && from >= to {
        let length = body.len();
        return write!(
            stream,
            "HTTP/1.1 416 Range Not Satisfiable\r\ncontent-range: bytes */{length}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
    }
    let rest = &body[from..to];
    let head = if range.is_some() {
        format!("206 Partial Content\r\ncontent-range: bytes {from}-{}/{}", to - 1, body.len())
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
        sent.fetch_add(end as u64, Ordering::SeqCst);
    }
    stream.flush()
}

/// From which byte to before which `bytes=5-9`, `bytes=5-` or `bytes=-9` asks for, in a file of `length` bytes.
fn bounds(range: &str, length: usize) -> (usize, usize) {
    let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap_or_default();
    match (first.parse(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, length.min(last + 1)),
        (Ok(first), Err(_)) => (first, length),
        (Err(_), Ok(last)) => (length.saturating_sub(last), length),
        (Err(_), Err(_)) => (0, length),
    }
}
