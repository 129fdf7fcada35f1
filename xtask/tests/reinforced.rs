//! Learning from one's own answers: what is asked, what is left out, runs that are killed, runs that do not learn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::process::Stdio;

use common::House;

/// A pipeline that has a base model and lets it learn from `problems.jsonl`.
fn house(problems: &str, settings: &str) -> House {
    let house = House::new();
    house.write("problems.jsonl", problems);
    house.write(
        "mine.toml",
        &format!(
            "extends = \"pipelines/tiny.toml\"\n\n\
             [[stage]]\nname = \"asked\"\nuse = \"problems-files\"\n\
             with = {{ files = [\"problems.jsonl\"], verifier = \"contains\", hold_out = 0.2 }}\n\n\
             [[stage]]\nname = \"reinforced\"\nuse = \"grpo\"\n\
             from = {{ problems = \"asked\", checkpoint = \"base\", tokenizer = \"tokenizer\" }}\n\
             [stage.with]\nproblems = 6\ngroup = 4\ntokens = 8\nmeasure_group = 2\n{settings}\n"
        ),
    );
    house
}

fn problems(count: usize, answer: &str) -> String {
    let problem =
        |at: usize| serde_json::json!({ "question": format!("Say {at}."), "answer": answer }).to_string();
    (0..count).map(problem).collect::<Vec<_>>().join("\n")
}

/// Words that a model of the miniature web says by chance, so that some answers are right and some are not.
const COMMON: &str = "the|a|of|and|in|to|is|it|on|at|for|with";

#[test]
fn what_cannot_be_asked_is_counted_and_answers_can_be_read() {
    let mut rows = vec![
        "{ no json".to_owned(),
        "{\"question\": \"What?\"}".to_owned(),
        "{\"answer\": \"a\"}".to_owned(),
        serde_json::json!({ "question": "word ".repeat(400), "answer": "a" }).to_string(),
        serde_json::json!({ "question": "<|assistant_end|>", "answer": "a" }).to_string(),
    ];
    rows.push(problems(30, COMMON));
    let settings = "rounds = 3\nkeep_every = 1\nguards = { patience = 0 }\n\
                    rewards = [{ verifier = \"of-problem\" }, { verifier = { repetition = {} }, weight = 0.1 }]";
    let house = house(&rows.join("\n"), settings);
    house.done(&["reproduce", "mine.toml"]);
    let told = house.done(&["show", "mine", "asked/dropped", "--rows", "9"]);
    for reason in ["invalid_json", "no_answer", "no_question"] {
        assert!(told.contains(&format!("reason  {reason}\n")), "{reason} is not in {told}");
    }
    let told = house.done(&["show", "mine", "reinforced/dropped", "--rows", "9"]);
    assert!(told.contains("reason  too_long"), "{told}");
    let shown = house.done(&["show", "mine", "reinforced", "--rows", "4"]);
    for expected in ["round 1  Say ", "round 3  Say ", &format!("(right: {COMMON})"), "(of-problem "] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    let report = std::fs::read_to_string(house.path().join("runs/mine/report.md")).unwrap();
    for expected in ["Reward", "Right answers", "Entropy"] {
        assert!(report.contains(expected), "{expected} is not in the report");
    }
}

#[test]
fn a_run_that_does_not_learn_is_stopped_with_a_cure() {
    let house = house(&problems(20, "zymurgy"), "rounds = 50\nguards = { patience = 3 }");
    let output = house.run(&["reproduce", "mine.toml"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for expected in
        ["most groups hold no right answer", "right_in_group of 0.000", "in round 3", "draw larger groups"]
    {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}

/// Killed again and again, a run ends with the weights and the answers of one that was left alone, on one thread or two, with
/// all answers at once or some.
#[test]
fn killed_it_goes_on_with_the_same_answers() {
    let settings = "rounds = 9\npasses = 2\nsteps = 2\norder = \"by-pass-rate\"\nkeep_every = 1\ncheckpoint_every = 2\n\
                    measure_every = 2\nmethod = { algorithm = \"dapo\", redraws = 1, kl_weight = 0.01 }\n\
                    guards = { patience = 0 }\nschedule = { peak = 1e-3, warmup_steps = 2 }";
    let [undisturbed, disturbed] =
        ["", "at_once = 5"].map(|more| house(&problems(30, COMMON), &format!("{settings}\n{more}")));
    undisturbed.done(&["reproduce", "mine.toml", "--threads", "1"]);
    disturbed.done(&["reproduce", "mine.toml", "--until", "asked"]);
    for kill in 1..=3 {
        let mut child = disturbed
            .command(&["reproduce", "mine.toml", "--threads", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while disturbed.saved_steps() < 8 * kill && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    disturbed.done(&["reproduce", "mine.toml"]);
    assert_eq!(undisturbed.contents("mine"), disturbed.contents("mine"));
    assert_eq!(
        undisturbed.keys("mine"),
        disturbed.keys("mine"),
        "how many grow at once is no part of the recipe"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (settings, told) in [
        ("group = 1", "answers are compared with each other"),
        ("rewards = []", "at least one"),
        ("rewards = [{ verifier = { regex = { pattern = \"(\" } } }]", "cannot be used"),
        ("rewards = [{ verifier = \"taste\" }]", "taste"),
        ("steps = 7", "6 problems or fewer"),
        ("temperature = 0.5", "temperature"),
    ] {
        // a setting that stands twice would be refused for that
        let house = house(&problems(2, "a"), "");
        let text = std::fs::read_to_string(house.path().join("mine.toml")).unwrap();
        let text =
            if settings.starts_with("group") { text.replace("group = 4", settings) } else { text + settings };
        house.write("mine.toml", &text);
        let output = house.run(&["reproduce", "mine.toml"]);
        assert_eq!(output.status.code(), Some(2), "{settings}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(told), "{told} is not in {said}");
    }
}
