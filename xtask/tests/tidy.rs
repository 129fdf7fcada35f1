//! The house as it is drawn: who may import whom, what no crate may contain, what the README must list.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};
use common::{House, workspace};

/// Crate to the crates of ours that it may import, dev-dependencies included. Lines appear as crates do.
const EDGES: &[(&str, &[&str])] = &[
    ("shard", &[]),
    ("warc", &[]),
    ("pipeline", &[]),
    ("fixtures", &[]),
    ("fineweb-filter", &[]),
    ("bpe", &[]),
    ("model", &[]),
    ("codec", &[]),
    ("sft", &["bpe", "model"]),
    ("eval", &["bpe", "model"]),
    ("chat", &["bpe", "codec", "model", "sft"]),
    ("rl", &["model"]),
    ("grpo", &["model", "rl"]),
    ("rlhf-reward", &["model", "rl"]),
    ("cluster", &["pipeline"]),
    (
        "xtask",
        &[
            "bpe",
            "chat",
            "cluster",
            "codec",
            "eval",
            "fineweb-filter",
            "fixtures",
            "grpo",
            "model",
            "pipeline",
            "rl",
            "rlhf-reward",
            "sft",
            "shard",
            "warc",
        ],
    ),
];

/// The only crates that know Arrow and Parquet.
const KNOW_ARROW: &[&str] = &["cluster", "shard", "xtask"];
/// The only crates that wait for the network, and the program that starts them.
const KNOW_TOKIO: &[&str] = &["chat", "cluster", "shard", "xtask"];
/// The only crates that know candle.
const KNOW_CANDLE: &[&str] = &["chat", "eval", "grpo", "model", "rl", "rlhf-reward", "sft", "xtask"];

/// Modules that may contain unsafe code, each with its safety argument beside it.
const UNSAFE_LEAVES: &[&str] = &["crates/model/src/data/map.rs", "xtask/src/environment.rs"];

/// The command line is frozen: what a run does is in its file.
const FLAGS: &[(&str, &[&str])] = &[
    ("reproduce", &["--depot", "--locked", "--mirror", "--plan", "--runs", "--task", "--threads", "--until"]),
    ("verify", &["--deep", "--runs"]),
    ("show", &["--rows", "--runs", "--text", "--tokens", "--what-if"]),
    (
        "chat",
        &[
            "--min-p",
            "--most",
            "--repetition-penalty",
            "--runs",
            "--seed",
            "--stage",
            "--system",
            "--temperature",
            "--tool",
            "--top-k",
            "--top-p",
        ],
    ),
    (
        "serve",
        &["--answers", "--key-file", "--listen", "--memory", "--most", "--runs", "--tokenizer", "--waiting"],
    ),
    ("explain", &["--schema"]),
    ("gc", &["--keep", "--runs"]),
    ("bench", &["--runs"]),
    ("figures", &["--bless", "--keep", "--runs"]),
    ("fixtures", &["--bless"]),
];

fn metadata() -> Metadata {
    // one platform, so that crates of others need not be there
    let host = "x86_64-unknown-linux-gnu".to_owned();
    let mut command = MetadataCommand::new();
    command
        .manifest_path(workspace().join("Cargo.toml"))
        .other_options(vec!["--filter-platform".to_owned(), host]);
    command.exec().expect("cargo metadata runs")
}

#[test]
fn crates_import_one_another_only_along_the_edges_of_the_design() {
    let metadata = metadata();
    let ours: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let known: BTreeSet<String> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, known, "a crate joins the tree together with its line in EDGES");
    for package in metadata.workspace_packages() {
        let allowed =
            EDGES.iter().find(|(name, _)| *name == package.name.as_str()).map_or(&[][..], |(_, edges)| edges);
        for dependency in package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name)) {
            let edge = dependency.name.as_str();
            assert!(allowed.contains(&edge), "{} may not import {edge}", package.name);
        }
    }
}

#[test]
fn arrow_and_candle_stay_where_they_are_known() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("it is resolved");
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let edges: BTreeMap<_, Vec<_>> =
        resolve.nodes.iter().map(|node| (&node.id, node.dependencies.iter().collect())).collect();
    for package in metadata.workspace_packages() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![&package.id]);
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(edges.get(id).into_iter().flatten());
            }
        }
        let has = |prefix: &str| seen.iter().any(|id| names[*id].starts_with(prefix));
        let name = package.name.as_str();
        assert!(!(has("arrow") || has("parquet")) || KNOW_ARROW.contains(&name), "{name} knows arrow");
        assert!(!has("candle") || KNOW_CANDLE.contains(&name), "{name} knows candle");
    }
}

#[test]
fn async_stays_at_the_edge_of_the_network() {
    for package in metadata().workspace_packages() {
        let waits = package.dependencies.iter().any(|dependency| dependency.name == "tokio");
        assert!(!waits || KNOW_TOKIO.contains(&package.name.as_str()), "{} knows tokio", package.name);
    }
}

#[test]
fn the_architecture_has_the_edges_that_there_are() {
    let text = std::fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("it is there");
    let drawn: BTreeMap<&str, Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(" -> "))
        .map(|(from, to)| (from.trim(), to.split(", ").collect()))
        .collect();
    for (from, to) in EDGES.iter().filter(|(from, to)| !to.is_empty() && *from != "xtask") {
        assert_eq!(drawn.get(from).map(Vec::as_slice), Some(*to), "the edges of {from}");
    }
}

#[test]
fn the_data_half_builds_without_candle_and_axum() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "xtask",
            "--no-default-features",
            "--features",
            "data",
            "-e",
            "normal,build",
            "--prefix",
            "none",
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo tree runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && tree.contains("parquet"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for stranger in ["candle", "axum", "gemm"] {
        assert!(!tree.lines().any(|line| line.starts_with(stranger)), "{stranger} is in the data half");
    }
}

#[test]
fn what_is_built_by_default_knows_no_engine() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-e", "normal,build,dev", "--prefix", "none"])
        .current_dir(workspace())
        .output()
        .expect("cargo tree runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && tree.contains("xtask"), "{}", String::from_utf8_lossy(&output.stderr));
    for stranger in ["ballista", "datafusion", "cluster "] {
        assert!(!tree.lines().any(|line| line.starts_with(stranger)), "{stranger} is built by default");
    }
}

#[test]
fn unsafe_code_stands_only_in_its_leaves() {
    let root = workspace();
    for path in sources(&root) {
        let text = std::fs::read_to_string(&path).expect("it is text");
        let name = path.strip_prefix(&root).expect("it lies below").to_string_lossy().replace('\\', "/");
        let has = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        if has && name != "xtask/tests/tidy.rs" {
            assert!(UNSAFE_LEAVES.contains(&name.as_str()), "{name} has unsafe code and is no listed leaf");
            assert!(text.contains("SAFETY") || text.contains("Safety"), "{name} has no safety argument");
        }
    }
}

#[test]
fn no_file_outgrows_its_idea() {
    for path in sources(&workspace()) {
        let lines = std::fs::read_to_string(&path).expect("it is text").lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_readme_lists_every_stage_and_both_commands() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("there is a README");
    for kind in deepdive::registry().iter() {
        assert!(
            readme.contains(&format!("`{}`", kind.name)),
            "README.md does not list the stage {}",
            kind.name
        );
    }
    for command in ["cargo xtask reproduce", "cargo test --release"] {
        assert!(readme.contains(command), "README.md does not name `{command}`");
    }
}

#[test]
fn no_figure_of_the_readme_is_typed() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deepdive"));
    let output = command.arg("figures").current_dir(workspace()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_command_line_does_not_grow() {
    let house = House::new();
    for (verb, flags) in FLAGS {
        let help = house.done(&[verb, "--help"]);
        let mut found: BTreeSet<&str> =
            help.split(|c: char| c.is_whitespace() || ",[]<>".contains(c)).collect();
        found.retain(|word| word.starts_with("--") && !["--help", "--log"].contains(word));
        // a flag named in a sentence is a flag that exists
        assert_eq!(found.into_iter().collect::<Vec<_>>(), flags.to_vec(), "flags of {verb}");
    }
}

/// Every Rust file of ours.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut open: Vec<PathBuf> =
        ["crates", "fixtures", "xtask", "bench", "fuzz", "examples"].map(|name| root.join(name)).to_vec();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}
