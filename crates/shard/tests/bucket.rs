//! Objects that machines share: whole or not there, put once.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use shard::Error;
use shard::remote::Bucket;
use tempfile::TempDir;

fn bucket(directory: &TempDir) -> Bucket {
    Bucket::open(&format!("file://{}", directory.path().join("shelf").display())).expect("a directory")
}

#[test]
fn what_is_put_is_got_and_nothing_replaces_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let bucket = bucket(&directory);
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    fs::write(&from, "one").expect("it can be written");
    assert!(!bucket.get("a/b/c.txt", &to).expect("it answers"));
    assert!(bucket.put("a/b/c.txt", &from).expect("it takes it"));
    fs::write(&from, "two").expect("it can be written");
    assert!(!bucket.put("a/b/c.txt", &from).expect("it answers"), "a name is taken once");
    assert!(bucket.get("a/b/c.txt", &to).expect("it answers"));
    assert_eq!(fs::read_to_string(&to).expect("it came"), "one");
    assert!(bucket.put("a/b/d/e.txt", &from).expect("it takes it"));
    assert_eq!(bucket.names("a/b").expect("it answers"), ["c.txt"], "what lies deeper is not listed");
    assert!(bucket.names("nowhere").expect("it answers").is_empty());
}

#[test]
fn of_many_puts_at_once_one_succeeds_and_readers_see_a_whole_object() {
    let directory = tempfile::tempdir().expect("a directory");
    let (bucket, won) = (bucket(&directory), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for at in 0..8_u8 {
            let (bucket, won, path) = (&bucket, &won, directory.path().join(format!("from-{at}")));
            fs::write(&path, vec![at; 300_000]).expect("it can be written");
            scope.spawn(move || {
                if bucket.put("x", &path).expect("it answers") {
                    won.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(won.load(Ordering::SeqCst), 1);
    let to = directory.path().join("to");
    assert!(bucket.get("x", &to).expect("it answers"));
    let bytes = fs::read(&to).expect("it came");
    assert!(bytes.len() == 300_000 && bytes.iter().all(|&byte| byte == bytes[0]));
}

#[test]
fn addresses_of_other_kinds_are_refused() {
    for url in ["runs", "ftp://host/x", "https://host/x", "file://host/x", "s3:///x"] {
        assert!(matches!(Bucket::open(url), Err(Error::Url { .. })), "{url}");
    }
}
