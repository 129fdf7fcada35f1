//! A browser walks through the playground of a small run, where there is one: `npm ci` in `tests/browser` gets what
//! drives it. What it does is in `walk.mjs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]
#![allow(clippy::print_stdout, reason = "who skips says so")]

mod common;

use std::path::Path;
use std::process::Command;

use common::House;
use common::serving::{Served, is_there};

/// What `walk.mjs` ends with where there is no browser.
const NO_BROWSER: i32 = 77;

/// What is missing for this test, if anything is.
fn missing(walk: &Path) -> Option<String> {
    if !is_there("node", &["--version"]) {
        return Some("node is not installed".to_owned());
    }
    let there =
        ["playwright-core", "axe-core"].iter().all(|name| walk.join("node_modules").join(name).exists());
    (!there).then(|| format!("say `npm ci` in {}", walk.display()))
}

#[test]
fn every_page_works_for_hands_eyes_and_ears() {
    walk(&[], Served::tiny);
}

#[test]
fn pictures_and_sounds_are_shown_played_and_asked_about() {
    for (lesson, first) in [("see", "shapes"), ("hear", "sounds")] {
        walk(&["senses"], |house| Served::lesson(house, lesson, first));
    }
}

/// Walks through some pages of a run, or all.
fn walk(pages: &[&str], serve: impl FnOnce(&House) -> Served) {
    let walk = common::workspace().join("xtask/tests/browser");
    if let Some(missing) = missing(&walk) {
        println!("skipped: {missing}");
        return;
    }
    let house = House::new();
    let served = serve(&house);
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let walked = Command::new("node")
        .arg(walk.join("walk.mjs"))
        .arg(format!("http://{}", served.address))
        .arg(&shots)
        .args(pages)
        .output()
        .unwrap();
    let [out, err] =
        [&walked.stdout, &walked.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if walked.status.code() == Some(NO_BROWSER) {
        println!("skipped: {err}");
        return;
    }
    assert!(walked.status.success(), "{out}{err}screenshots: {}", shots.display());
}
