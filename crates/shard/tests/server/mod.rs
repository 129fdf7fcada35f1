//! A server on loopback that misbehaves on request.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a client asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Which request this is, from 0.
    pub(crate) nth: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first byte of the range that was asked for, or 0.
    pub(crate) fn start(&self) -> usize {
        self.range().map_or(0, |(first, _)| first.parse().unwrap())
    }

    /// The byte behind that range, in a file of `total` bytes.
    fn end(&self, total: usize) -> usize {
        let last = self.range().and_then(|(_, last)| last.parse::<usize>().ok());
        last.map_or(total, |last| total.min(last + 1))
    }

    fn range(&self) -> Option<(&str, &str)> {
        self.header("range")?.strip_prefix("bytes=")?.split_once('-')
    }
}

/// What to answer. `sent` bytes of the body go out before the connection is closed.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) sent: usize,
    /// A pause before each piece of the body.
    pub(crate) pause: Duration,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::with_body(status, Vec::new())
    }

    pub(crate) fn with_body(status: u16, body: Vec<u8>) -> Self {
        let headers = vec![("content-length", body.len().to_string())];
        Self { status, headers, sent: body.len(), body, pause: Duration::ZERO }
    }

    /// As a decent server: ranges, and only of the version that was asked for.
    pub(crate) fn file(request: &Request, body: &[u8], etag: &str) -> Self {
        if request.header("if-match").is_some_and(|wanted| wanted != etag) {
            return Self::status(412).header("etag", etag);
        }
        if request.header("range").is_none() {
            return Self::with_body(200, body.to_vec()).header("etag", etag);
        }
        Self::rest(request, body, etag)
    }

    /// The range, whatever version was asked for.
    pub(crate) fn rest(request: &Request, body: &[u8], etag: &str) -> Self {
        let (start, total) = (request.start(), body.len());
        if start >= total {
            return Self::status(416).header("content-range", &format!("bytes */{total}"));
        }
        let end = request.end(total);
        let range = format!("bytes {start}-{}/{total}", end - 1);
        Self::with_body(206, body[start..end].to_vec()).header("etag", etag).header("content-range", &range)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Breaks off after `sent` bytes of the body.
    pub(crate) fn cut(mut self, sent: usize) -> Self {
        self.sent = sent.min(self.body.len());
        self
    }

    pub(crate) fn slow(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    fn write(&self, stream: &mut TcpStream, head_only: bool) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Because\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([*name, ": ", value.as_str(), "\r\n"]);
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        if head_only {
            return Ok(());
        }
        for piece in self.body[..self.sent].chunks(1 << 14) {
            std::thread::sleep(self.pause);
            stream.write_all(piece)?;
        }
        Ok(())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    log: Arc<Mutex<Vec<Request>>>,
    peak: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (log, peak) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let server = Self { url, log: Arc::clone(&log), peak: Arc::clone(&peak) };
        let (answer, open) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, peak, open, answer) = (log.clone(), peak.clone(), open.clone(), answer.clone());
                std::thread::spawn(move || {
                    peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let mut stream = stream.unwrap();
                    if let Some(request) = read(&stream, &log) {
                        // a client that has heard enough may be gone
                        let _ = answer(&request).write(&mut stream, request.method == "HEAD");
                    }
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// The most connections that were open at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

fn read(stream: &TcpStream, log: &Mutex<Vec<Request>>) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let mut log = log.lock().unwrap();
    let request = Request { nth: log.len(), method, path, headers };
    log.push(request.clone());
    Some(request)
}
