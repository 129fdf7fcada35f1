//! Deduplication in phases gives what clustering in memory gives, in however many pieces, and however often it dies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use common::House;
use fineweb_filter::Signer;
use fineweb_filter::dedup::{
    AddressSettings, Member, MinHash, MinHashSettings, address_key, cluster, cluster_id, text_key,
};
use shard::{Documents, Dropped, Reader};

/// A tiny web in three files, filtered, and a deduplication with these settings.
fn pipeline(settings: &str) -> String {
    let stage = |name: &str, rest: &str| format!("[[stage]]\nname = \"{name}\"\n{rest}\n");
    [
        stage("web", "use = \"miniature-web\"\nwith = { size = \"tiny\", files = 3 }"),
        stage("filter", "use = \"fineweb-filter\"\nfrom = { warc = \"web\" }"),
        stage(
            "copies",
            &format!("use = \"dedup\"\nfrom = {{ documents = \"filter\" }}\nwith = {{ {settings} }}"),
        ),
    ]
    .join("\n")
}

fn house(settings: &str) -> House {
    let house = House::new();
    house.write("copies.toml", &pipeline(settings));
    house
}

fn shards(house: &House, directory: &str) -> Vec<std::path::PathBuf> {
    let directory = house.path().join("runs/copies").join(directory);
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[derive(Debug, Clone, PartialEq)]
struct Kept {
    id: String,
    url: String,
    text: String,
    size: Option<i64>,
    cluster: Option<i64>,
}

fn documents(house: &House, stage: &str) -> Vec<Kept> {
    let mut kept = vec![];
    for file in shards(house, &format!("{stage}/documents")) {
        for batch in Reader::<Documents>::open(&file).unwrap() {
            kept.extend(batch.unwrap().rows().map(|row| Kept {
                id: row.id.to_owned(),
                url: row.url.to_owned(),
                text: row.text.to_owned(),
                size: row.minhash_cluster_size,
                cluster: row.minhash_cluster_id,
            }));
        }
    }
    kept
}

/// Id to reason and the id of the document kept instead.
fn dropped(house: &House) -> BTreeMap<String, (String, String)> {
    let mut dropped = BTreeMap::new();
    for file in shards(house, "copies/dropped") {
        for batch in Reader::<Dropped>::open(&file).unwrap() {
            for row in batch.unwrap().rows() {
                let why = (row.reason.to_owned(), row.detail.unwrap().to_owned());
                dropped.insert(row.id.unwrap().to_owned(), why);
            }
        }
    }
    dropped
}

#[test]
fn phases_give_what_clustering_in_memory_gives() {
    let house = house("cluster_ids = true");
    house.done(&["reproduce", "copies.toml"]);
    let came_in = documents(&house, "filter");
    let minhash = MinHash::new(MinHashSettings::default());
    let signatures: Vec<_> = came_in.iter().map(|document| minhash.sign(&document.text)).collect();
    let member = |(document, signature)| {
        let Kept { id, text, .. }: &Kept = document;
        let signature: &Option<_> = signature;
        Member { id, length: text.len() as u64, text_key: text_key(text), signature: signature.as_ref() }
    };
    let places = cluster(&came_in.iter().zip(&signatures).map(member).collect::<Vec<_>>());
    let (kept, gone) = (documents(&house, "copies"), dropped(&house));
    assert!(gone.len() > 3, "there is something to find");
    let mut expected = vec![];
    for (document, place) in came_in.iter().zip(&places) {
        let keeper = &came_in[place.keeper].id;
        match place.reason {
            None => {
                let (size, cluster) = (Some(i64::from(place.size)), Some(cluster_id(keeper)));
                expected.push(Kept { size, cluster, ..document.clone() });
            }
            Some(reason) => assert_eq!(gone[&document.id], (reason.0.to_owned(), keeper.clone())),
        }
    }
    assert_eq!(kept, expected);
    assert_eq!(kept.len() + gone.len(), came_in.len());
}

const ALL: &str = "min_jaccard = 0.75, address = { enabled = true }, cluster_ids = true";

#[test]
fn pieces_threads_and_memory_change_no_byte() {
    let (one, split) = (house(ALL), house(&format!("{ALL}, memory_mb = 1")));
    one.done(&["reproduce", "copies.toml", "--threads", "1"]);
    for _ in 0..20 {
        let children = ["0/2", "1/2"].map(|task| {
            let mut command = split.command(&["reproduce", "copies.toml", "--task", task, "--threads", "2"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        let codes = children.map(|mut child| child.wait().unwrap().code());
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 7))), "{codes:?}");
        if codes == [Some(0), Some(0)] {
            break;
        }
    }
    assert_eq!(one.keys("copies"), split.keys("copies"), "memory is no part of the recipe");
    assert_eq!(one.contents("copies"), split.contents("copies"));
    split.done(&["verify", "copies"]);
}

#[test]
fn killed_in_any_phase_it_goes_on() {
    let (whole, house) = (house(ALL), house(ALL));
    whole.done(&["reproduce", "copies.toml"]);
    house.done(&["reproduce", "copies.toml", "--until", "filter"]);
    for moment in 0..12 {
        let mut command = house.command(&["reproduce", "copies.toml"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(10 + 25 * moment));
        child.kill().expect("SIGKILL");
        child.wait().unwrap();
    }
    house.done(&["reproduce", "copies.toml"]);
    assert_eq!(whole.contents("copies"), house.contents("copies"));
    let store = std::fs::read_dir(house.path().join("runs/store")).unwrap().flatten();
    assert!(
        !store.map(|entry| entry.path().join("scratch")).any(|scratch| scratch.exists()),
        "scratch is gone"
    );
}

#[test]
fn of_one_address_one_stays_and_marked_copies_all_stay() {
    let house = house(ALL);
    house.done(&["reproduce", "copies.toml"]);
    let (came_in, kept, gone) = (documents(&house, "filter"), documents(&house, "copies"), dropped(&house));
    let settings = AddressSettings { enabled: true, ..AddressSettings::default() };
    let mut best: BTreeMap<u128, &Kept> = BTreeMap::new();
    for document in &came_in {
        let Some(key) = address_key(&document.url, &settings) else { continue };
        let entry = best.entry(key).or_insert(document);
        let rank = |document: &Kept| (document.text.len(), std::cmp::Reverse(document.id.clone()));
        if rank(document) > rank(entry) {
            *entry = document;
        }
    }
    for document in &came_in {
        let is_best = address_key(&document.url, &settings).is_none_or(|key| best[&key].id == document.id);
        let reason = gone.get(&document.id).map(|(reason, _)| reason.as_str());
        assert_eq!(reason == Some("address_duplicate"), !is_best, "{document:?}");
    }
    for (_, keeper) in gone.values() {
        assert!(kept.iter().any(|document| document.id == *keeper), "{keeper} is named and not kept");
    }
    house.write("copies.toml", &pipeline(&format!("{ALL}, copies = \"mark\"")));
    house.done(&["reproduce", "copies.toml"]);
    let marked = documents(&house, "copies");
    assert_eq!((marked.len(), dropped(&house).len()), (came_in.len(), 0));
    for (id, (_, keeper)) in &gone {
        let of = |id: &String| marked.iter().find(|document| document.id == *id).unwrap().cluster.unwrap();
        assert_eq!(of(id), of(keeper));
    }
}
