//! A server of files that behaves as badly as it is told to.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with the n-th GET of a path; behind the list it behaves.
#[derive(Clone, Copy)]
pub enum Mood {
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
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    moods: BTreeMap<String, Vec<Mood>>,
    versions: BTreeMap<String, usize>,
}

pub fn serve(files: BTreeMap<String, Vec<u8>>, moods: &[(&str, &[Mood])]) -> Server {
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
