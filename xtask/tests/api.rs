//! The official `openai` client, unchanged, at a small run; skipped with a word where it is not installed.

#![allow(clippy::disallowed_methods, reason = "which Python has the client, the environment says")]

mod common;

use std::process::Command;

use common::House;
use common::serving::{Served, is_there};

#[test]
fn the_openai_client_works_unchanged() {
    let python = std::env::var("DEEPDIVE_CLIENTS").unwrap_or("python3".to_owned());
    if !is_there(&python, &["-c", "import openai"]) {
        println!("skipped: `pip install openai` gets the client; DEEPDIVE_CLIENTS may name another python3");
        return;
    }
    let house = House::new();
    let served = Served::tiny(&house);
    let script = common::workspace().join("xtask/tests/clients/openai_client.py");
    for model in ["base", "chat"] {
        let address = format!("http://{}/v1", served.address);
        let output = Command::new(&python).arg(&script).args([&address, model]).output().expect("it starts");
        let [out, err] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(output.status.success(), "{model}: {out}{err}");
    }
}
