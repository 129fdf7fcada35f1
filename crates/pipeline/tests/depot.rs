//! Machines that share a depot and no disk.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::*;
use pipeline::*;

/// A directory as a depot, one of whose calls may fail.
#[derive(Debug)]
struct Shelf {
    root: PathBuf,
    calls: AtomicUsize,
    /// Which call fails; a failed `put` has put all the same where the number is even, as when only the answer is lost.
    fails: usize,
}

impl Shelf {
    fn new(root: &Path, fails: usize) -> Arc<Self> {
        Arc::new(Self { root: root.to_owned(), calls: AtomicUsize::new(0), fails })
    }
    fn called(&self) -> io::Result<()> {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.fails {
            return Err(io::Error::other("503 Slow Down"));
        }
        Ok(())
    }
}

impl Depot for Shelf {
    fn get(&self, name: &str, to: &Path) -> io::Result<bool> {
        self.called()?;
        match std::fs::copy(self.root.join(name), to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            copied => copied.map(|_| true),
        }
    }
    fn put(&self, name: &str, from: &Path) -> io::Result<bool> {
        let called = self.called();
        if called.is_err() && !self.fails.is_multiple_of(2) {
            return called.map(|()| false);
        }
        let target = self.root.join(name);
        if target.exists() {
            return called.map(|()| false);
        }
        std::fs::create_dir_all(target.parent().unwrap())?;
        std::fs::copy(from, target)?;
        called.map(|()| true)
    }
    fn names(&self, below: &str) -> io::Result<Vec<String>> {
        self.called()?;
        match std::fs::read_dir(self.root.join(below)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
            entries => entries?.map(|entry| Ok(entry?.file_name().into_string().unwrap())).collect(),
        }
    }
}

/// Sends every task as a ticket to one of some other machines.
struct Elsewhere<'a> {
    machines: &'a [Store],
    program: Program<'a>,
}

impl Runner for Elsewhere<'_> {
    fn run(&self, job: &Job) -> Result<()> {
        self.machines[0].lend(job.stage)?;
        for task in job.missing()? {
            let ticket = serde_json::to_string(&Ticket::of(job.stage, sources(&[]), "toy 1")).unwrap();
            let ticket: Ticket = serde_json::from_str(&ticket).unwrap();
            let store = &self.machines[task.part % self.machines.len()];
            let here = |path: &Path, hash: &str| {
                // as if the path were not there
                store.borrow(
                    &path.with_file_name("elsewhere").join(path.file_name().unwrap()),
                    hash,
                    &mut Memo::default(),
                )
            };
            let planned = ticket.build(&registry(), &self.program, &here)?;
            session(store, &Whole).task(&planned, task)?;
        }
        Ok(())
    }
}

const PROGRAM: Program = Program { version: "toy 1", sources: &sources, memory_mb: None };

const LISTED: &str = r#"
[[stage]]
name = "n"
use = "numbers"
with = { list = "list.txt", parts = 2 }

[[stage]]
name = "c"
use = "copy"
from = { numbers = "n" }
"#;

fn house() -> House {
    let house = House::with(LISTED);
    house.write("list.txt", "one\n");
    house
}

fn store(house: &House, name: &str, depot: &Arc<Shelf>) -> Store {
    Store::open(&house.path(name)).unwrap().behind(depot.clone())
}

#[test]
fn what_other_machines_make_is_what_one_makes() {
    let alone = house();
    let expected = contents(&alone.run().unwrap());

    let house = house();
    let depot = Shelf::new(&house.path("depot"), 0);
    let machines = ["a", "b"].map(|name| store(&house, name, &depot));
    let (leader, program) = (store(&house, "leader", &depot), PROGRAM);
    let outcomes = run(&leader, &house.plan().unwrap(), &Elsewhere { machines: &machines, program }).unwrap();
    assert_eq!(contents(&outcomes), expected);
    // here is what was asked for, and no entry that lacks a file
    for key in house.keys() {
        assert!(!leader.entry(&key).exists());
        leader.bring_home(&key).unwrap();
        leader.manifest(&key).unwrap().unwrap().verify(&leader.entry(&key)).unwrap();
    }
    // a machine that comes later finds it all, and one without the depot what was brought home
    let late = store(&house, "late", &depot);
    let found = run(&late, &house.plan().unwrap(), &Whole).unwrap();
    assert_eq!(how(&found), [How::Cached, How::Cached]);
    let offline = Store::open(&house.path("leader")).unwrap();
    assert_eq!(how(&run(&offline, &house.plan().unwrap(), &Whole).unwrap()), [How::Cached, How::Cached]);
}

#[test]
fn what_an_attempt_that_died_left_is_not_taken_for_what_another_finished() {
    let expected = contents(&house().run().unwrap());
    let (names, keys) = {
        let house = house();
        let depot = Shelf::new(&house.path("depot"), 0);
        run(&store(&house, "runs", &depot), &house.plan().unwrap(), &Whole).unwrap();
        (tree(&house.path("depot")), house.keys())
    };
    let house = house();
    let depot = Shelf::new(&house.path("depot"), 0);
    let machines = ["a", "b"].map(|name| store(&house, name, &depot));
    let leader = store(&house, "leader", &depot);
    let mut torn = 0;
    for store in machines.iter().chain([&leader]) {
        for key in &keys {
            for name in names.iter().map(Path::new) {
                // scratch of the work, outputs of the entry
                let inside =
                    ["work", "store"].iter().find_map(|kind| name.strip_prefix(format!("{kind}/{key}")).ok());
                let Some(inside) = inside.filter(|inside| inside.components().count() > 1) else { continue };
                let path = store.partial(key).join(inside);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "to").unwrap();
                torn += 1;
            }
        }
    }
    assert!(torn > 6, "{torn} files");
    let elsewhere = Elsewhere { machines: &machines, program: PROGRAM };
    let outcomes = run(&leader, &house.plan().unwrap(), &elsewhere).unwrap();
    assert_eq!(contents(&outcomes), expected);
    for key in house.keys() {
        leader.bring_home(&key).unwrap();
        leader.manifest(&key).unwrap().unwrap().verify(&leader.entry(&key)).unwrap();
    }
}

#[test]
fn whichever_call_fails_the_same_command_again_ends_well() {
    let expected = contents(&house().run().unwrap());
    let calls = {
        let house = house();
        let depot = Shelf::new(&house.path("depot"), 0);
        run(&store(&house, "runs", &depot), &house.plan().unwrap(), &Whole).unwrap();
        depot.calls.load(Ordering::SeqCst)
    };
    assert!(calls > 30, "{calls} calls");
    for fails in 1..=calls {
        let house = house();
        let depot = Shelf::new(&house.path("depot"), fails);
        let failed = run(&store(&house, "runs", &depot), &house.plan().unwrap(), &Whole);
        assert!(matches!(failed.err(), Some(Error::Io { .. } | Error::Stage { .. })), "call {fails}");
        // another machine goes on, which has nothing of what the first did
        let depot = Shelf::new(&house.path("depot"), 0);
        let outcomes = run(&store(&house, "other", &depot), &house.plan().unwrap(), &Whole).unwrap();
        assert_eq!(contents(&outcomes), expected, "after call {fails}");
    }
}

#[test]
fn a_ticket_is_refused_by_whoever_would_make_something_else() {
    let house = house();
    let plan = house.plan().unwrap();
    let ticket = Ticket::of(&plan.stages[0], sources(&[]), "toy 1");
    let here = |path: &Path, _: &str| Ok(path.to_owned());
    let other = |_: &[&str]| "others".to_owned();
    let program = Program { version: "toy 2", sources: &other, memory_mb: None };
    let mut refusals = vec![words(&house, ticket.build(&registry(), &program, &here))];
    refusals.push(words(&house, ticket.build(&Registry::default(), &PROGRAM, &here)));
    // the same name with another version: its recipe is another
    let later = Registry::default().with::<Copy>("numbers", "something else");
    assert!(matches!(ticket.build(&later, &PROGRAM, &here), Err(Error::Moved(_))));
    // a list that is not the one that was planned with
    std::fs::write(house.path("list.txt"), "two\n").unwrap();
    let here = |path: &Path, hash: &str| house.store().borrow(path, hash, &mut Memo::default());
    refusals.push(words(&house, ticket.build(&registry(), &PROGRAM, &here)));
    insta::assert_snapshot!(refusals.join("\n\n"));
}

#[test]
fn other_bytes_under_a_taken_name_are_no_ones() {
    let house = house();
    let depot = Shelf::new(&house.path("depot"), 0);
    let name = format!("depot/store/{}/numbers/part-00001.txt", house.keys()[0]);
    house.write(&name, "what an attempt of other code left");
    let refused = run(&store(&house, "runs", &depot), &house.plan().unwrap(), &Whole);
    assert!(matches!(refused, Err(Error::Moved(_))));
    // and a listed file that was changed is not read
    std::fs::remove_file(house.path(&name)).unwrap();
    run(&store(&house, "runs", &depot), &house.plan().unwrap(), &Whole).unwrap();
    house.write(&name, "changed");
    let late = store(&house, "late", &depot);
    insta::assert_snapshot!(words(&house, late.bring_home(&house.keys()[0])));
}
