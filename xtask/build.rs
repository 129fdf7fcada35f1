//! Digests the sources of each crate, so that a store entry can say which code made it.
#![allow(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut table = String::from("&[\n");
    for (name, directory) in crates(&here) {
        println!("cargo::rerun-if-changed={}", directory.display());
        writeln!(table, "    ({name:?}, {:?}),", digest(&directory)).expect("a String takes all");
    }
    table.push(']');
    fs::write(out.join("sources.rs"), table).expect("OUT_DIR can be written");
    println!("cargo::rustc-env=DEEPDIVE_RUSTC={}", said(Command::new(rustc()).arg("--version")));
    println!(
        "cargo::rustc-env=DEEPDIVE_GIT={}",
        said(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]))
    );
}

/// Every crate of the workspace with its `src`; only xtask itself where the workspace is not there.
fn crates(here: &Path) -> Vec<(String, PathBuf)> {
    let mut found = vec![
        ("xtask".to_owned(), here.join("src/stages")),
        ("fixtures".to_owned(), here.join("../fixtures/src")),
    ];
    for entry in fs::read_dir(here.join("../crates")).into_iter().flatten().flatten() {
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path().join("src")));
    }
    found.retain(|(_, directory)| directory.is_dir());
    found.sort();
    found
}

fn digest(directory: &Path) -> String {
    let mut files = vec![];
    walk(directory, &mut files);
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let name = file.strip_prefix(directory).expect("it lies below").to_string_lossy().into_owned();
        hasher.update(name.as_bytes()).update(&fs::read(&file).unwrap_or_default());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn rustc() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
