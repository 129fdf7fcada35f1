//! Preferences of this machine in a run: every shape, every packing, every reason, and real files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use common::House;
use proptest::prelude::*;
use serde_json::json;
use shard::{Dropped, Preferences, Reader};

/// What a test asks of a preference.
#[derive(Debug, PartialEq)]
struct Kept {
    source: String,
    asked: String,
    responses: Vec<String>,
    ranks: Vec<i32>,
}

/// What became of the files that `files` names.
struct Import {
    kept: Vec<Kept>,
    /// Reason to rows.
    dropped: BTreeMap<String, usize>,
    counters: BTreeMap<String, u64>,
    agreement: Option<f64>,
}

fn import(house: &House, files: &str) -> Import {
    house.write(
        "mine.toml",
        &format!(
            "[[stage]]\nname = \"liked\"\nuse = \"preferences-files\"\nwith = {{ files = [{files}] }}\n"
        ),
    );
    house.done(&["reproduce", "mine.toml"]);
    let at = house.path().join("runs/mine/liked");
    let (mut kept, mut dropped) = (vec![], BTreeMap::new());
    for batch in Reader::<Preferences>::open(&at.join("preferences/part-00000.parquet")).unwrap() {
        let batch = batch.unwrap();
        for row in batch.rows() {
            let asked = row.prompt.iter().flat_map(|message| &message.content).filter_map(|part| part.text);
            kept.push(Kept {
                source: row.source.to_owned(),
                asked: asked.collect::<Vec<_>>().join(" / "),
                responses: row.responses.iter().map(|text| (*text).to_owned()).collect(),
                ranks: row.ranks.to_vec(),
            });
        }
    }
    for batch in Reader::<Dropped>::open(&at.join("dropped/part-00000.parquet")).unwrap() {
        for row in batch.unwrap().rows() {
            *dropped.entry(row.reason.to_owned()).or_default() += 1;
        }
    }
    let told = house.manifest("mine", "liked");
    let counters = serde_json::from_value(told["counters"].clone()).unwrap();
    Import { kept, dropped, counters, agreement: told["metrics"]["agreement"].as_f64() }
}

fn pair(asked: &str, chosen: &str, rejected: &str) -> String {
    json!({ "prompt": asked, "chosen": chosen, "rejected": rejected }).to_string()
}

#[test]
fn circles_and_labellers_are_counted() {
    let house = House::new();
    let rows = [
        pair("q", "a", "b"),
        pair("q", "b", "c"),
        pair("q", "c", "a"),
        pair("q", "a", "b"),
        pair("q", "b", "a"),
        // other answers, because something else is asked
        pair("p", "c", "b"),
        pair("p", "b", "a"),
    ];
    house.write("pairs.jsonl", &rows.join("\n"));
    let import = import(&house, "\"pairs.jsonl\"");
    assert_eq!(import.counters["in_circles"], 3);
    assert_eq!(import.counters["judged_again"], 3);
    assert!((import.agreement.unwrap() - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn every_packing_is_read() {
    let house = House::new();
    let arguments =
        "#id\tlabel\ta1\ta2\n1_2\ta1\tmore \"quoted\" <br/> words\tless\n3\ta2\n4_5\tequal\tx\ty\n";
    house.write("one/tea-or-coffee_tea.csv", arguments);
    house.write("commas.csv", "prompt,chosen,rejected\nq,\"a, \"\"b\"\"\nc\",d\n");
    house.write("list.json", &format!("[{}]", pair("q", "a", "b")));
    let packed = zstd::encode_all(pair("q", "a", "b").as_bytes(), 3).unwrap();
    std::fs::write(house.path().join("lines.jsonl.zst"), packed).unwrap();
    let mut archive = tar::Builder::new(zstd::Encoder::new(vec![], 3).unwrap());
    let mut gz = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    gz.write_all(pair("q", "a", "b").as_bytes()).unwrap();
    for (name, bytes) in [
        ("data/tea-or-coffee_coffee.csv", arguments.as_bytes().to_vec()),
        ("data/._tea-or-coffee_coffee.csv", vec![0, 1]),
        ("README.txt", b"read me".to_vec()),
        ("inner.jsonl.gz", gz.finish().unwrap()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    std::fs::write(house.path().join("all.tar.zst"), archive.into_inner().unwrap().finish().unwrap())
        .unwrap();
    let import =
        import(&house, "\"one/*.csv\", \"commas.csv\", \"list.json\", \"lines.jsonl.zst\", \"all.tar.zst\"");
    let sources: Vec<&str> = import.kept.iter().map(|kept| kept.source.as_str()).collect();
    assert_eq!(sources, ["tea-or-coffee", "commas", "list", "lines", "tea-or-coffee", "inner"]);
    assert_eq!(import.kept[0].responses, ["more \"quoted\"\nwords", "less"]);
    assert_eq!(import.kept[1].responses, ["a, \"b\"\nc", "d"]);
    assert!(import.kept[4].asked.contains("Side: coffee"), "{}", import.kept[4].asked);
    assert_eq!(import.dropped, BTreeMap::from([("all_tied".to_owned(), 2), ("wrong_columns".to_owned(), 2)]));
    assert_eq!(import.counters["other_files"], 2);
}

#[test]
fn a_file_without_any_preference_ends_the_run() {
    let house = House::new();
    house.write("none.jsonl", "{\"text\": \"x\"}\n");
    house.write(
        "mine.toml",
        "[[stage]]\nname = \"liked\"\nuse = \"preferences-files\"\nwith = { files = [\"none.jsonl\"] }\n",
    );
    let output = house.run(&["reproduce", "mine.toml"]);
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no preference could be read") && told.contains("chosen and rejected"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_comes_in_is_kept_or_dropped(
        rows in prop::collection::vec((0..4_usize, 0..4_usize, 0..4_usize, any::<bool>()), 0..40),
    ) {
        let words = ["", "a", "b", "c"];
        let house = House::new();
        let row = |&(asked, chosen, rejected, broken): &(usize, usize, usize, bool)| {
            let text = pair(words[asked], words[chosen], words[rejected]);
            if broken && chosen == 0 { text[1..].to_owned() } else { text }
        };
        let mut lines: Vec<String> = rows.iter().map(row).collect();
        lines.push(pair("q", "a", "b"));
        house.write("pairs.jsonl", &lines.join("\n"));
        let import = import(&house, "\"pairs.jsonl\"");
        let fallen = import.dropped.values().sum::<usize>();
        prop_assert_eq!(import.kept.len() + fallen, lines.len());
        prop_assert_eq!(import.counters["in"] as usize, lines.len());
        prop_assert_eq!(import.counters["kept"] as usize, import.kept.len());
        for (reason, rows) in &import.dropped {
            prop_assert_eq!(import.counters[&format!("dropped.{reason}")] as usize, *rows);
        }
    }
}

#[test]
fn real_preferences_are_read() {
    let Ok(real) = Path::new("../../shared/data/preference").canonicalize() else {
        eprintln!("skipped: shared data is absent");
        return;
    };
    for (file, expected) in [
        ("hh-rlhf-harmless-base-test-even.jsonl.gz", 1_156),
        ("instruction-data-with-preference.json", 900),
        ("ukpconvarg1-strict.tar.zst", 8_527),
    ] {
        let house = House::new();
        let import = import(&house, &format!("\"{}\"", real.join(file).display()));
        let fallen = import.dropped.values().sum::<usize>();
        assert_eq!(import.kept.len() + fallen, expected, "{file}");
        assert!(fallen * 20 < expected, "{file}: {:?}", import.dropped);
        assert!(
            import.kept.iter().all(|kept| kept.responses.len() == 2 && kept.ranks.contains(&1)),
            "{file}"
        );
        if file.starts_with("ukp") {
            let topics: std::collections::BTreeSet<&str> =
                import.kept.iter().map(|kept| kept.source.as_str()).collect();
            assert_eq!(topics.len(), 12, "{topics:?}");
        }
    }
}
