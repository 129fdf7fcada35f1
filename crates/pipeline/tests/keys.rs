//! A key is the recipe: it changes when a byte could, and with nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::{House, TWO};
use pipeline::{Key, canonical, derive_seed};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The same value, its keys inserted in the opposite order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries: Vec<_> =
                map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect();
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(reversed).collect(),
        scalar => scalar.clone(),
    }
}

proptest! {
    #[test]
    fn canonical_text_is_json_without_order_and_equal_only_for_equal_values(a in value(), b in value()) {
        let text = canonical(&a);
        prop_assert_eq!(&text, &canonical(&reversed(&a)));
        // floats may lose their last bit when they are read: what is read twice is read alike
        let read: Value = serde_json::from_str(&text).unwrap();
        let again: Value = serde_json::from_str(&a.to_string()).unwrap();
        prop_assert_eq!(canonical(&read), canonical(&again));
        prop_assert_eq!(text == canonical(&b), a == b);
        prop_assert_eq!(Key::of(&a) == Key::of(&b), a == b);
    }

    #[test]
    fn seeds_differ_by_purpose_and_by_run(seed: u64, other: u64, a in "[a-z/0-9]{0,9}", b in "[a-z/0-9]{0,9}") {
        prop_assert_eq!(derive_seed(seed, &a) == derive_seed(seed, &b), a == b);
        prop_assert_eq!(derive_seed(seed, &a) == derive_seed(other, &a), seed == other);
    }
}

#[test]
fn only_sixteen_hexadecimal_digits_are_a_key() {
    let key = Key::of(&json!({}));
    assert_eq!(Key::parse(key.as_str()), Some(key.clone()));
    let spelled: Key = serde_json::from_value(json!(key.as_str())).unwrap();
    assert_eq!(spelled, key);
    for strange in ["", "../../../../etc", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0"] {
        assert!(serde_json::from_value::<Key>(json!(strange)).is_err(), "{strange}");
    }
}

const FULL: &str = "[[stage]]\nname = \"n\"\nuse = \"numbers\"\n[stage.with]\nparts = 6\nfactor = 0.1\n";

#[test]
fn what_changes_no_byte_changes_no_key() {
    let plain = House::with("[[stage]]\nname = \"n\"\nuse = \"numbers\"\n").keys();
    let same = [
        FULL.to_owned(),
        format!("{FULL}buffer = 9\n"),
        format!("# a comment\nabout = \"words\"\n{FULL}\n# another"),
        FULL.replace("parts = 6\nfactor = 0.1", "factor = 1e-1\nparts = 0x6"),
        "[[stage]]\nwith = { style = \"plain\" }\nuse = \"numbers\"\nname = \"called-otherwise\"\n"
            .to_owned(),
        FULL.replace('\n', "\r\n"),
    ];
    for text in same {
        assert_eq!(House::with(&text).keys(), plain, "{text}");
    }
}

#[test]
fn whatever_may_change_a_byte_changes_the_key() {
    let base = House::with(FULL).keys();
    for (from, to) in [("parts = 6", "parts = 7"), ("0.1", "0.2"), ("[[stage]]", "seed = 3\n[[stage]]")] {
        assert_ne!(House::with(&FULL.replacen(from, to, 1)).keys(), base, "{to}");
    }
    let two = House::with(TWO).keys();
    let seeded = House::with(&format!("seed = 3\n{TWO}")).keys();
    assert!(two[0] != seeded[0] && two[1] != seeded[1], "a key holds the keys of its inputs");
    // a stage that draws nothing does not know the seed
    let (above, below) =
        (House::with(TWO).plan().unwrap(), House::with(&format!("seed = 3\n{TWO}")).plan().unwrap());
    assert!(above.stages[0].recipe.get("seed").is_some() && above.stages[1].recipe.get("seed").is_none());
    assert_ne!(above.stages[1].recipe["inputs"], below.stages[1].recipe["inputs"]);
}

#[test]
fn the_kernel_class_is_in_the_key_of_numeric_stages_alone() {
    let text = format!("{TWO}with = {{ numeric = true }}\n");
    let scalar = House::with(&text);
    let mut fast = House::with(&text);
    fast.kernels = "avx512";
    assert_eq!(scalar.keys()[0], fast.keys()[0]);
    assert_ne!(scalar.keys()[1], fast.keys()[1]);
    let plan = scalar.plan().unwrap();
    assert_eq!(plan.stages.iter().map(|stage| stage.numeric).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn an_outside_file_counts_by_name_and_bytes_and_not_by_where_it_lies() {
    let text = "[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { list = \"LIST\" }\n";
    let keys = |list: &str, bytes: &str| {
        let house = House::with(&text.replace("LIST", list));
        house.write(list, bytes);
        let plan = house.plan().unwrap();
        let recipe = plan.stages[0].recipe.to_string();
        assert!(
            !recipe.contains(house.directory.path().to_str().unwrap()) && !recipe.contains("deep"),
            "{recipe}"
        );
        plan.stages[0].key.clone()
    };
    let here = keys("words.txt", "a b");
    assert_eq!(keys("deep/er/words.txt", "a b"), here);
    assert_ne!(keys("words.txt", "a c"), here);
    assert_ne!(keys("other.txt", "a b"), here);
    assert_eq!(
        keys("dir[1]/words.txt", "a b"),
        here,
        "brackets in a path are no pattern where they name a directory"
    );
}

#[test]
fn a_changed_outside_file_is_hashed_anew_and_one_that_changes_meanwhile_stops_the_stage() {
    let house = House::with("[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { list = \"words.txt\" }\n");
    let file = house.write("words.txt", "one");
    let before = house.keys();
    assert_eq!(house.keys(), before);
    house.write("words.txt", "two"); // the same length, at once, in the same inode
    assert_ne!(house.keys(), before);
    let plan = house.plan().unwrap();
    std::fs::write(&file, "three").unwrap();
    let refused = common::run(&house.store(), &plan, &pipeline::Whole);
    assert!(matches!(&refused, Err(pipeline::Error::Input(fault)) if fault.what.contains("changed")));
    assert!(house.entries().iter().all(|name| name.starts_with(".partial")));
}

#[test]
fn a_memory_of_hashes_is_used_only_while_the_file_is_the_same() {
    let house = House::default();
    let file = house.write("words.txt", "one");
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    let age = |file: &std::path::Path| {
        std::fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    };
    age(&file);
    let memory = house.path("outside.json");
    let mut memo = pipeline::Memo::open(memory.clone());
    let one = memo.hash(&file).unwrap();
    memo.save().unwrap();
    // a memory that lies shows that it is asked
    let text = std::fs::read_to_string(&memory).unwrap().replace(&one, "remembered");
    std::fs::write(&memory, text).unwrap();
    assert_eq!(pipeline::Memo::open(memory.clone()).hash(&file).unwrap(), "remembered");
    house.write("words.txt", "longer");
    age(&file);
    assert_ne!(pipeline::Memo::open(memory.clone()).hash(&file).unwrap(), "remembered");
    std::fs::write(&memory, "damaged").unwrap();
    assert_eq!(pipeline::Memo::open(memory).hash(&file).unwrap().len(), 64);
}
