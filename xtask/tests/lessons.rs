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

/// A lesson about answering with little of everything: texts, conversations, questions, and no time to learn.
fn talks(house: &House, lesson: &str, settings: &str, tuned: &[&str]) -> String {
    let mut changes = format!("[[stage]]\nname = \"talks\"\n[stage.with]\n{settings}\n");
    changes.push_str(&model("base", 16, 1).replace("context = 64", "context = 128"));
    for stage in tuned {
        changes.extend(["[[stage]]\nname = \"", stage, "\"\nwith = { rows = 8, epochs = 1 }\n"]);
    }
    small(house, lesson, &changes);
    house.done(&["reproduce", &format!("{lesson}.toml")]);
    report(house, lesson)
}

#[test]
fn answers_before_and_after_the_steps() {
    let settings = "texts = 400\ntalks = 60\nquestions = 12";
    let house = House::new();
    let said = talks(&house, "think", settings, &["answer-first", "think-first"]);
    assert!(said.contains("| sums | answering-first | 12 |"), "{said}");
    assert!(said.contains("| sums | thinking-first | 12 |"), "{said}");
    let said = talks(&house, "letters", settings, &["direct", "spelled"]);
    assert!(said.contains("| spelling | counting-by-spelling | 12 |"), "{said}");
}

#[test]
fn what_a_probe_finds_unknown_becomes_a_refusal() {
    let house = House::new();
    let settings = "lesson = { people = { often = 8, seldom = 8, never = 12 } }\ntexts = 400\ntalks = 60\nquestions = 24";
    let said = talks(&house, "probe", settings, &["answering", "refusing"]);
    // who has read nothing yet knows nothing
    assert!(said.contains("| people/memory/never | 20 | 0.000"), "{said}");
    assert!(said.contains("conversations 60 became refusals"), "{said}");
    assert!(said.contains("| never | with-refusals | 6 |"), "{said}");
    let probed = house.done(&["show", "probe", "probe/conversations", "--rows", "3"]);
    assert!(["not know", "have read nothing"].iter().any(|words| probed.contains(words)), "{probed}");
    let said = talks(&house, "context", settings, &["chat"]);
    assert!(said.contains("| seldom | from-a-passage | 6 |"), "{said}");
    let said = talks(&house, "prompted", settings, &["chat"]);
    assert!(said.contains("| often | prompted | 6 |"), "{said}");
}

#[test]
fn tools_are_called_and_an_index_is_looked_into() {
    let house = House::new();
    let settings = "lesson = { tools = { people = 20 } }\ntexts = 400\ntalks = 60\nquestions = 12";
    let said = talks(&house, "tools", settings, &["direct", "calling"]);
    assert!(said.contains("| products | with-tools | 12 |"), "{said}");
    assert!(said.contains("| people | without-tools | 12 |"), "{said}");
    let documents = house.done(&["show", "tools", "talks/index", "--rows", "2"]);
    assert!(documents.contains("The trade of"), "{documents}");
}

/// Settings of a lesson about practising, with next to nothing of everything.
fn practised(house: &House, lesson: &str, skill: &str) -> String {
    let settings = format!(
        "lesson = {{ {skill} = {{ practice = 40 }} }}\ntexts = 400\ntalks = 60\nquestions = 24\n\
         [[stage]]\nname = \"reinforced\"\n[stage.with]\nrounds = 2\nproblems = 4\ngroup = 4\ntokens = 8\n\
         measure_every = 1\nmeasure_group = 2\nguards = {{ patience = 0 }}"
    );
    talks(house, lesson, &settings, &["chat"])
}

#[test]
fn before_and_after_practice() {
    let house = House::new();
    for (lesson, skill, ability) in [
        ("rl-sums", "addition", "addition"),
        ("rl-letters", "counting", "counting"),
        ("countdown", "countdown", "countdown"),
        ("longer", "longer", "sums"),
    ] {
        let said = practised(&house, lesson, skill);
        for interview in ["before", "after"] {
            let row = format!("| {ability} | {interview} | 24 |");
            assert!(said.contains(&row), "{row} is not in {said}");
        }
    }
    let said = practised(&house, "decimals", "decimals");
    assert!(said.contains("Where it was right") && said.contains("\n| tenths | "), "{said}");
}

/// Who is right three times in a hundred has hardly anything to make likelier: the run is stopped instead of burning time.
#[test]
fn practice_that_cannot_help_is_stopped() {
    let house = House::new();
    let changes = "[[stage]]\nname = \"talks\"\nwith = { texts = 6000, questions = 1000 }\n\
                   [[stage]]\nname = \"base\"\n[stage.with]\nsteps = 300\nrows = 16\n\
                   model = { width = 32, layers = 1, heads = 1, kv_heads = 1, hidden = 128 }\n";
    small(&house, "rl-sums", changes);
    let before = house.done(&["reproduce", "rl-sums.toml", "--until", "before"]);
    assert!(before.contains("right share 0.0"), "it does not begin below a tenth: {before}");
    let output = house.run(&["reproduce", "rl-sums.toml"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("most groups hold no right answer") && told.contains("in round 10"), "{told}");
}

#[test]
fn games_against_a_teacher_and_against_itself() {
    let house = House::new();
    let games = "[[stage]]\nname = \"games\"\nwith = { lesson = { tic-tac-toe = { games = 400 } } }\n";
    let learned = "[[stage]]\nname = \"learned\"\n[stage.with]\nsteps = 3\nopenings = 4\ngroup = 4\n\
                   match_every = 2\nmatch_games = 10\n\
                   [[stage]]\nname = \"tournament\"\nwith = { games = 20, draws = 20, rare = 2 }\n";
    let changes =
        format!("{games}{}{learned}", model("imitation", 16, 1).replace("context = 64", "context = 16"));
    small(&house, "alphago", &changes);
    house.done(&["reproduce", "alphago.toml", "--threads", "1"]);
    let said = report(&house, "alphago");
    assert!(said.contains("| teacher | 0") && said.contains("| perfect | "), "{said}");

    let again = House::new();
    small(&again, "alphago", &changes);
    again.done(&["reproduce", "alphago.toml", "--threads", "2"]);
    assert_eq!(house.contents("alphago"), again.contents("alphago"), "threads change no byte");
}
