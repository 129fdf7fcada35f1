//! A server at a real address: strangers, crowds, and people who hang up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::Limits;
use super::house::{Door, House};

/// Sends bytes and reads what comes until the other side closes.
fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    // who is refused early may find the door closed
    let _ = stream.write_all(bytes);
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn chat(seed: u64, tokens: usize, stream: bool) -> String {
    let messages = json!([{ "role": "user", "content": format!("a text, number {}?", seed % 5) }]);
    json!({ "model": "chat", "messages": messages, "seed": seed, "max_tokens": tokens, "stream": stream })
        .to_string()
}

/// What was said in the end, without names and times.
fn said(answer: &str) -> Value {
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str::<Value>(body).map(|body| body["choices"].clone()).unwrap_or(json!(answer))
}

#[test]
fn a_crowd_hears_what_each_would_hear_alone() {
    let house = House::new();
    let door = house.open(Door::default());
    let alone: Vec<Value> = (0..24)
        .map(|seed| {
            said(&raw(door.address, post("/v1/chat/completions", "", &chat(seed, 40, false)).as_bytes()))
        })
        .collect();
    let (alone, address) = (&alone, door.address);
    std::thread::scope(|crowd| {
        for seed in 0..24 {
            crowd.spawn(move || {
                let request = post("/v1/chat/completions", "", &chat(seed, 40, seed % 3 == 0));
                if seed % 3 == 0 {
                    // listens for a while, and hangs up
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(request.as_bytes()).unwrap();
                    let _ = stream.read(&mut [0; 64]);
                } else {
                    assert_eq!(said(&raw(address, request.as_bytes())), alone[seed as usize], "seed {seed}");
                }
            });
        }
    });
    // nobody is left at work
    let quiet = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        raw(address, get("/metrics", "").as_bytes()).contains("answers_growing{model=\"chat\"} 0\n")
    });
    assert!(quiet);
}

#[test]
fn who_comes_when_all_places_are_taken_hears_429() {
    let house = House::new();
    let limits = Limits { answers: 1, waiting: 2, ..Limits::default() };
    let door = house.open(Door { limits, ..Door::default() });
    let address = door.address;
    let body = chat(1, 100, false).replace("\"seed\"", "\"n\":2,\"seed\"");
    let request = &post("/v1/chat/completions", "", &body);
    let statuses: Vec<u16> = std::thread::scope(|crowd| {
        let threads: Vec<_> =
            (0..24).map(|_| crowd.spawn(move || raw(address, request.as_bytes()))).collect();
        threads
            .into_iter()
            .map(|thread| {
                let answer = thread.join().unwrap();
                let status = status(&answer);
                assert!(
                    status != 429 || answer.to_lowercase().contains("\r\nretry-after: 1\r\n"),
                    "{answer}"
                );
                status
            })
            .collect()
    });
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
}

#[test]
fn strangers_get_an_answer_and_nothing_else() {
    let house = House::new();
    let door = house.open(Door::default());
    let ask = |bytes: &str| raw(door.address, bytes.as_bytes());
    for (request, expected) in [
        (post("/v1/chat/completions", "", "{"), 400),
        (post("/v1/chat/completions", "", "\u{0}"), 400),
        (post("/v1/chat/completions", "", &"[".repeat(100_000)), 400),
        (post("/v1/chat/completions", "", "{} {}"), 400),
        (post("/v1/chat/completions", "", &format!("\"{}\"", "x".repeat(10 << 20))), 413),
        (post("/v1/chat/completions", "", "").replace("application/json", "text/plain"), 415),
        (get("/v1/chat/completions", ""), 405),
        (get("/../../etc/passwd", ""), 404),
        (get("/assets/..%2f..%2fCargo.toml", ""), 404),
        (get("/assets/%2e%2e/style.css", ""), 404),
        (get("/v1/models/%ff", ""), 400),
        (get("/playground/documents?stage=%00&offset=-1", ""), 400),
        (get("/health", "").replace("localhost", "evil.example"), 403),
        (get("/health", "").replace("localhost", "127.0.0.1:80"), 200),
        (get("/health", "").replace("localhost", "[::1]:80"), 200),
        (get("/health", &format!("X-Long: {}\r\n", "x".repeat(1 << 20))), 431),
    ] {
        let answer = ask(&request);
        assert_eq!(status(&answer), expected, "{:?}: {answer}", &request[..request.len().min(100)]);
        if expected != 200 && expected != 431 {
            let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            assert!(body["error"]["message"].is_string(), "{answer}");
        }
    }
    let page = ask(&get("/", ""));
    assert!(
        page.contains("content-security-policy: default-src 'self'") && page.contains("nosniff"),
        "{page}"
    );
    assert!(status(&ask(&get("/health", ""))) == 200, "the server is there");
}

#[test]
fn a_key_opens_what_costs_and_pages_are_open() {
    let house = House::new();
    let door = house.open(Door { key: Some("a key of letters".to_owned()), ..Door::default() });
    let ask = |request: String| status(&raw(door.address, request.as_bytes()));
    for path in ["/v1/models", "/playground/run", "/metrics", "/report"] {
        assert_eq!(ask(get(path, "")), 401);
        assert_eq!(ask(get(path, "Authorization: Bearer another\r\n")), 401);
        assert_ne!(ask(get(path, "Authorization: Bearer a key of letters\r\n")), 401);
    }
    assert_eq!(ask(get("/", "")), 200);
    assert_eq!(ask(get("/health", "").replace("localhost", "another.example")), 200);
}

#[test]
fn answers_that_have_begun_come_to_their_ends() {
    let house = House::new();
    let door = house.open(Door::default());
    let request = post("/v1/chat/completions", "", &chat(3, 100, true));
    let mut stream = TcpStream::connect(door.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut begun = [0; 1];
    stream.read_exact(&mut begun).unwrap();
    door.close();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("data: [DONE]"), "{rest}");
}
