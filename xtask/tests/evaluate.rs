//! Models are scored alike however often the scoring died, and come in from outside as they went out.

mod common;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use common::House;
use shard::{Reader, Scores};

/// A benchmark of each kind, and many items of one, so that there is time to be killed.
const EVAL: &str = r#"
[[stage]]
name = "eval"
use = "eval"
from = { checkpoint = "base", tokenizer = "tokenizer" }
[stage.with]
draws = 50
[[stage.with.benchmarks]]
name = "many"
file = "many.jsonl"
method = "cloze"
[[stage.with.benchmarks]]
name = "choice"
file = "choice.jsonl"
items = 3
prompting = { shots = 1 }
method = { choice = "per-token" }
[[stage.with.benchmarks]]
name = "written"
file = "many.jsonl"
items = 4
method = { generate = { tokens = 4, samples = 3, draw = { temperature = 1.0 }, pass_at = [2] } }
[[stage.with.benchmarks]]
name = "texts"
file = "texts.jsonl"
method = "texts"
"#;

/// A house with a small model, made, and benchmarks to score it with.
fn house() -> House {
    let house = House::new();
    house.write("scored.toml", &format!("extends = \"pipelines/tiny.toml\"\n{EVAL}"));
    let many = |at: usize| {
        format!("{{\"context\": \"The town of number {at} has\", \"continuation\": \"a mill\"}}\n")
    };
    house.write("many.jsonl", &(0..1_500).map(many).collect::<String>());
    let choice = |at: usize| {
        let gold = at % 2;
        format!("{{\"query\": \"Is {at} odd?\", \"choices\": [\"no\", \"yes, it is\"], \"gold\": {gold}}}\n")
    };
    house.write("choice.jsonl", &(0..6).map(choice).collect::<String>());
    let long = "Every year in autumn they bake bread. ".repeat(20);
    house.write("texts.jsonl", &format!("{{\"text\": \"A mill.\"}}\n{{\"text\": \"{long}\"}}\n"));
    house.done(&["reproduce", "scored.toml", "--until", "base"]);
    house
}

/// Value and interval by benchmark, item and metric.
fn scores(house: &House, stage: &str) -> BTreeMap<[String; 3], [f64; 3]> {
    let file = house.path().join("runs").join(stage).join("scores/part-00000.parquet");
    let mut found = BTreeMap::new();
    for batch in Reader::<Scores>::open(&file).expect("a shard") {
        for row in batch.expect("whole").rows() {
            let name = [row.benchmark, row.item, row.metric].map(str::to_owned);
            let [low, high] = [row.low, row.high].map(|end| end.unwrap_or(f64::NAN));
            assert!(found.insert(name, [row.value, low, high]).is_none(), "{row:?} stands there twice");
        }
    }
    found
}

#[test]
fn killed_or_not_a_model_is_scored_alike_and_item_by_item() {
    let house = house();
    house.done(&["reproduce", "scored.toml", "--threads", "1"]);
    let undisturbed = house.contents("scored");
    let found = scores(&house, "scored/eval");
    let of = |benchmark: &str, item: &str, metric: &str| found[&[benchmark, item, metric].map(str::to_owned)];
    for (benchmark, items, chance) in [("many", 1_500.0, 0.0), ("choice", 3.0, 0.5), ("written", 4.0, 0.0)] {
        assert_eq!(of(benchmark, "all", "items")[0], items);
        assert_eq!(of(benchmark, "all", "chance")[0], chance);
        let [right, low, high] = of(benchmark, "all", "right");
        assert!(low <= right && right <= high, "{benchmark}");
        let mean =
            (0..items as usize).map(|at| of(benchmark, &format!("{at:05}"), "right")[0]).sum::<f64>() / items;
        assert!((right - mean).abs() < 1e-12, "{benchmark}: the figure is the mean of its items");
    }
    assert_eq!(of("aggregate", "all", "benchmarks")[0], 3.0, "texts cannot be guessed");
    let centred = ["many", "choice", "written"].map(|benchmark| of(benchmark, "all", "centred")[0]);
    assert!((of("aggregate", "all", "centred")[0] - centred.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert!(of("texts", "all", "bits_per_byte")[0] > 0.5);
    assert!(of("written", "all", "pass@2")[0] >= of("written", "all", "right")[0]);
    let report = std::fs::read_to_string(house.path().join("runs/scored/report.md")).unwrap();
    assert!(report.contains("## Benchmarks") && report.contains("| choice | 3 |"), "{report}");
    assert!(!report.contains("Other scores"), "they stand in one place");

    std::fs::remove_dir_all(house.path().join("runs/store").join(&house.keys("scored")["eval"])).unwrap();
    let store = house.path().join("runs/store");
    let noted = || {
        let entries = std::fs::read_dir(&store).into_iter().flatten().flatten();
        let logs = entries.filter_map(|entry| entry.path().join("scratch/finished-0.jsonl").metadata().ok());
        logs.map(|log| log.len()).max().unwrap_or(0)
    };
    let mut before = 0;
    for _ in 0..3 {
        let mut command = house.command(&["reproduce", "scored.toml", "--threads", "2"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while noted() <= before + 2_000 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        before = noted();
    }
    house.done(&["reproduce", "scored.toml", "--threads", "2"]);
    assert_eq!(house.how("scored")["eval"], "resumed");
    assert_eq!(undisturbed, house.contents("scored"));
}

#[test]
fn a_model_comes_in_as_it_went_out() {
    let house = house();
    house.done(&["reproduce", "scored.toml"]);
    let stage = "[[stage]]\nname = \"base\"\nuse = \"checkpoint-files\"\n\
                 with = { model = \"runs/scored/base/checkpoint\" }\n";
    let eval = EVAL.replace("tokenizer = \"tokenizer\"", "tokenizer = \"base\"");
    house.write("again.toml", &format!("seed = 1337\n{stage}{eval}"));
    house.done(&["reproduce", "again.toml"]);
    let figures = |stage: &str| format!("{:?}", scores(&house, stage));
    assert_eq!(figures("scored/eval"), figures("again/eval"));
    let weights =
        |run: &str| std::fs::read(house.path().join(run).join("checkpoint/model.safetensors")).unwrap();
    assert!(weights("runs/scored/base") == weights("runs/again/base"), "f32 weights are not touched");
}

#[test]
fn what_is_wrong_with_benchmarks_and_models_is_said() {
    let house = house();
    let said = |name: &str, text: &str| {
        house.write(name, text);
        let output = house.run(&["reproduce", name]);
        assert!(!output.status.success(), "{name} should be refused");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let scored =
        |from: &str, to: &str| format!("extends = \"pipelines/tiny.toml\"\n{}", EVAL.replacen(from, to, 1));
    let model = |model: &str| {
        format!(
            "[[stage]]\nname = \"model\"\nuse = \"checkpoint-files\"\nwith = {{ model = \"{model}\", get = \"ask for it\" }}\n"
        )
    };
    house.write("bad.jsonl", "{\"context\": \"a\", \"continuation\": \"b\"}\n{\"context\": 3}\n");
    house.write("no.gguf", "GGML, not GGUF");
    house.write("empty/config.json", "{}");
    for (name, text, expected) in [
        (
            "line.toml",
            scored("many.jsonl", "bad.jsonl"),
            "bad.jsonl:2\n  got       3\n  expected  a text that is not empty in `context`",
        ),
        (
            "gone.toml",
            scored("file = \"many.jsonl\"", "file = \"gone.jsonl\"\nget = \"ask for it\""),
            "cure      ask for it, or correct `benchmarks.0.file`",
        ),
        ("begin.toml", scored("draws = 50", "begin = \"<s>\""), "got       <s>\n  expected  <|bos|>"),
        (
            "shots.toml",
            scored("shots = 1", "shots = 9"),
            "shots: expected 9 other questions, got 5 besides question 0",
        ),
        ("twice.toml", scored("name = \"choice\"", "name = \"many\""), "two benchmarks have one name"),
        (
            "none.toml",
            scored("name = \"choice\"", "name = \"aggregate\""),
            "a benchmark needs a name of its own",
        ),
        ("pass.toml", scored("pass_at = [2]", "pass_at = [4]"), "pass@k needs k answers"),
        ("absent.toml", model("gone.gguf"), "cure      ask for it, or correct `model`"),
        ("gguf.toml", model("no.gguf"), "magic: expected GGUF"),
        ("folder.toml", model("empty"), "empty/model.safetensors\n  got       nothing"),
        ("text.toml", model("many.jsonl"), "this is no model"),
    ] {
        let said = said(name, &text);
        assert!(said.contains(expected), "{name}: {said}");
    }
}
