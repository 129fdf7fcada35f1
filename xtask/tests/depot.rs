//! Machines that share object storage and no disk.

mod common;

use std::collections::BTreeMap;
use std::process::Output;

use common::House;
use common::machines::BusyS3;

/// The data half of `tiny`.
const UNTIL: &str = "tokens";

fn alone() -> BTreeMap<String, String> {
    let house = House::new();
    house.done(&["reproduce", "tiny", "--until", UNTIL]);
    house.contents("tiny")
}

/// Two machines that take every other part of `tiny`, in turns until both are through: each waits for the other.
fn two_machines(house: &House, depot: &str, environment: &[(&'static str, String)]) {
    let run = |machine: usize| -> Output {
        let (runs, slice) = (format!("machine-{machine}"), format!("{machine}/2"));
        let arguments =
            ["reproduce", "tiny", "--until", UNTIL, "--runs", &runs, "--task", &slice, "--depot", depot];
        let environment = environment.iter().map(|(name, value)| (name, value));
        house.command(&arguments).envs(environment).output().expect("the program starts")
    };
    for _ in 0..20 {
        let outputs = [run(0), run(1)];
        for output in &outputs {
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 7)), "{code:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        if outputs.iter().all(|output| output.status.success()) {
            return;
        }
    }
    panic!("they wait for one another for ever");
}

#[test]
fn two_machines_without_a_common_disk_make_what_one_makes() {
    let house = House::new();
    let depot = format!("file://{}", house.path().join("depot").display());
    two_machines(&house, &depot, &[]);
    house.done(&["reproduce", "tiny", "--until", UNTIL, "--depot", &depot]);
    assert!(house.how("tiny").values().all(|how| how == "cached"), "{:?}", house.how("tiny"));
    assert_eq!(house.contents("tiny"), alone());
    // brought home: verified, shown and gone on with like what was made here
    house.done(&["verify", "tiny"]);
    house.done(&["reproduce", "tiny", "--until", UNTIL]);
    assert!(house.how("tiny").values().all(|how| how == "cached"));
}

#[test]
fn a_busy_server_costs_time_and_no_byte() {
    let Some(server) = BusyS3::start(0.2) else { return };
    let (house, environment) = (House::new(), server.environment());
    let depot = "s3://runs/here";
    two_machines(&house, depot, &environment);
    let arguments = ["reproduce", "tiny", "--until", UNTIL, "--depot", depot];
    let output = house.command(&arguments).envs(environment).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(house.how("tiny").values().all(|how| how == "cached"));
    assert_eq!(house.contents("tiny"), alone());
    let said = server.end();
    assert!(!said.starts_with("0 of"), "{said}");
    println!("{said}");
}

#[test]
fn a_depot_that_does_not_answer_is_said_before_work_begins() {
    let house = House::new();
    let words = |depot: &str, environment: &[(&str, &str)]| {
        let mut command = house.command(&["reproduce", "tiny", "--depot", depot]);
        let output = command.envs(environment.iter().copied()).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(3));
        assert!(!house.path().join("runs/tiny").exists());
        String::from_utf8(output.stderr)
            .expect("it is text")
            .replace(house.path().to_str().expect("it is"), "HERE")
    };
    house.write("a-file", "");
    let in_the_way = format!("file://{}", house.path().join("a-file").display());
    let refusals = [words("ftp://example.org/x", &[]), words("runs", &[]), words(&in_the_way, &[])];
    insta::assert_snapshot!(refusals.join("\n"));
}
