//! A run is what its file says: not how many threads made it, in how many pieces, or how often it died.

mod common;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use common::House;
use shard::{Documents, Facts, Reader, Scores};

/// Stages of `tiny`, which are those of `demo`.
const STAGES: usize = 17;

fn names(how: &BTreeMap<String, String>, which: &str) -> Vec<String> {
    how.iter().filter(|(_, how)| *how == which).map(|(name, _)| name.clone()).collect()
}

#[test]
fn threads_and_repetition_change_no_byte() {
    let (one, two, again) = (House::new(), House::new(), House::new());
    one.done(&["reproduce", "tiny", "--threads", "1"]);
    two.done(&["reproduce", "tiny", "--threads", "2"]);
    again.done(&["reproduce", "tiny", "--threads", "8"]);
    assert_eq!(one.contents("tiny"), two.contents("tiny"));
    assert_eq!(one.contents("tiny"), again.contents("tiny"));
}

#[test]
fn a_second_run_finds_everything_and_an_edit_recomputes_only_what_lies_below() {
    let house = House::new();
    house.done(&["reproduce", "tiny"]);
    assert!(names(&house.how("tiny"), "cached").is_empty());
    house.done(&["reproduce", "tiny", "--locked"]);
    assert_eq!(names(&house.how("tiny"), "cached").len(), STAGES);

    let demo = std::fs::read_to_string(house.path().join("pipelines/demo.toml")).unwrap();
    house.write("pipelines/demo.toml", &format!("# a comment\n\n{demo}\n# another\n"));
    house.done(&["reproduce", "tiny"]);
    assert_eq!(names(&house.how("tiny"), "cached").len(), STAGES, "a comment recomputes nothing");

    let keys = house.keys("tiny");
    let filter = "dump = \"MINIATURE-WEB\"\n";
    assert!(demo.contains(filter));
    let edited = "dump = \"MINIATURE-WEB\"\ngopher_quality = { min_words = 80 }\n";
    house.write("pipelines/demo.toml", &demo.replace(filter, edited));
    house.done(&["reproduce", "tiny"]);
    assert_eq!(
        names(&house.how("tiny"), "cached"),
        ["questions", "web"],
        "only what does not depend on the edit is found"
    );
    assert_ne!(house.keys("tiny")["samples"], keys["samples"]);

    house.write("pipelines/demo.toml", &demo);
    house.done(&["reproduce", "tiny"]);
    assert_eq!(names(&house.how("tiny"), "cached").len(), STAGES, "the old recipe still has its name");
    assert_eq!(house.keys("tiny"), keys);
}

#[test]
fn killed_at_any_moment_it_goes_on_and_ends_with_the_same_bytes() {
    let undisturbed = House::new();
    undisturbed.done(&["reproduce", "tiny"]);
    let house = House::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for moment in 0..20 {
        let mut child = house
            .command(&["reproduce", "tiny"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        std::thread::sleep(Duration::from_millis((state >> 33) % 300));
        child.kill().expect("SIGKILL");
        child.wait().unwrap();
        if moment % 7 == 6 {
            // begin anew now and then, or all later moments would fall behind the end
            std::fs::remove_dir_all(house.path().join("runs")).unwrap();
        }
    }
    house.done(&["reproduce", "tiny"]);
    assert_eq!(undisturbed.contents("tiny"), house.contents("tiny"));
    house.done(&["verify", "tiny"]);
    let store = house.path().join("runs/store");
    let left =
        std::fs::read_dir(store).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    let left: Vec<String> = left.filter(|name| name.starts_with(".partial")).collect();
    assert!(left.is_empty(), "unfinished work is left: {left:?}");
}

/// A training that is asked to stop saves its step, far from any checkpoint of its own, and goes on from there.
#[test]
fn asked_to_stop_a_training_saves_and_goes_on() {
    let pipeline = "extends = \"pipelines/tiny.toml\"\n[[stage]]\nname = \"base\"\n\
                    with = { steps = 400, checkpoint_every = 100000 }\n";
    let (undisturbed, house) = (House::new(), House::new());
    for house in [&undisturbed, &house] {
        house.write("long.toml", pipeline);
        house.done(&["reproduce", "long.toml", "--until", "tokens"]);
    }
    undisturbed.done(&["reproduce", "long.toml"]);

    let mut command = house.command(&["reproduce", "long.toml"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let store = house.path().join("runs/store");
    let has_begun = || {
        let entries = std::fs::read_dir(&store).into_iter().flatten().flatten();
        let logs = entries.map(|entry| entry.path().join("scratch/metrics.jsonl"));
        logs.filter_map(|log| log.metadata().ok()).any(|log| log.len() > 1000)
    };
    while !has_begun() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let asked = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status();
    assert!(asked.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("stopped as asked; saved: step ") && told.contains(" of 400"), "{told}");
    house.done(&["reproduce", "long.toml"]);
    assert_eq!(house.how("long")["base"], "resumed");
    assert_eq!(undisturbed.contents("long"), house.contents("long"));
}

#[test]
fn a_stage_below_until_may_be_one_that_this_program_was_built_without() {
    let house = House::new();
    house.write(
        "mine.toml",
        "extends = \"pipelines/tiny.toml\"\n\n[[stage]]\nname = \"later\"\nuse = \"of-another-program\"\n",
    );
    let said = house.done(&["reproduce", "mine.toml", "--until", "web"]);
    assert!(said.contains("miniature-web"), "{said}");
    let refused = house.run(&["reproduce", "mine.toml"]);
    assert_eq!(refused.status.code(), Some(2));
}

/// Documents of one run enter another with all that they had, whatever columns the file has.
#[test]
fn documents_of_another_run_come_in_as_they_were() {
    let house = House::new();
    house.done(&["reproduce", "tiny", "--until", "dedup"]);
    for (name, stage) in [("filtered", "filter"), ("kept", "dedup")] {
        let stage = format!("runs/tiny/{stage}/documents");
        let with = format!("with = {{ files = [\"{stage}/*.parquet\"] }}");
        house.write(
            &format!("{name}.toml"),
            &format!("[[stage]]\nname = \"documents\"\nuse = \"documents-files\"\n{with}\n"),
        );
        house.done(&["reproduce", &format!("{name}.toml")]);
        let rows = |directory: &str| -> Vec<String> {
            let mut files: Vec<_> = std::fs::read_dir(house.path().join(directory))
                .unwrap()
                .flatten()
                .map(|file| file.path())
                .collect();
            files.sort();
            let batches = files.iter().flat_map(|file| Reader::<Documents>::open(file).unwrap());
            batches
                .flat_map(|batch| batch.unwrap().rows().map(|row| format!("{row:?}")).collect::<Vec<_>>())
                .collect()
        };
        let came = rows(&format!("runs/{name}/documents/documents"));
        assert!(came.len() > 50 && came == rows(&stage), "{name}");
    }
}

#[test]
fn tasks_in_several_processes_make_one_run() {
    let (whole, split) = (House::new(), House::new());
    whole.done(&["reproduce", "tiny"]);
    // each process does its share of a stage and stops where others' parts are missing; rounds until it is whole
    for _ in 0..8 {
        let children = ["0/2", "1/2"].map(|task| {
            let mut command = split.command(&["reproduce", "tiny", "--task", task]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        let codes = children.map(|mut child| child.wait().unwrap().code());
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 7))), "{codes:?}");
        if codes.contains(&Some(0)) {
            break;
        }
    }
    split.done(&["reproduce", "tiny"]);
    assert_eq!(whole.contents("tiny"), split.contents("tiny"));
}

#[test]
fn verify_deep_makes_it_again_and_gc_keeps_what_runs_name() {
    let house = House::new();
    house.done(&["reproduce", "tiny"]);
    assert!(house.done(&["verify", "tiny", "--deep"]).contains("verified tiny"));
    let contents = house.contents("tiny");
    assert!(house.done(&["gc"]).contains("0 entries"));
    house.write("other.toml", "extends = \"pipelines/tiny.toml\"\nseed = 7\n");
    house.done(&["reproduce", "other.toml", "--until", "dedup"]);
    assert!(house.done(&["verify", "other", "--deep"]).contains("verified other"), "wherever its file lies");
    house.write("other.toml", "[[stage]]\nname = \"web\"\nuse = \"miniature-web\"\n");
    let refused = house.run(&["verify", "other", "--deep"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("--until names no stage of other") && told.contains("dedup"), "{told}");
    let freed = house.done(&["gc", "--keep", "tiny"]);
    assert!(freed.contains("removed run other") && freed.contains("3 entries"), "{freed}");
    house.done(&["verify", "tiny"]);
    assert_eq!(house.contents("tiny"), contents);
}

#[test]
fn show_explain_and_plan_tell_what_there_is() {
    let house = House::new();
    let plan = house.done(&["reproduce", "tiny", "--plan"]);
    let (forecast, stages): (Vec<&str>, Vec<&str>) = plan.lines().partition(|line| line.starts_with(' '));
    assert_eq!(stages.len(), STAGES);
    assert!(forecast[0].contains("51.2 k parameters, 40 steps of 384 tokens, 15.4 k in all"), "{plan}");
    assert!(forecast[1].contains("FLOP, about ") && forecast[2].contains(" threads, "), "{plan}");
    assert!(plan.contains("to do") && !house.path().join("runs/tiny").exists());
    house.done(&["reproduce", "tiny", "--until", "filter"]);
    let funnel = house.done(&["show", "tiny", "filter", "--rows", "1"]);
    assert!(funnel.contains("in ") && funnel.contains("kept") && funnel.contains("dropped/1"), "{funnel}");
    house.done(&["reproduce", "tiny", "--until", "tokenizer"]);
    let told = house.done(&["show", "tiny", "tokenizer", "--text", "the other\tway \u{1b}[31m"]);
    insta::assert_snapshot!("show_tokenizer", told);
    let refused = house.run(&["show", "tiny", "filter", "--text", "the other way"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("--text is cut by a tokenizer"), "{told}");
    let settings = house.done(&["explain", "fineweb-filter"]);
    for expected in
        ["gopher_quality.min_words = 50", "words", "reads   warc = warc/1", "writes  dropped = dropped/1"]
    {
        assert!(settings.contains(expected), "{expected} is not in\n{settings}");
    }
    let schema = house.done(&["explain", "--schema"]);
    assert!(serde_json::from_str::<serde_json::Value>(&schema).is_ok());
}

#[test]
fn archives_of_ones_own_have_a_plan() {
    let house = House::new();
    house.write("data/mine.warc.gz", "");
    assert!(house.done(&["reproduce", "web-sample", "--plan"]).contains("warc-files"));
    // as an installed program has it: there is no folder of pipelines
    std::fs::remove_dir_all(house.path().join("pipelines")).expect("it is there");
    let plan = house.done(&["reproduce", "web-sample", "--plan"]);
    assert!(plan.contains("warc-files") && !plan.contains("not there yet"), "{plan}");
}

#[test]
fn what_a_recipe_takes_is_told_before_its_files_are_there() {
    let house = House::new();
    let plan = house.done(&["reproduce", "gpt2", "--plan"]);
    assert!(plan.contains("M parameters, 19073 steps") && plan.contains("not there yet: "), "{plan}");
    let keys = plan.lines().filter(|line| line.contains("  to do"));
    assert!(
        keys.clone().count() > 3 && keys.clone().all(|line| line.contains("  not known yet  ")),
        "{plan}"
    );
    assert_eq!(house.run(&["reproduce", "gpt2"]).status.code(), Some(3), "it cannot be run");
}

/// The version of an exact stage is raised whenever its bytes change: these are the bytes of `tiny`.
#[test]
fn exact_stages_give_the_bytes_that_their_version_stands_for() {
    let house = House::new();
    let lock = common::workspace().join("pipelines/tiny.lock");
    std::fs::copy(lock, house.path().join("pipelines/tiny.lock")).expect("tiny.lock is checked in");
    house.done(&["reproduce", "tiny", "--locked"]);
}

/// The audit's figures stand where they can be worked out by hand: what is true of every web, whatever is on its pages.
#[test]
fn the_audit_counts_every_record_and_every_fact() {
    let house = House::new();
    house.done(&["reproduce", "tiny", "--until", "audit"]);
    let part = |stage: &str, output: &str| {
        house.path().join(format!("runs/tiny/{stage}/{output}/part-00000.parquet"))
    };
    let mut scores = BTreeMap::new();
    for batch in Reader::<Scores>::open(&part("audit", "scores")).unwrap() {
        for row in batch.unwrap().rows() {
            assert!(row.low.is_none_or(|low| low <= row.high.unwrap()), "{row:?}");
            let key = format!("{} {} {}", row.benchmark, row.item, row.metric);
            assert!(scores.insert(key, row.value).is_none(), "{row:?} stands twice");
        }
    }
    let sum = |benchmark: &str, metric: &str| -> f64 {
        let of = |key: &str| key.starts_with(benchmark) && key.ends_with(metric);
        scores.iter().filter(|(key, _)| of(key)).map(|(_, value)| value).sum()
    };
    assert_eq!(sum("rules ", " expected"), 200.0, "each record is expected somewhere");
    assert_eq!(sum("rules ", " right") + sum("confusion ", " pages"), 200.0, "and is right or confused");
    let facts: u64 = Reader::<Facts>::open(&part("web", "facts")).unwrap().rows();
    assert!(facts > 0);
    assert_eq!(sum("facts_kept ", " facts"), facts as f64);
    assert!(sum("exposures ", " told") > 0.0, "what is kept tells facts");
}
