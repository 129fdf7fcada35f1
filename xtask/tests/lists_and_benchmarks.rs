//! Block lists that are kept compiled, takedowns, and decontamination, as a person meets them.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::House;
use shard::{Documents, Dropped, Reader};

const WEB: &str =
    "[[stage]]\nname = \"web\"\nuse = \"miniature-web\"\nwith = { size = \"tiny\", files = 2 }\n";

fn filter(with: &str) -> String {
    format!(
        "{WEB}\n[[stage]]\nname = \"filter\"\nuse = \"fineweb-filter\"\nfrom = {{ warc = \"web\" }}\nwith = {{ {with} }}\n"
    )
}

fn decontaminate(from: &str, with: &str) -> String {
    let filter = filter("dump = \"a\"");
    format!(
        "{filter}\n[[stage]]\nname = \"clean\"\nuse = \"decontaminate\"\nfrom = {{ documents = \"filter\"{from} }}\nwith = {{ {with} }}\n"
    )
}

/// Runs a file with this text, as `wrong.toml` or another name.
fn run(house: &House, name: &str, text: &str) {
    house.write(&format!("{name}.toml"), text);
    house.done(&["reproduce", &format!("{name}.toml")]);
}

/// The shards of an output of a run, in order.
fn shards(house: &House, run: &str, stage: &str, output: &str) -> Vec<PathBuf> {
    let directory = house.path().join("runs").join(run).join(stage).join(output);
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).expect("it was written").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Id, address and text of all documents.
fn documents(house: &House, run: &str, stage: &str) -> Vec<[String; 3]> {
    let mut rows = vec![];
    for file in shards(house, run, stage, "documents") {
        for batch in Reader::<Documents>::open(&file).expect("it is a shard") {
            rows.extend(
                batch.expect("it is whole").rows().map(|row| [row.id, row.url, row.text].map(str::to_owned)),
            );
        }
    }
    rows
}

/// Reason and detail of dropped rows, by id.
fn dropped(house: &House, run: &str, stage: &str) -> BTreeMap<String, (String, String)> {
    let mut rows = BTreeMap::new();
    for file in shards(house, run, stage, "dropped") {
        for batch in Reader::<Dropped>::open(&file).expect("it is a shard") {
            for row in batch.expect("it is whole").rows() {
                let why = (row.reason.to_owned(), row.detail.unwrap_or_default().to_owned());
                rows.insert(row.id.unwrap_or_default().to_owned(), why);
            }
        }
    }
    rows
}

fn kept_lists(house: &House) -> Vec<PathBuf> {
    let cache = house.path().join("runs/store/.cache/lists");
    fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[test]
fn large_lists_are_compiled_once_and_takedowns_are_obeyed() {
    let house = House::new();
    run(&house, "before", &filter("dump = \"a\""));
    assert!(kept_lists(&house).is_empty(), "small lists are read in no time");
    let before = documents(&house, "before", "filter");
    let [[by_id, ..], [by_url, url, _], ..] = &before[..] else { panic!("documents are kept") };
    let many: Vec<String> = (0..250_000).map(|at| format!("nobody-goes-there-{at}.example\n")).collect();
    house.write("lists/domains", &many.concat());
    house.write("lists/takedown.txt", &format!("# by letter\n{by_id}\n{url}\n"));
    let check = |run: &str| {
        let why = dropped(&house, run, "filter");
        for id in [by_id, by_url] {
            assert_eq!(why[id].0, "takedown");
        }
        let kept = documents(&house, run, "filter");
        assert!(kept.len() < before.len() && kept.iter().all(|[id, ..]| id != by_id && id != by_url));
    };
    run(&house, "first", &filter("dump = \"a\", lists = [\"lists\"]"));
    check("first");
    let [kept] = &kept_lists(&house)[..] else { panic!("{:?}", kept_lists(&house)) };
    let bytes = fs::read(kept).unwrap();
    run(&house, "second", &filter("dump = \"b\", lists = [\"lists\"]"));
    check("second");
    let damaged: Vec<u8> = bytes.iter().rev().copied().collect();
    fs::write(kept, damaged).unwrap();
    run(&house, "third", &filter("dump = \"c\", lists = [\"lists\"]"));
    check("third");
    assert_eq!(fs::read(kept).unwrap(), bytes, "it is made anew");
    assert!(house.done(&["gc"]).contains("removed what stages can make again"));
    assert!(kept_lists(&house).is_empty());
    house.done(&["verify", "third"]);
}

#[test]
fn a_model_is_asked_for_by_its_backend_only() {
    let house = House::new();
    house.write("a.toml", &filter("language = { backend = \"fasttext\" }"));
    let refused = house.run(&["reproduce", "a.toml"]);
    assert_eq!(refused.status.code(), Some(2));
    house.write("a.toml", &filter("language = { model = \"lid.176.ftz\" }"));
    assert_eq!(house.run(&["reproduce", "a.toml"]).status.code(), Some(2));
    let model = Path::new("../../shared/data/weights/lid.176.ftz");
    let Ok(bytes) = fs::read(model) else {
        eprintln!("skipped: shared data is absent");
        return;
    };
    fs::write(house.path().join("lid.176.ftz"), bytes).unwrap();
    run(&house, "b", &filter("language = { backend = \"fasttext\", model = \"lid.176.ftz\" }"));
    assert!(documents(&house, "b", "filter").len() > 100);
}

#[test]
fn contaminated_documents_are_dropped_and_near_misses_stay() {
    let house = House::new();
    run(&house, "before", &filter("dump = \"a\""));
    let before = documents(&house, "before", "filter");
    let words = |at: usize, from: usize, count: usize| {
        let words: Vec<&str> = before[at][2].split_whitespace().skip(from).take(count).collect();
        assert_eq!(words.len(), count);
        words.join(" ")
    };
    let question =
        |text: &str| serde_json::json!({ "question": { "text": text }, "choices": ["a", "b"] }).to_string();
    let lines = format!("{}\n\n{}\n", question(&words(3, 10, 20).to_uppercase()), question("too short"));
    let packed = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    fs::write(house.path().join("planted.jsonl.zst"), packed).unwrap();
    house.write("passage.txt", &format!("Nobody wrote this. {} Nor that.", words(5, 20, 16)));
    // runs of twelve words, and more words in another order
    let mut back: Vec<String> = words(9, 5, 30).split(' ').map(str::to_owned).collect();
    back.reverse();
    house.write(
        "near.jsonl",
        &format!("{}\n{}\n", question(&(words(7, 10, 11) + " zzz")), question(&back.join(" "))),
    );

    let files = "benchmarks = [\"planted.jsonl.zst\", \"passage.txt\", \"near.jsonl\"]";
    run(&house, "after", &decontaminate("", files));
    let why = dropped(&house, "after", "clean");
    let (reason, detail) = &why[&before[3][0]];
    assert_eq!(reason, "contaminated");
    let first: String = words(3, 10, 3).to_lowercase();
    assert!(detail.starts_with("planted.jsonl.zst, ") && detail.to_lowercase().contains(&first), "{detail}");
    assert!(why[&before[5][0]].1.starts_with("passage.txt, "));
    let after = documents(&house, "after", "clean");
    assert_eq!(after.len() + why.len(), before.len());
    assert!(why.values().all(|(_, detail)| !detail.starts_with("near")), "{why:?}");
    let funnel = house.done(&["show", "after", "clean"]);
    assert!(funnel.contains("contaminated"), "{funnel}");

    // a field that no question is in, and nothing is left to look for
    house.write("a.toml", &decontaminate("", "benchmarks = [\"near.jsonl\"], fields = [\"choices\"]"));
    assert_eq!(house.run(&["reproduce", "a.toml"]).status.code(), Some(3));
    house.write("broken.jsonl", "{}\n{\n");
    house.write("a.toml", &decontaminate("", "benchmarks = [\"broken.jsonl\"]"));
    let broken = house.run(&["reproduce", "a.toml"]);
    assert!(String::from_utf8_lossy(&broken.stderr).contains("broken.jsonl:2"), "{broken:?}");
    house.write("a.toml", &decontaminate("", "words = 3"));
    assert_eq!(house.run(&["reproduce", "a.toml"]).status.code(), Some(2));

    // problems of the run itself, on one thread and on two
    let (one, two) = (House::new(), House::new());
    let contents = [(&one, "1"), (&two, "2")].map(|(house, threads)| {
        house.write("problems.toml", &decontaminate(", problems = \"web\"", "words = 9"));
        house.done(&["reproduce", "problems.toml", "--threads", threads]);
        house.contents("problems")
    });
    assert_eq!(contents[0], contents[1]);
}
