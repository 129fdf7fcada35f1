//! Lessons in seconds: small texts, a model that hardly learns, and all the same a figure in the report.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::House;

/// A lesson with little of everything.
fn small(house: &House, lesson: &str, changes: &str) {
    house.write(&format!("{lesson}.toml"), &format!("extends = \"lessons/{lesson}\"\n{changes}"));
}

/// Settings of a model that is trained in no time.
fn model(stage: &str, width: usize, heads: usize) -> String {
    format!(
        "[[stage]]\nname = \"{stage}\"\n[stage.with]\nsteps = 4\nrows = 4\nvalidate_every = 2\nvalidation_rows = 4\n\
         schedule = {{ warmup_steps = 1 }}\nmodel = {{ context = 64, width = {width}, layers = 1, heads = {heads}, \
         kv_heads = {heads}, hidden = {} }}\n",
        width * 4
    )
}

fn report(house: &House, run: &str) -> String {
    let html = std::fs::read_to_string(house.path().join("runs").join(run).join("report.html")).unwrap();
    assert!(html.contains("id=\"lessons\"") && html.contains("class=\"plot\""), "the lesson has a figure");
    assert!(!html.contains("id=\"other\""), "and no figure of it is told twice");
    std::fs::read_to_string(house.path().join("runs").join(run).join("report.md")).unwrap()
}

#[test]
fn what_is_told_in_the_prompt() {
    let texts = "[[stage]]\nname = \"texts\"\n[stage.with.lesson.in-context]\ntexts = 2000\nlines = 10\n\
                 shots = [0, 2, 5]\nquestions = 20\n";
    let house = House::new();
    small(&house, "in-context", &format!("{texts}{}", model("base", 16, 1)));
    house.done(&["reproduce", "in-context.toml", "--threads", "1"]);
    let said = report(&house, "in-context");
    assert!(said.contains("| lines that show the name |") && said.contains("\n| 5 | 20 | "), "{said}");

    let again = House::new();
    small(&again, "in-context", &format!("{texts}{}", model("base", 16, 1)));
    again.done(&["reproduce", "in-context.toml", "--threads", "2"]);
    assert_eq!(house.contents("in-context"), again.contents("in-context"), "threads change no byte");
    small(&again, "in-context", &format!("seed = 7\n{texts}{}", model("base", 16, 1)));
    again.done(&["reproduce", "in-context.toml", "--until", "texts"]);
    assert_ne!(house.contents("in-context")["texts"], again.contents("in-context")["texts"], "a seed does");
}

#[test]
fn what_is_told_in_training() {
    let house = House::new();
    let texts = "[[stage]]\nname = \"texts\"\n[stage.with.lesson.memorisation]\nrepeats = [0, 3]\neach = 30\n\
                 ordinary = 300\n";
    small(&house, "memorisation", &format!("{texts}{}", model("base", 16, 1)));
    house.done(&["reproduce", "memorisation.toml"]);
    let said = report(&house, "memorisation");
    assert!(said.contains("\n| 0 | 0 | 30 | 0.000"), "no passage that no text has is completed: {said}");
    assert!(said.contains("\n| 3 | "), "{said}");
}

#[test]
fn a_law_through_three_sizes() {
    let house = House::new();
    let web = "[[stage]]\nname = \"web\"\nwith = { size = \"tiny\", files = 1 }\n";
    let sizes = [("small", 16), ("medium", 32), ("large", 64)];
    let sizes: String = sizes.into_iter().map(|(stage, width)| model(stage, width, 1)).collect();
    small(&house, "scaling", &format!("{web}{sizes}"));
    house.done(&["reproduce", "scaling.toml"]);
    let said = report(&house, "scaling");
    for row in ["| small | 3,072 |", "| medium | 12,288 |", "| large | 49,152 |", "its exponent is"] {
        assert!(said.contains(row), "{row} is not in {said}");
    }
}
