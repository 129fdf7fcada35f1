//! What CONTRIBUTING.md, ARCHITECTURE.md and README.md tell to open or to type is there.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{House, workspace};

fn text(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name)).expect("it is in the checkout")
}

/// The words of a guide's commands and of what stands between backticks.
fn words(guide: &str) -> BTreeSet<String> {
    let typed = guide
        .lines()
        .filter(|line| line.starts_with("    "))
        .map(|line| line.split(" # ").next().unwrap_or(line));
    let quoted = guide.split('`').skip(1).step_by(2).filter(|quoted| !quoted.contains('\n'));
    let words = typed.chain(quoted).flat_map(str::split_whitespace);
    words.map(|word| word.trim_matches(|c: char| "()[],;:".contains(c)).to_owned()).collect()
}

#[test]
fn every_path_that_a_guide_names_is_there() {
    let roots =
        ["crates/", "xtask/", "fixtures/", "bench/", "fuzz/", "examples/", "pipelines/", "docs/", ".ci/"];
    for guide in ["CONTRIBUTING.md", "README.md", "ARCHITECTURE.md"] {
        let mut named = 0;
        for word in words(&text(guide)) {
            let is_path = roots.iter().any(|root| word.starts_with(root));
            // NAME stands for one; what ends on a star or dots for several
            if !is_path || word.contains("NAME") || word.contains(['*', '…', '{', '<']) {
                continue;
            }
            named += 1;
            assert!(workspace().join(&word).exists(), "{guide} names {word}");
        }
        assert!(named > 0, "{guide} names no path");
    }
}

#[test]
fn every_verb_and_every_benchmark_that_a_guide_names_is_there() {
    let house = House::new();
    let help = house.done(&["--help"]);
    let measured = text("bench/src/main.rs");
    for guide in ["CONTRIBUTING.md", "README.md"] {
        let mut named = 0;
        for line in text(guide).lines().filter_map(|line| line.trim_start().strip_prefix("cargo xtask ")) {
            named += 1;
            let mut said = line.split_whitespace();
            let verb = said.next().expect("a verb follows");
            assert!(help.contains(&format!("\n  {verb} ")), "{guide}: there is no verb {verb}");
            if verb == "bench" {
                let subject = said.next().expect("a subject follows");
                assert!(
                    measured.contains(&format!("Some(\"{subject}\")")),
                    "{guide}: nothing measures {subject}"
                );
            }
        }
        assert!(named > 0, "{guide} names no verb");
    }
}

#[test]
fn every_pipeline_that_the_readme_tells_to_reproduce_can_be_found() {
    let readme = text("README.md");
    let mut named = 0;
    for line in readme.lines().filter_map(|line| line.trim_start().strip_prefix("cargo xtask reproduce ")) {
        let name = line.split_whitespace().next().expect("a name follows");
        // a file of one's own
        if Path::new(name).extension().is_none_or(|end| end != "toml") && name != "#" {
            named += 1;
            assert!(
                workspace().join(format!("pipelines/{name}.toml")).exists(),
                "there is no pipeline {name}"
            );
        }
    }
    assert!(named > 0, "README.md names no pipeline");
}

#[test]
fn what_a_stage_needs_by_the_guide_is_what_the_example_has() {
    let guide = text("CONTRIBUTING.md");
    let example = text("examples/swap-tokenizer/src/main.rs");
    for needed in ["deny_unknown_fields, default", "impl Stage", "signature"] {
        assert!(guide.contains(needed), "CONTRIBUTING.md does not say {needed}");
        let sources = example.clone() + &text("examples/swap-tokenizer/src/stages.rs");
        assert!(sources.contains(needed), "the example lacks {needed}");
    }
}
