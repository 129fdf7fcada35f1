//! A file stands under its name whole or not at all.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::path::Path;

use shard::{Error, Metrics, Writer, metrics};

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn row(step: i64) -> metrics::Row<'static> {
    metrics::Row { step, name: "loss", value: 1.5 }
}

#[test]
fn only_finish_gives_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "part.parquet", "r").unwrap();
    (0..5_000).for_each(|step| writer.push(&row(step)).unwrap());
    assert_eq!(names(dir.path()), [".part.parquet.tmp"]);
    assert_eq!(writer.finish().unwrap().rows, 5_000);
    assert_eq!(names(dir.path()), ["part.parquet"]);
}

#[test]
fn a_dropped_writer_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("part.parquet");
    std::fs::write(&path, "older").unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "part.parquet", "r").unwrap();
    (0..5_000).for_each(|step| writer.push(&row(step)).unwrap());
    drop(writer);
    assert_eq!(names(dir.path()), ["part.parquet"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"older");
}

#[test]
fn a_leftover_of_a_killed_process_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".part.parquet.tmp"), vec![7; 100_000]).unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "part.parquet", "r").unwrap();
    writer.push(&row(1)).unwrap();
    let part = writer.finish().unwrap();
    assert_eq!(names(dir.path()), ["part.parquet"]);
    assert_eq!(shard::digest(&dir.path().join("part.parquet")).unwrap().blake3, part.blake3);
}

#[test]
fn names_are_plain_and_directories_exist() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["", "..", "a/b.parquet", "/tmp/a.parquet"] {
        assert!(matches!(Writer::<Metrics>::create(dir.path(), name, ""), Err(Error::Name { .. })), "{name}");
    }
    let absent = dir.path().join("absent");
    let message = Writer::<Metrics>::create(&absent, "a.parquet", "").unwrap_err().to_string();
    assert!(message.contains("absent") && message.contains("No such file"), "{message}");
}

/// `/dev/full` accepts no byte, as a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join(".part.parquet.tmp")).unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "part.parquet", "r").unwrap();
    let mut noise = 1_u64;
    let error = (0..2_000_000)
        .find_map(|_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            writer
                .push(&metrics::Row { step: noise as i64, name: "noise", value: f64::from_bits(noise) })
                .err()
        })
        .unwrap_or_else(|| writer.finish().unwrap_err());
    let message = error.to_string();
    assert!(matches!(error, Error::Io { .. }), "{message}");
    assert!(message.contains("part.parquet") && message.contains("free some space"), "{message}");
    assert!(names(dir.path()).is_empty());
}
