//! The program as a server, for as long as a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::House;

/// A server that ends with the test.
pub struct Served {
    process: Child,
    /// Host and port.
    pub address: String,
}

impl Served {
    /// Serves a run of `house` at a port of the system's choice; the address is what it prints.
    pub fn start(house: &House, run: &str, runs: &str) -> Self {
        let mut command = house.command(&["serve", run, "--runs", runs, "--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it prints"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("it prints words");
        // whatever else it prints is read, or it would wait
        std::thread::spawn(move || lines.read_to_end(&mut vec![]));
        let (_, rest) = line.split_once("http://").unwrap_or_else(|| panic!("it says where it is: {line}"));
        let address = rest.split_whitespace().next().expect("an address").to_owned();
        Self { process, address }
    }

    /// Serves `tiny`, made once and kept from test to test: what is in a store is right.
    pub fn tiny(house: &House) -> Self {
        let runs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("served").to_string_lossy().into_owned();
        house.done(&["reproduce", "tiny", "--runs", &runs]);
        Self::start(house, "tiny", &runs)
    }

    /// Serves `lessons/see` or `lessons/hear`, whose first stage is `first`, with models that learned next to nothing.
    pub fn lesson(house: &House, lesson: &str, first: &str) -> Self {
        let small = "model = { context = 192, width = 16, layers = 1, heads = 1, kv_heads = 1, hidden = 32 }\nsteps = 3\n\
                     rows = 2\nvalidate_every = 0\nschedule = { warmup_steps = 1 }\n";
        let text = format!(
            "extends = \"lessons/{lesson}\"\n[[stage]]\nname = \"{first}\"\nwith = {{ shown = 40, tested = 8 }}\n\
             [[stage]]\nname = \"base\"\n[stage.with]\n{small}\
             [[stage]]\nname = \"{lesson}s\"\n[stage.with]\nepochs = 1\nrows = 4\n"
        );
        house.write(&format!("{lesson}.toml"), &text);
        house.done(&["reproduce", &format!("{lesson}.toml")]);
        Self::start(house, lesson, "runs")
    }

    /// Status and body.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("the server answers");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .expect("the server answers");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("the server answers");
        let status = head.split(' ').nth(1).expect("it is HTTP").parse().expect("the server answers");
        (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{path}: {answer}")))
    }

    /// The answer to a question that has one.
    pub fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a program can be called.
pub fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
