//! A browser walks through the playground of a small run, where there is one: `npm ci` in `tests/browser` gets what
//! drives it. What it does is in `walk.mjs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::House;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `walk.mjs` ends with where there is no browser.
const NO_BROWSER: i32 = 77;

/// What is missing for this test, if anything is.
fn missing(walk: &Path) -> Option<String> {
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Some("node is not installed".to_owned());
    }
    let there =
        ["playwright-core", "axe-core"].iter().all(|name| walk.join("node_modules").join(name).exists());
    (!there).then(|| format!("say `npm ci` in {}", walk.display()))
}

/// Serves a run at a port of the system's choice; the address is what it prints.
fn served(house: &House, run: &str, runs: &str) -> (Running, String) {
    let mut command = house.command(&["serve", run, "--runs", runs, "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let running = Running(child);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    // whatever else it prints is read, or it would wait
    std::thread::spawn(move || lines.read_to_end(&mut vec![]));
    let address = line.split_whitespace().find(|word| word.starts_with("http://"));
    (running, address.unwrap_or_else(|| panic!("it says where: {line}")).to_owned())
}

#[test]
fn every_page_works_for_hands_eyes_and_ears() {
    let walk = common::workspace().join("xtask/tests/browser");
    if let Some(missing) = missing(&walk) {
        println!("skipped: {missing}");
        return;
    }
    let house = House::new();
    // kept from test to test: what is in a store is right
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let runs = kept.join("runs").to_string_lossy().into_owned();
    house.done(&["reproduce", "tiny", "--runs", &runs]);
    let (_running, address) = served(&house, "tiny", &runs);
    let shots = kept.join("screenshots");
    let walked =
        Command::new("node").arg(walk.join("walk.mjs")).args([&address]).arg(&shots).output().unwrap();
    let [out, err] =
        [&walked.stdout, &walked.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if walked.status.code() == Some(NO_BROWSER) {
        println!("skipped: {err}");
        return;
    }
    assert!(walked.status.success(), "{out}{err}screenshots: {}", shots.display());
}
