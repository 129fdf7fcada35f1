//! Scheduler, executors and submitter as processes on loopback: what they make is what one process makes.
//!
//! Built with the feature `cluster` alone: `cargo test --release --features cluster -p xtask --test cluster`. Longer kills
//! are in `crates/cluster/faults`.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use clap::Parser;
use common::House;
use common::machines::BusyS3;

/// The data half of `tiny`.
const UNTIL: &str = "tokens";

/// Processes in one house, all killed at the end.
struct Cluster<'a> {
    house: &'a House,
    ports: BTreeMap<String, u16>,
    processes: BTreeMap<String, Child>,
    environment: Vec<(&'static str, String)>,
    depot: Option<String>,
}

impl<'a> Cluster<'a> {
    fn new(house: &'a House, executors: usize) -> Self {
        Self::of(house, executors, None, vec![])
    }

    fn of(
        house: &'a House,
        executors: usize,
        depot: Option<&str>,
        environment: Vec<(&'static str, String)>,
    ) -> Self {
        let (ports, processes, depot) = (BTreeMap::new(), BTreeMap::new(), depot.map(str::to_owned));
        let mut cluster = Self { house, ports, processes, environment, depot };
        let names =
            std::iter::once("scheduler".to_owned()).chain((0..executors).map(|at| format!("executor-{at}")));
        for name in names {
            cluster.ports.insert(name.clone(), two_free_ports());
            cluster.start(&name);
        }
        cluster
    }

    fn address(&self, name: &str) -> String {
        format!("127.0.0.1:{}", self.ports[name])
    }

    /// Starts one, again if it was killed; its log goes on.
    fn start(&mut self, name: &str) {
        let (listen, scheduler) = (self.address(name), self.address("scheduler"));
        let runs = if self.depot.is_some() { format!("runs-of-{name}") } else { "runs".to_owned() };
        let mut arguments = vec!["--log", "json", "cluster"];
        if name == "scheduler" {
            arguments.extend(["scheduler", "--listen", &listen]);
        } else {
            arguments.extend(["executor", "--listen", &listen, "--scheduler", &scheduler, "--threads", "1"]);
            arguments.extend(["--runs", &runs, "--memory", "300"]);
            arguments.extend(self.depot.iter().flat_map(|depot| ["--depot", depot]));
        }
        let log = File::options().create(true).append(true).open(self.log(name)).expect("a log");
        let mut command = self.house.command(&arguments);
        let child = command.envs(self.environment.clone()).stdout(Stdio::null()).stderr(log).spawn();
        self.processes.insert(name.to_owned(), child.expect("the program starts"));
        if name == "scheduler" {
            for _ in 0..400 {
                if TcpStream::connect(self.address(name)).is_ok() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            panic!("the scheduler does not listen");
        }
    }

    fn kill(&mut self, name: &str) {
        let mut child = self.processes.remove(name).expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it is dead");
    }

    fn log(&self, name: &str) -> PathBuf {
        self.house.path().join(format!("{name}.log"))
    }

    fn submit(&self, pipeline: &str, until: &str) -> std::process::Command {
        let scheduler = self.address("scheduler");
        let mut arguments = vec!["cluster", "submit", pipeline, "--until", until, "--scheduler", &scheduler];
        arguments.extend(self.depot.iter().flat_map(|depot| ["--depot", depot, "--runs", "runs-of-leader"]));
        let mut command = self.house.command(&arguments);
        command.envs(self.environment.clone());
        command
    }

    /// Executor to the tasks that it has begun, as `KEY TASK`, each as often as it was.
    fn begun(&self) -> BTreeMap<String, Vec<String>> {
        let executors = self.ports.keys().filter(|name| name.starts_with("executor"));
        let begun = |name: &String| {
            let text = std::fs::read_to_string(self.log(name)).expect("a log");
            let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            let fields =
                lines.map(|line| line["fields"].clone()).filter(|fields| fields["message"] == "begun");
            (name.clone(), fields.map(|fields| format!("{} {}", fields["key"], fields["task"])).collect())
        };
        executors.map(begun).collect()
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        for child in self.processes.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that is free, as is the next; another test may yet be faster, so they are far apart.
fn two_free_ports() -> u16 {
    loop {
        let one = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = one.local_addr().expect("it has one").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn alone() -> BTreeMap<String, String> {
    let house = House::new();
    house.done(&["reproduce", "tiny", "--until", UNTIL]);
    house.contents("tiny")
}

fn succeeds(output: &Output) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "ended with {}:\n{out}\n{err}", output.status);
}

#[test]
fn three_executors_make_what_one_process_makes() {
    let house = House::new();
    let cluster = Cluster::new(&house, 3);
    succeeds(&cluster.submit("tiny", UNTIL).output().expect("it starts"));
    assert_eq!(house.contents("tiny"), alone());
    house.done(&["verify", "tiny"]);
    let begun = cluster.begun();
    assert!(begun.values().filter(|tasks| !tasks.is_empty()).count() > 1, "one did it all: {begun:?}");
    let all: Vec<&String> = begun.values().flatten().collect();
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "a task ran twice: {begun:?}");
    // a second submission finds all of it
    succeeds(&cluster.submit("tiny", UNTIL).output().expect("it starts"));
    assert!(house.how("tiny").values().all(|how| how == "cached"));
}

#[test]
fn whoever_is_killed_costs_time_and_no_byte() {
    let house = House::new();
    let mut cluster = Cluster::new(&house, 3);
    let mut submitted =
        cluster.submit("tiny", UNTIL).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    let victims = ["executor-0", "scheduler", "executor-2", "executor-1"];
    for victim in victims {
        // wherever that is
        std::thread::sleep(Duration::from_millis(1500));
        cluster.kill(victim);
        cluster.start(victim);
    }
    assert!(submitted.wait().expect("it ends").success(), "the submission goes on by itself");
    assert_eq!(house.contents("tiny"), alone());
    house.done(&["verify", "tiny"]);
    // what ran more often than once was at work when its executor or the scheduler died
    let begun = cluster.begun();
    let all: Vec<&String> = begun.values().flatten().collect();
    let again = all.len() - all.iter().collect::<BTreeSet<_>>().len();
    assert!(again <= 2 * victims.len(), "{again} ran again: {begun:?}");
}

#[test]
fn a_depot_on_a_busy_server_is_shared_by_machines_without_a_common_disk() {
    let Some(server) = BusyS3::start(0.1) else { return };
    let house = House::new();
    let mut cluster = Cluster::of(&house, 2, Some("s3://runs/a/b"), server.environment().to_vec());
    let mut submitted = cluster.submit("tiny", UNTIL).spawn().expect("it starts");
    std::thread::sleep(Duration::from_secs(4));
    cluster.kill("executor-0");
    std::fs::remove_dir_all(house.path().join("runs-of-executor-0")).expect("its disk is lost too");
    cluster.start("executor-0");
    assert!(submitted.wait().expect("it ends").success());
    let home = ["reproduce", "tiny", "--until", UNTIL, "--depot", "s3://runs/a/b"];
    succeeds(&house.command(&home).envs(server.environment()).output().expect("it starts"));
    assert!(house.how("tiny").values().all(|how| how == "cached"));
    assert_eq!(house.contents("tiny"), alone());
    house.done(&["verify", "tiny"]);
    println!("{}", server.end());
}

#[test]
fn what_goes_wrong_is_said_where_it_was_submitted() {
    let house = House::new();
    let said = |output: Output| {
        assert_eq!(output.status.code(), Some(9), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr)
            .replace(house.path().to_str().expect("it is text"), "HERE");
        text.split_inclusive('\n').filter(|line| !line.contains("WARN")).collect::<String>()
    };
    let ports =
        |text: String, cluster: &Cluster| text.replace(&cluster.ports["scheduler"].to_string(), "PORT");
    let mut cluster = Cluster::new(&house, 2);
    // a task that always fails ends the job, with what it said
    house.write(
        "fails.toml",
        "extends = \"pipelines/tiny.toml\"\n[[stage]]\nname = \"mine\"\nuse = \"command\"\nfrom = { documents = \"filter\" }\n[stage.with]\nargv = \
         [\"sh\", \"-c\", \"echo the program does not like its input >&2; exit 3\"]\nreads = { documents = \"documents/1\" }\nwrites = { out = \"out/1\" }\n",
    );
    let failed = said(cluster.submit("fails.toml", "mine").output().expect("it starts"));
    // executors that see another disk do tasks that leave no record here
    let mut elsewhere = cluster.submit("tiny", "filter");
    let strangers = said(elsewhere.args(["--runs", "other-runs"]).output().expect("it starts"));
    cluster.kill("scheduler");
    let mut alone = cluster.submit("tiny", UNTIL);
    let lost = ports(said(alone.args(["--runs", "third-runs"]).output().expect("it starts")), &cluster);
    for (said, words) in [
        (failed, "the program does not like its input"),
        (strangers, "tasks were done, and left no record here"),
        (lost, "does not answer"),
    ] {
        assert!(said.contains(words) && said.contains("  cure  "), "{said}");
    }
}

#[test]
fn ports_are_of_this_machine_unless_told_and_the_manifest_speaks_the_language() {
    let house = House::new();
    for role in ["scheduler", "executor"] {
        let help = house.done(&["cluster", role, "--help"]);
        assert!(help.contains("[default: 127.0.0.1:5005"), "{help}");
    }
    let manifest = std::fs::read_to_string(common::workspace().join("examples/at-scale/ballista.yaml"))
        .expect("it is there");
    let mut commands = vec![];
    for line in manifest.lines().map(|line| line.split(" #").next().unwrap_or_default().trim()) {
        let list = |line: &str| -> Vec<String> {
            let inside = line.trim_matches(|c| "[],".contains(c));
            inside.split(", ").map(|word| word.trim_matches('"').replace("$(POD_IP)", "10.0.0.1")).collect()
        };
        if let Some(words) = line.strip_prefix("command: ") {
            commands.push(list(words));
        } else if let Some(words) =
            line.strip_prefix("args: ").or(Some(line).filter(|line| line.starts_with("--") && *line != "---"))
        {
            commands.last_mut().expect("after its command").extend(list(words));
        } else if line.starts_with('"') && line.ends_with(']') || line.starts_with("\"--") {
            commands.last_mut().expect("after its command").extend(list(line));
        }
    }
    assert_eq!(commands.len(), 3);
    for command in commands {
        deepdive::Cli::try_parse_from(&command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }
}
