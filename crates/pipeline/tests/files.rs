//! Pipeline files: what they mean, and what a wrong one is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{House, TWO, words};
use pipeline::Error;
use proptest::prelude::*;

fn names(house: &House) -> Vec<String> {
    house
        .load(house.path("toy.toml").to_str().unwrap())
        .unwrap()
        .stages
        .into_iter()
        .map(|stage| stage.name)
        .collect()
}

#[test]
fn an_override_keeps_settings_of_the_same_stage_and_forgets_those_of_another() {
    let base = "seed = 5\nabout = \"base\"\n[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { parts = 2, factor = 3 }\n";
    let house = House::with("extends = \"base.toml\"\n[[stage]]\nname = \"n\"\nwith = { factor = 4 }\n");
    house.write("base.toml", base);
    let pipeline = house.load(house.path("toy.toml").to_str().unwrap()).unwrap();
    assert_eq!((pipeline.name.as_str(), pipeline.seed, pipeline.about.as_str()), ("toy", 5, "base"));
    assert_eq!(pipeline.stages[0].with, serde_json::json!({ "parts": 2, "factor": 4 }));
    assert_eq!(
        house.plan().unwrap().stages[0].settings["factor"],
        4.0,
        "a whole number may stand for a float"
    );

    house
        .write("toy.toml", "seed = 6\nextends = \"base.toml\"\n[[stage]]\nname = \"n\"\nuse = \"numbers\"\n");
    assert_eq!(house.load(house.path("toy.toml").to_str().unwrap()).unwrap().stages[0].with["parts"], 2);
    house.write(
        "toy.toml",
        "extends = \"base.toml\"\n[[stage]]\nname = \"n\"\nuse = \"copy\"\nwith = { counter = 1 }\n",
    );
    let pipeline = house.load(house.path("toy.toml").to_str().unwrap()).unwrap();
    assert_eq!(pipeline.stages[0].with, serde_json::json!({ "counter": 1 }));

    house.write("base.toml", format!("{base}{}", TWO.replace("\"n\"", "\"m\"")));
    house.write(
        "toy.toml",
        "extends = \"base.toml\"\n[[stage]]\nname = \"c\"\nuse = \"numbers\"\nfrom = { x = \"n\" }\n",
    );
    let pipeline = house.load(house.path("toy.toml").to_str().unwrap()).unwrap();
    assert_eq!(
        pipeline.stages[2].from.keys().collect::<Vec<_>>(),
        ["x"],
        "another stage brings its own inputs"
    );
}

#[test]
fn a_new_stage_stands_above_its_reader_in_whatever_order_it_is_written() {
    let house = House::default();
    house.write("base.toml", TWO);
    let reader = "[[stage]]\nname = \"c\"\nfrom = { numbers = \"b\" }\n";
    let a = "[[stage]]\nname = \"a\"\nuse = \"copy\"\nfrom = { numbers = \"n\" }\n";
    let b = "[[stage]]\nname = \"b\"\nuse = \"copy\"\nfrom = { numbers = \"a\" }\n";
    let last = "[[stage]]\nname = \"last\"\nuse = \"copy\"\nfrom = { numbers = \"c\" }\n";
    for stages in [[reader, a, b, last], [a, b, last, reader], [last, a, b, reader]] {
        house.write("toy.toml", format!("extends = \"base.toml\"\n{}", stages.concat()));
        assert_eq!(names(&house), ["n", "a", "b", "c", "last"]);
        house.plan().unwrap();
    }
    house.write("toy.toml", format!("{TWO}{}", last.replace("\"c\"", "\"n\"")));
    assert_eq!(names(&house), ["n", "c", "last"], "without `extends` the order is that of the file");
}

#[test]
fn extended_files_are_found_beside_in_the_library_or_in_the_program() {
    let house = House::with("extends = \"deep/base.toml\"\n");
    house.write("deep/base.toml", "extends = \"../pipelines/root.toml\"\n");
    house.write("pipelines/root.toml", "extends = \"built\"\n");
    assert_eq!(names(&house), ["n"]);
    assert!(house.load("over").unwrap().builtin && !house.load("root").unwrap().builtin);
    // a file of the library wins over a built-in one of that name, also for a built-in file that extends it
    house.write("pipelines/built.toml", TWO);
    assert_eq!(house.load("over").unwrap().stages.len(), 2);
    let elsewhere = house.path("nowhere/built.toml");
    assert!(words(&house, house.load(elsewhere.to_str().unwrap())).contains("there is no pipeline"));
}

#[test]
fn a_pipeline_in_a_folder_is_found_by_both_names() {
    let house = House::default();
    for name in ["deep/nested", "nested", "deep/nested.toml"] {
        let pipeline = house.load(name).unwrap();
        assert_eq!((&*pipeline.name, pipeline.builtin), ("nested", true), "{name}");
    }
    assert!(words(&house, house.load("other/nested")).contains("there is no pipeline"));
    house.write("pipelines/deep/nested.toml", TWO);
    for name in ["deep/nested", "deep/nested.toml"] {
        assert!(!house.load(name).unwrap().builtin, "{name}: a file of the library wins");
    }
}

#[test]
fn outside_paths_are_relative_to_the_file_that_names_them() {
    let house = House::with("extends = \"deep/base.toml\"\nseed = 2\n");
    house.write(
        "deep/base.toml",
        "[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { list = \"words.txt\" }\n",
    );
    house.write("deep/words.txt", "deep");
    house.plan().unwrap();
    house.write(
        "toy.toml",
        "extends = \"deep/base.toml\"\n[[stage]]\nname = \"n\"\nwith = { list = \"words.txt\" }\n",
    );
    assert!(matches!(house.plan(), Err(Error::Input(_))));
}

/// Each text, and what the refusal must hold: above all the line.
#[test]
fn a_wrong_file_is_told_where_and_what_would_be_right() {
    let stage = "[[stage]]\nname = \"n\"\nuse = \"numbers\"\n";
    let cases: &[(String, &[&str])] = &[
        (
            format!("{stage}[stage.with]\nparts = 2\nfactr = 1\n"),
            &["toy.toml:6", "no setting `factr`", "did you mean `factor`?"],
        ),
        (format!("{stage}with = {{ parts = 2,\n  factr = 1 }}\n"), &["toy.toml:5", "did you mean `factor`?"]),
        (
            format!("{stage}with = {{ style = \"ornat\" }}\n"),
            &["toy.toml:4", "\"plain\", \"ornate\"", "did you mean \"ornate\"?"],
        ),
        (
            format!("{stage}[stage.with]\nfactor = 1\nparts = \"many\"\n"),
            &["toy.toml:6", "`parts`", "a whole number, 0 or more"],
        ),
        (format!("{stage}with = {{ parts = 1.5 }}\n"), &["toy.toml:4", "floating point"]),
        (format!("{stage}with = {{ parts = -1 }}\n"), &["toy.toml:4", "-1"]),
        (format!("{stage}with = {{ factor = inf }}\n"), &["toy.toml:4", "finite"]),
        (format!("{stage}with = {{ parts = 99999999999999999999 }}\n"), &["toy.toml:4", "too large"]),
        (format!("{stage}with = 3\n"), &["toy.toml:4", "not a table"]),
        (
            format!("{stage}frm = {{ x = \"y\" }}\n"),
            &["toy.toml:4", "no setting `frm`", "did you mean `from`?"],
        ),
        ("[stage]\nname = \"n\"\n".to_owned(), &["toy.toml:1", "a list"]),
        ("[[stage]]\nuse = \"numbers\"\n".to_owned(), &["toy.toml:1", "lacks `name`"]),
        ("seed = -3\n".to_owned(), &["toy.toml:1", "`seed`"]),
        ("seed = 1\nseed = 2\n".to_owned(), &["toy.toml:2", "duplicate key", "seed = 2"]),
        (format!("{stage}{stage}"), &["toy.toml:4", "two stages", "line 1"]),
        (stage.replace("\"n\"", "\"../n\""), &["toy.toml:2", "not a word"]),
        (stage.replace("\"n\"", &format!("{:?}", "n".repeat(65))), &["toy.toml:2", "at most 64"]),
        (stage.replace("numbers", "nubmers"), &["toy.toml:3", "did you mean \"numbers\"?"]),
        ("[[stage]]\nname = \"n\"\n".to_owned(), &["toy.toml:1", "does not say what it uses"]),
        ("seed = 3\n".to_owned(), &["toy.toml", "no stages"]),
        (TWO.replace("numbers = \"n\"", "number = \"n\""), &["toy.toml:9", "did you mean \"numbers\"?"]),
        (
            TWO.replace("numbers = \"n\"", "numbers = \"m\""),
            &["toy.toml:9", "no stage \"m\"", "did you mean \"n\"?"],
        ),
        (TWO.replace("numbers = \"n\"", "numbers = \"c\""), &["toy.toml:9", "does not stand above"]),
        (
            TWO.replace("numbers = \"n\"", "numbers = \"n/rest\""),
            &["toy.toml:9", "rest (rest/1)", "expected  numbers/1"],
        ),
        (
            TWO.replace("from = { numbers = \"n\" }", ""),
            &["toy.toml:6", "lacks its input", "numbers = \"n\""],
        ),
        (format!("{TWO}with = {{ numeric = true,\n  counter = 99 }}\n"), &["toy.toml:11", "no such counter"]),
        (format!("{stage}with = {{ list = \"\" }}\n"), &["toy.toml:4", "names no file"]),
        (format!("{stage}with = {{ list = \"*.gz\" }}\n"), &["toy.toml:4", "names no file", "*.gz"]),
        (format!("{stage}with = {{ list = \"gone\" }}\n"), &["toy.toml:4", "HERE/gone", "correct `list`"]),
        (format!("{stage}with = {{ list = \"https://x.test/absurd\" }}\n"), &["toy.toml:4", "absurd length"]),
        (format!("{stage}with = {{ list = \"https://x.test/y\" }}\n"), &["toy.toml:4", "no network"]),
        ("extends = \"gone.toml\"\n".to_owned(), &["toy.toml:1", "there is no pipeline \"gone.toml\""]),
        (
            "\nextends = \"toy.toml\"\n".to_owned(),
            &["toy.toml:2", "in a circle", "toy.toml extends toy.toml"],
        ),
        ("extends = \"built\"\n[[stage]]\nname = \"m\"\n".to_owned(), &["toy.toml:2", "did you mean \"n\"?"]),
    ];
    for (text, expected) in cases {
        let house = House::with(text);
        let said = words(&house, house.plan());
        for part in *expected {
            assert!(said.contains(part), "{part:?} is not in the answer to\n{text}\n{said}");
        }
    }
}

#[test]
fn names_and_bytes_that_no_pipeline_can_have() {
    let house = House::default();
    house.write("store.toml", TWO);
    assert!(
        words(&house, house.load(house.path("store.toml").to_str().unwrap()))
            .contains("cannot have this name")
    );
    house.write("toy.toml", b"seed = 1\nabout = \"\xff\"\n");
    let said = words(&house, house.plan());
    assert!(said.contains("toy.toml:2") && said.contains("0xff"), "{said}");
}

#[test]
fn links_that_lead_back_and_pipes_are_refused_and_not_waited_for() {
    let house = House::with("[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { list = \"in\" }\n");
    house.write("in/a.txt", "a");
    house.plan().unwrap();
    std::os::unix::fs::symlink("..", house.path("in/back")).unwrap();
    // the runs directory and the pipeline itself lie there too; the link closes the circle
    assert!(words(&house, house.plan()).contains("leads back"));
    std::fs::remove_file(house.path("in/back")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(house.path("in/pipe")).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(words(&house, house.plan()).contains("neither a file nor a directory"));
    }
}

proptest! {
    /// Any text is a pipeline or a refusal; nothing panics.
    #[test]
    fn any_text_is_read_or_refused(text in r#"([a-z]{1,5}|[\[\]{}="',.\n#]|\[\[stage\]\]\n|name = "n"\n|use = "numbers"\n|with = |from = |-?[0-9]{1,20}|[éß]){0,40}"#) {
        let house = House::with(&text);
        let _ = house.plan();
    }
}
