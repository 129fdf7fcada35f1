//! The program as a server, for as long as a test.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
