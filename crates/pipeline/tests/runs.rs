//! What stands under a name is right, and what is not finished has no name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::fs;
use std::sync::atomic::Ordering::SeqCst;

use common::{DIES_AFTER, House, RAN, TWO, contents, how, tree, words};
use pipeline::{Error, How, LockFile, Locked, Slice, Store, Whole};

/// [`TWO`] with a counter of this test's own.
fn two(counter: usize) -> String {
    format!("{TWO}with = {{ counter = {counter} }}\n")
}

#[test]
fn a_finished_run_holds_its_files_and_nothing_else_and_a_second_one_runs_nothing() {
    let house = House::with(&two(6));
    let first = house.run().unwrap();
    assert_eq!(how(&first), [How::Done, How::Done]);
    let key = &house.keys()[1];
    let store = house.store();
    let parts: Vec<String> = (0..6).map(|part| format!("numbers/part-{part:05}.txt")).collect();
    let mut expected = parts.clone();
    expected.extend(["stage.json".to_owned(), "timings.jsonl".to_owned()]);
    assert_eq!(tree(&store.entry(key)), expected);
    assert!(house.entries().iter().all(|name| !name.starts_with('.')));
    assert_eq!(first[0].manifest.counters["in"], 12);
    first[1].manifest.verify(&store.entry(key)).unwrap();
    drop(first);
    let again = house.run().unwrap();
    assert_eq!(how(&again), [How::Cached, How::Cached]);
    assert_eq!(RAN[6].load(SeqCst), 6);
}

#[test]
fn a_stage_that_dies_goes_on_where_it_stopped_and_gives_the_same_bytes() {
    let straight = contents(&House::with(&two(1)).run().unwrap());
    let house = House::with(&two(2));
    for dies_after in [2, 2, 4] {
        DIES_AFTER[2].store(dies_after, SeqCst);
        let died = house.run();
        assert!(matches!(&died, Err(Error::Stage { stage, .. }) if stage == "c"), "{:?}", died.err());
        assert_eq!(RAN[2].load(SeqCst), dies_after);
        assert!(!house.store().entry(&house.keys()[1]).exists());
    }
    DIES_AFTER[2].store(usize::MAX, SeqCst);
    let resumed = house.run().unwrap();
    assert_eq!(how(&resumed), [How::Cached, How::Resumed]);
    assert_eq!(RAN[2].load(SeqCst), 6, "a task that is done is not run again");
    assert_eq!(contents(&resumed), straight);
    let entry = house.store().entry(&house.keys()[1]);
    assert!(!tree(&entry).iter().any(|name| name.contains("half")), "what a dead attempt left is gone");
}

#[test]
fn a_task_whose_record_cannot_be_read_is_done_again() {
    let house = House::with(&two(3));
    DIES_AFTER[3].store(3, SeqCst);
    house.run().err().unwrap();
    let partial = house.store().partial(&house.keys()[1]);
    fs::write(partial.join("task-0-00001.json"), "{").unwrap();
    DIES_AFTER[3].store(usize::MAX, SeqCst);
    house.run().unwrap();
    assert_eq!(RAN[3].load(SeqCst), 7);
}

#[test]
fn killed_between_manifest_and_name_it_gets_its_name_without_work() {
    let house = House::with(&two(4));
    let whole = contents(&house.run().unwrap());
    let (store, key) = (house.store(), house.keys()[1].clone());
    fs::rename(store.entry(&key), store.partial(&key)).unwrap();
    fs::create_dir(store.partial(&key).join("scratch")).unwrap();
    assert_eq!(contents(&house.run().unwrap()), whole);
    assert_eq!((RAN[4].load(SeqCst), store.partial(&key).exists()), (6, false));
    // and an empty partial directory beside a whole entry is nobody's
    fs::create_dir(store.partial(&key)).unwrap();
    assert_eq!(how(&house.run().unwrap()), [How::Cached, How::Cached]);
}

#[test]
fn slices_in_any_order_make_the_same_run_as_one_process() {
    let whole = contents(&House::with(TWO).run().unwrap());
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        let house = House::with(TWO);
        let mut waited = 0;
        // two phases and a stage below: every round does what the rounds before made possible
        let last = (0..9).find_map(|turn| match house.run_with(&Slice { index: order[turn % 3], of: 3 }) {
            Ok(outcomes) => Some(outcomes),
            Err(Error::Waiting(fault)) => {
                assert!(fault.got.contains("of 6 parts"), "{fault}");
                waited += 1;
                None
            }
            Err(other) => panic!("{other}"),
        });
        assert_eq!(contents(&last.expect("nine turns are enough")), whole, "{order:?}");
        assert!(waited >= 2);
    }
    assert!(
        "3/3".parse::<Slice>().is_err() && "0/0".parse::<Slice>().is_err() && "a/2".parse::<Slice>().is_err()
    );
    assert_eq!("1/3".parse(), Ok(Slice { index: 1, of: 3 }));
}

#[test]
fn processes_that_share_the_work_at_the_same_time_end_with_the_same_bytes() {
    let whole = contents(&House::with(TWO).run().unwrap());
    for _ in 0..8 {
        let house = House::with(TWO);
        std::thread::scope(|scope| {
            for index in 0..3 {
                let house = &house;
                scope.spawn(move || {
                    loop {
                        match house.run_with(&Slice { index, of: 3 }) {
                            Ok(_) => break,
                            Err(Error::Waiting(_)) => std::thread::yield_now(),
                            Err(other) => panic!("{other}: {:?}", std::error::Error::source(&other)),
                        }
                    }
                });
            }
        });
        assert_eq!(contents(&house.run().unwrap()), whole);
        for key in house.keys() {
            pipeline_verify(&house.store(), &key);
        }
        assert!(house.entries().iter().all(|name| !name.starts_with('.')), "{:?}", house.entries());
    }
}

fn pipeline_verify(store: &Store, key: &pipeline::Key) {
    store.manifest(key).unwrap().unwrap().verify(&store.entry(key)).unwrap();
}

#[test]
fn a_part_that_another_process_holds_is_busy_and_says_whose_it_is() {
    let house = House::with(TWO);
    let locks = house.store().root().join(".locks");
    let path = locks.join(format!("{}.0-00002", house.keys()[0]));
    fs::write(&path, "4711").unwrap();
    let held = fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let said = words(&house, house.run());
    assert!(said.contains("process 4711") && said.contains("part 0-00002"), "{said}");
    drop(held);
    house.run().unwrap();
}

#[test]
fn damage_in_the_store_is_found_and_named() {
    let damage = |name: &str, with: Option<&str>| {
        let fresh = House::with(TWO);
        fresh.run().unwrap();
        let path = fresh.store().entry(&fresh.keys()[0]).join(name);
        match with {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let refused = fresh.run();
        assert!(matches!(refused, Err(Error::Moved(_))), "{name} {with:?}");
        let said = words(&fresh, refused);
        assert!(said.contains("and run again: it is made anew"), "{said}");
    };
    damage("numbers/part-00001.txt", None);
    damage("numbers/part-00001.txt", Some("another length altogether"));
    damage("stage.json", None);
    damage("stage.json", Some("{"));
    let house = House::with(TWO);
    house.run().unwrap();
    let keys = house.keys();
    let entry = |i: usize| house.store().entry(&keys[i]);
    let stranger = fs::read_to_string(entry(1).join("stage.json")).unwrap();
    fs::write(entry(0).join("stage.json"), stranger).unwrap();
    assert!(words(&house, house.run()).contains("is not the one its name stands for"));
}

#[test]
fn a_stage_that_stops_on_a_damaged_input_is_not_the_one_to_blame() {
    let house = House::with(&two(5));
    DIES_AFTER[5].store(0, SeqCst);
    house.run().err().unwrap();
    let file = house.store().entry(&house.keys()[0]).join("numbers/part-00000.txt");
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(&file, bytes).unwrap();
    let said = words(&house, house.run());
    assert!(said.contains("part-00000.txt") && said.contains("not what its manifest says"), "{said}");
}

#[test]
fn a_stage_that_breaks_its_word_gets_no_name() {
    let house = House::with(&format!("{TWO}with = {{ loss = -1.0 }}\n"));
    let error = house.run().err().unwrap();
    let said = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(said.contains("`loss` came out as NaN") && said.contains("toy.toml:6"), "{said}");
    let keys = house.keys();
    assert_eq!(house.entries(), [format!(".partial-{}", keys[1]), keys[0].to_string()]);
    let house = House::with("[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { lies = true }\n");
    for _ in 0..2 {
        let error = house.run().err().unwrap();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("`in` is -6 more than"), "{source}");
    }
    assert_eq!(house.entries(), [format!(".partial-{}", house.keys()[0])]);
    let house = House::with("[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = { parts = 99999999999 }\n");
    assert_eq!(
        house.run().err().unwrap().exit_code(),
        4,
        "a number of parts that no memory holds is refused"
    );
}

#[test]
fn gc_keeps_what_runs_name_what_is_in_use_and_what_is_not_its_own() {
    let house = House::with(TWO);
    let outcomes = house.run().unwrap();
    let (store, keys) = (house.store(), house.keys());
    fs::write(store.root().join("notes.txt"), "mine").unwrap();
    fs::create_dir(store.root().join(".partial-0123456789abcdef")).unwrap();
    fs::create_dir(store.root().join(".rubbish-0123456789abcdee")).unwrap();
    let removed = store.collect(&[]).unwrap();
    let names: Vec<&str> = removed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [".partial-0123456789abcdef", ".rubbish-0123456789abcdee"],
        "outcomes hold their entries"
    );
    drop(outcomes);
    let removed = store.collect(&keys[..1]).unwrap();
    assert_eq!(removed.len(), 1);
    assert!(removed[0].0 == keys[1].as_str() && removed[0].1 > 0);
    assert_eq!(house.entries(), [keys[0].to_string(), "notes.txt".to_owned()]);
    let locks = tree(&store.root().join(".locks"));
    assert!(!locks.iter().any(|name| name.starts_with(keys[1].as_str())), "{locks:?}");
    assert_eq!(how(&house.run().unwrap()), [How::Cached, How::Done]);
}

#[test]
fn gc_beside_a_run_never_takes_what_the_run_uses() {
    let house = House::with(TWO);
    let expected = contents(&house.run().unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(SeqCst) {
                house.store().collect(&[]).unwrap();
            }
        });
        for _ in 0..8 {
            let outcomes = house.run().unwrap();
            assert_eq!(contents(&outcomes), expected);
            for key in house.keys() {
                pipeline_verify(&house.store(), &key);
            }
        }
        done.store(true, SeqCst);
    });
}

#[test]
fn a_lock_tells_moved_bytes_from_metrics_within_their_tolerance() {
    let text = |loss: f64| format!("{TWO}with = {{ numeric = true, loss = {loss} }}\n");
    let house = House::with(&text(2.0));
    let (plan, outcomes) = (house.plan().unwrap(), house.run().unwrap());
    let pairs = || plan.stages.iter().zip(outcomes.iter().map(|outcome| &outcome.manifest));
    let stage = pairs().map(|(stage, manifest)| (stage.name.clone(), Locked::of(stage, manifest))).collect();
    let lock = LockFile { made: None, url: vec![], stage };
    let read = LockFile::parse(&lock.render(), &house.path("toy.lock")).unwrap();
    assert_eq!(read, lock);
    assert!(read.differences(pairs()).is_empty());

    for (loss, differs) in [(2.09, false), (1.91, false), (2.11, true), (1.89, true)] {
        let other = House::with(&text(loss));
        let (plan, outcomes) = (other.plan().unwrap(), other.run().unwrap());
        let pairs = plan.stages.iter().zip(outcomes.iter().map(|outcome| &outcome.manifest));
        let differences = lock.differences(pairs);
        assert_eq!(differences.len(), usize::from(differs), "{loss}");
        assert!(differences.iter().all(|difference| difference.expected.contains("loss 2 within 5 %")));
    }
    let moved = House::with(&format!("seed = 9\n{}", text(2.0)));
    let (plan, outcomes) = (moved.plan().unwrap(), moved.run().unwrap());
    let first =
        &lock.differences(plan.stages.iter().zip(outcomes.iter().map(|outcome| &outcome.manifest)))[0];
    assert_eq!(first.stage, "n");
    assert!(LockFile::parse("stage = 3", &house.path("toy.lock")).is_err());
    assert_eq!(
        LockFile::default().differences(pairs()).len(),
        2,
        "a stage that the lock does not know differs"
    );
}

#[test]
fn settings_of_any_float_are_found_again() {
    for factor in ["0.1", "1e300", "10000000149011612e-17", "2.2250738585072014e-308", "0.30000000000000004"]
    {
        let house = House::with(&format!(
            "[[stage]]\nname = \"n\"\nuse = \"numbers\"\nwith = {{ factor = {factor} }}\n"
        ));
        house.run().unwrap();
        assert_eq!(how(&house.run_with(&Whole).unwrap()), [How::Cached], "{factor}");
    }
}
