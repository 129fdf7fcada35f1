//! Battles between checkpoints: who is asked, who meets, what is not played again, whose votes count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use common::House;
use shard::battles::{Outcome, Row};
use shard::{Battles, Problems, Reader, Writer};

/// Questions of the test.
const QUESTIONS: usize = 24;

/// The lesson about sums with next to nothing of everything, without its arena, and other stages behind it.
fn house(stages: &str) -> House {
    let house = House::new();
    let lesson = house.path().join("pipelines/lessons");
    std::fs::create_dir_all(&lesson).unwrap();
    let text = std::fs::read_to_string(common::workspace().join("pipelines/lessons/rl-sums.toml")).unwrap();
    let (above, _) = text.split_once("# 9.").expect("the arena is its ninth stage");
    house.write("sums.toml", above);
    house.write(
        "mine.toml",
        &format!(
            "extends = \"sums.toml\"\n\
             [[stage]]\nname = \"talks\"\n[stage.with]\nlesson = {{ addition = {{ practice = 40 }} }}\n\
             texts = 400\ntalks = 60\nquestions = {QUESTIONS}\n\
             [[stage]]\nname = \"base\"\n[stage.with]\nsteps = 30\nrows = 4\nvalidate_every = 0\n\
             model = {{ context = 32, width = 16, layers = 1, heads = 1, kv_heads = 1, hidden = 64 }}\n\
             [[stage]]\nname = \"chat\"\nwith = {{ epochs = 1 }}\n\
             [[stage]]\nname = \"reinforced\"\n[stage.with]\nrounds = 2\nproblems = 4\ngroup = 4\n\
             measure_every = 0\nmeasure_group = 2\nguards = {{ patience = 0 }}\n{stages}"
        ),
    );
    house
}

/// An arena called `name` that reads these models, and what else `from` and `with` say.
fn arena(name: &str, models: &[&str], from: &str, with: &str) -> String {
    let slots: Vec<String> = models.iter().map(|model| format!("{model} = \"{model}\"")).collect();
    let slots = slots.join(", ");
    format!(
        "[[stage]]\nname = \"{name}\"\nuse = \"arena\"\n\
         from = {{ {slots}, tokenizer = \"tokenizer\", problems = \"talks\"{from} }}\n\
         [stage.with]\nmodels = {models:?}\nsources = [\"/test\"]\ntokens = 6\ndraw = {{ temperature = 1.0 }}\n\
         draws = 50\n{with}\n"
    )
}

/// How the base model is asked.
const PROMPTED: &str = "transcripts = { base = { question = \"\", answer = \" \" } }";

fn counters(house: &House, stage: &str) -> BTreeMap<String, u64> {
    serde_json::from_value(house.manifest("mine", stage)["counters"].clone()).unwrap()
}

/// The battles of a stage as text, sorted.
fn battles(house: &House, stage: &str) -> Vec<String> {
    let path = house.path().join("runs/mine").join(stage).join("battles/part-00000.parquet");
    let mut rows = vec![];
    for batch in Reader::<Battles>::open(&path).unwrap() {
        rows.extend(batch.unwrap().rows().map(|row| format!("{row:?}")));
    }
    rows.sort();
    rows
}

#[test]
fn everybody_meets_everybody_once_and_what_met_does_not_meet_again() {
    let all = ["base", "chat", "reinforced"];
    let stages = [
        arena("first", &all[..2], "", PROMPTED),
        // the new one, beside those whose answers are known
        arena("second", &all[2..], ", battles = \"first\"", "earlier = [\"base\", \"chat\"]"),
        arena("again", &all, ", battles = \"first\"", PROMPTED),
        arena("fresh", &all, "", PROMPTED),
    ];
    let house = house(&stages.concat());
    house.done(&["reproduce", "mine.toml"]);
    let [first, second, again, fresh] =
        ["first", "second", "again", "fresh"].map(|stage| counters(&house, stage));
    let questions = QUESTIONS as u64;
    let said = |of: &BTreeMap<String, u64>| ["answers", "battles"].map(|name| of[name] / questions);
    assert_eq!([&first, &second, &again, &fresh].map(said), [[2, 1], [1, 2], [1, 2], [3, 3]]);
    assert_eq!((second["earlier_battles"], again["known_answers"]), (questions, 2 * questions));

    let together = battles(&house, "fresh");
    assert_eq!(together.len(), 3 * QUESTIONS);
    assert_eq!(
        battles(&house, "second"),
        together,
        "a new model joins as if it had been there from the start"
    );
    assert_eq!(battles(&house, "again"), together);
    let sides = |left: &str| {
        let left = format!("left: {left:?}");
        together.iter().filter(|row| row.contains(&left) && row.contains("right: \"chat\"")).count()
    };
    assert_eq!(sides("base"), QUESTIONS / 2, "sides alternate");

    let report = std::fs::read_to_string(house.path().join("runs/mine/report.md")).unwrap();
    assert!(report.contains("## The arena") && report.contains("fresh, by verifier: "), "{report}");
    assert!(!report.contains("## Other scores"), "{report}");
}

/// Killed again and again, on one thread or two, an arena leaves the bytes of one that was left alone.
#[test]
fn killed_it_ends_the_same() {
    let stage = arena("fought", &["base", "chat"], "", "tokens = 20").replacen("tokens = 6\n", "", 1);
    let [undisturbed, disturbed] = [(); 2].map(|()| house(&stage));
    undisturbed.done(&["reproduce", "mine.toml", "--threads", "1"]);
    disturbed.done(&["reproduce", "mine.toml", "--until", "reinforced"]);
    let store = disturbed.path().join("runs/store");
    for _ in 0..3 {
        let mut child = disturbed
            .command(&["reproduce", "mine.toml", "--threads", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !in_progress(&store) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    disturbed.done(&["reproduce", "mine.toml", "--threads", "2"]);
    assert_eq!(undisturbed.contents("mine"), disturbed.contents("mine"));
}

fn in_progress(store: &Path) -> bool {
    let entries = std::fs::read_dir(store).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".partial-"))
}

/// Votes of people from a file, and an arena that counts them.
fn voted(votes: &[Row<'_>]) -> House {
    let stages = format!(
        "[[stage]]\nname = \"votes\"\nuse = \"battles-files\"\nwith = {{ files = [\"ballots\"] }}\n{}",
        arena("counted", &["base", "chat"], ", battles = \"votes\"", "judge = \"person\"")
    );
    let house = house(&stages);
    let ballots = house.path().join("ballots");
    std::fs::create_dir(&ballots).unwrap();
    let mut writer = Writer::<Battles>::create(&ballots, "part-00000.parquet", "").unwrap();
    for vote in votes {
        writer.push(vote).unwrap();
    }
    writer.finish().unwrap();
    house
}

#[test]
fn votes_count_where_they_can() {
    // what is asked is known once the talks are there
    let talks = house("");
    talks.done(&["reproduce", "mine.toml", "--until", "talks"]);
    let path = talks.path().join("runs/mine/talks/problems/part-00000.parquet");
    let batch = Reader::<Problems>::open(&path).unwrap().next().unwrap().unwrap();
    let problem = batch.rows().next().unwrap();
    let asked = problem.prompt[0].content[0].text.unwrap();
    let vote = Row {
        prompt_id: problem.id,
        asked,
        left: "chat",
        right: "base",
        judge: "person",
        outcome: Outcome::Left,
        left_text: "70",
        right_text: "seventy, or so",
    };
    let house = voted(&[
        vote,
        Row { outcome: Outcome::Tie, ..vote },
        Row { right: "bass", ..vote },
        Row { right: "chat", ..vote },
        Row { asked: "What is love?", ..vote },
        // who judged otherwise has a leaderboard of his own
        Row { judge: "dice", ..vote },
    ]);
    house.done(&["reproduce", "mine.toml"]);
    let counted = counters(&house, "counted");
    for (name, count) in [
        ("earlier_battles", 3),
        ("unknown_model", 1),
        ("against_itself", 1),
        ("other_prompt", 1),
        ("known_answers", 2),
        ("answers", 2 * (QUESTIONS as u64 - 1)),
    ] {
        assert_eq!(counted[name], count, "{name} of {counted:?}");
    }
    let open = counted.get("not_judged").unwrap_or(&0) + counted.get("battles").unwrap_or(&0);
    assert_eq!(
        open,
        QUESTIONS as u64 - 1,
        "each pair has a vote, is equal, or waits for somebody: {counted:?}"
    );
    let report = std::fs::read_to_string(house.path().join("runs/mine/report.md")).unwrap();
    assert!(report.contains("by person: ") && report.contains("by dice: "), "{report}");
    assert!(report.contains("seventy, or so"), "{report}");
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let other = "[[stage]]\nname = \"other\"\nuse = \"bpe-train\"\nfrom = { documents = \"talks/documents\" }\n\
                 with = { vocab_size = 300 }\n";
    let arena = arena("fought", &["base", "chat"], "", "");
    let foreign = format!("{other}{}", arena.replace("tokenizer = \"tokenizer\"", "tokenizer = \"other\""));
    let nothing = arena.replace("\"/test\"", "\"/exam\"");
    let voteless = arena.clone() + "judge = \"person\"\n";
    let strangers = arena.clone() + "earlier = [\"old\"]\n";
    for (stages, code, told) in [
        (&foreign, 3, "the model \"base\" has another vocabulary than the tokenizer"),
        (&nothing, 3, "nobody can be asked anything"),
        (&voteless, 2, "battles"),
        (&strangers, 2, "battles"),
        (&arena.replace("[\"base\", \"chat\"]", "[\"base\"]"), 2, "models need names of their own"),
    ] {
        let house = house(stages);
        let output = house.run(&["reproduce", "mine.toml"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(told), "{told} is not in {said}");
    }
}
