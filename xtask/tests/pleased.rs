//! Learning from preferences: what is left out, what does not fit together, and runs that are killed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::House;

/// Jokes, a model that tells them, a reward model, and policies that follow it, all as small as they can be.
const PIPELINE: &str = r#"
about = "a test"
seed = 1

[[stage]]
name = "jokes"
use = "lesson-preferences"
with = { texts = 300, talks = 60, rankings = 40, clean = 20, answers = 3, practice = 30, test = 10 }

[[stage]]
name = "tokenizer"
use = "bpe-train"
from = { documents = "jokes/documents" }
with = { vocab_size = 400 }

[[stage]]
name = "tokens"
use = "bpe-encode"
from = { documents = "jokes/documents", tokenizer = "tokenizer" }

[[stage]]
name = "base"
use = "pretrain"
from = { tokens = "tokens", tokenizer = "tokenizer" }
[stage.with]
model = { context = 64, width = 32, layers = 1, heads = 2, kv_heads = 2, hidden = 64, tied = true }
steps = 30
rows = 4
schedule = { peak = 1e-2, warmup_steps = 2 }
checkpoint_every = 0
prompts = []

[[stage]]
name = "chat"
use = "sft"
from = { conversations = "jokes", checkpoint = "base", tokenizer = "tokenizer" }
with = { rows = 4, epochs = 2, schedule = { peak = 3e-3, warmup_steps = 2 }, questions = [] }

[[stage]]
name = "reward"
use = "reward-model"
from = { preferences = "jokes", checkpoint = "chat", tokenizer = "tokenizer" }
with = { rankings = 4, epochs = 2, checkpoint_every = 3, measure_every = 4, tokens_per_batch = 200 }

[[stage]]
name = "pleased"
use = "ppo"
from = { problems = "jokes", checkpoint = "chat", tokenizer = "tokenizer", reward = "reward", tokens = "tokens" }
[stage.with]
gold = "one-liners"
rounds = 7
requests = 6
group = 2
tokens = 12
kl_target = { target = 1.0, horizon = 100.0 }
pretraining_weight = 0.5
pretraining_rows = 1
steps = 2
tokens_per_batch = 150
early_stop = { patience = 5 }
measure_every = 2
keep_every = 2
checkpoint_every = 2

[[stage]]
name = "direct"
use = "dpo"
from = { preferences = "jokes", checkpoint = "chat", tokenizer = "tokenizer", problems = "jokes", reward = "reward" }
with = { gold = "one-liners", pairs = 8, tokens = 12, checkpoint_every = 3, measure_every = 4 }

[[stage]]
name = "best"
use = "best-of-n"
from = { problems = "jokes", checkpoint = "chat", tokenizer = "tokenizer", reward = "reward" }
with = { gold = "one-liners", answers = 4, tokens = 12 }
"#;

fn house(pipeline: &str) -> House {
    let house = House::new();
    house.write("mine.toml", pipeline);
    house
}

#[test]
fn killed_they_go_on_to_the_same_weights() {
    let [undisturbed, disturbed] = [house(PIPELINE), house(PIPELINE)];
    undisturbed.done(&["reproduce", "mine.toml", "--threads", "1"]);
    disturbed.done(&["reproduce", "mine.toml", "--until", "chat"]);
    let store = disturbed.path().join("runs/store");
    for _ in 0..6 {
        let before = checkpoints(&store);
        let mut child = disturbed
            .command(&["reproduce", "mine.toml", "--threads", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // killed at the next checkpoint, whichever stage writes it
        while checkpoints(&store) == before && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    disturbed.done(&["reproduce", "mine.toml"]);
    assert_eq!(undisturbed.contents("mine"), disturbed.contents("mine"));

    // what the run says of itself
    let shown = undisturbed.done(&["show", "mine", "pleased", "--rows", "4"]);
    for expected in ["round 1  A joke about a", "(reward ", ", gold ", ", kl "] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    let report = std::fs::read_to_string(undisturbed.path().join("runs/mine/report.md")).unwrap();
    for expected in ["Pleasing, and what it is worth", "What people prefer, as a number", "worth before"] {
        assert!(report.contains(expected), "{expected} is not in the report");
    }
}

/// Names of all checkpoints of stages in progress.
fn checkpoints(store: &Path) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(store).into_iter().flatten().flatten();
    let folders = entries.flat_map(|entry| {
        std::fs::read_dir(entry.path().join("scratch/checkpoints")).into_iter().flatten().flatten()
    });
    let mut names: Vec<_> = folders.map(|folder| folder.path().into_os_string()).collect();
    names.retain(|name| !name.to_string_lossy().contains(".partial"));
    names.sort();
    names
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    let house = house(PIPELINE);
    house.done(&["reproduce", "mine.toml", "--until", "reward"]);
    for (from, to, told) in [
        // a language model is no reward model
        ("reward = \"reward\", tokens", "reward = \"chat\", tokens", "reward/1"),
        ("gold = \"one-liners\"\nrounds", "rounds", "asked to pay, or when to stop"),
        ("group = 2", "group = 0", "1 or more"),
        ("steps = 2\ntokens", "steps = 7\ntokens", "6 requests or fewer"),
        ("early_stop = { patience = 5 }", "gamma = 1.5", "from 0 to 1"),
        ("horizon = 100.0", "horizon = 0.0", "both more than 0"),
    ] {
        assert!(PIPELINE.contains(from), "{from}");
        house.write("mine.toml", &PIPELINE.replacen(from, to, 1));
        let output = house.run(&["reproduce", "mine.toml", "--until", "pleased"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(told), "{told} is not in {said}");
    }
}

#[test]
fn a_reward_model_of_another_tokenizer_is_refused() {
    let others = r#"
[[stage]]
name = "other-tokenizer"
use = "bpe-train"
from = { documents = "jokes/documents" }
with = { vocab_size = 380 }

[[stage]]
name = "misled"
use = "ppo"
from = { problems = "jokes", checkpoint = "chat", tokenizer = "other-tokenizer", reward = "reward" }
with = { rounds = 1, requests = 2 }
"#;
    let house = house(&format!("{PIPELINE}{others}"));
    let output = house.run(&["reproduce", "mine.toml", "--until", "misled"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("read other ids"), "{said}");
}
