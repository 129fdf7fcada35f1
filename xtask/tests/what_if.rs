//! `show --what-if` counts as a run with that setting does, and says why where it cannot.

mod common;

use std::collections::BTreeMap;

use common::House;

/// A house whose `mine.toml` filters a small generated web with these settings.
fn house(with: &str) -> House {
    let house = House::new();
    let text = format!(
        "[[stage]]\nname = \"web\"\nuse = \"miniature-web\"\nwith = {{ size = \"tiny\", files = 1 }}\n\n[[stage]]\nname = \
         \"filter\"\nuse = \"fineweb-filter\"\nfrom = {{ warc = \"web\" }}\nwith = {{ {with} }}\n"
    );
    house.write("mine.toml", &text);
    house.done(&["reproduce", "mine.toml"]);
    house
}

/// Reason, or `kept`, to the counts in the two columns.
fn what_if(house: &House, change: &str) -> BTreeMap<String, [u64; 2]> {
    let told = house.done(&["show", "mine", "filter", "--what-if", change]);
    let mut lines = told.lines();
    let head = lines.next().expect("a head");
    assert!(head.contains("was") && head.ends_with(change), "{head}");
    let number = |word: &str| word.replace([',', ' ', '\u{202f}'], "").parse().expect("a count");
    lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[words.len() - 1].to_owned(), [number(words[0]), number(words[1])])
        })
        .collect()
}

#[test]
fn what_if_counts_as_the_run_does() {
    let measured = house("signals = true");
    let plain = house("");
    let strict = house("gopher_quality = { min_words = 120 }");
    let kept = |house: &House| house.done(&["show", "mine", "filter", "--rows", "0"]);
    let funnel = |house: &House| -> BTreeMap<String, u64> {
        let told = kept(house);
        let rows = told.lines().filter(|line| line.contains(" %  "));
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[3].to_owned(), words[0].replace(',', "").parse().expect("a count"))
        };
        rows.map(row).filter(|(name, _)| name != "in").collect()
    };
    assert_eq!(funnel(&measured), funnel(&plain), "measuring changes no outcome");
    let counts = what_if(&measured, "gopher_quality.min_words=120");
    for (name, [was, were]) in &counts {
        assert_eq!(funnel(&plain).get(name).copied().unwrap_or(0), *was, "{name} as it was");
        assert_eq!(funnel(&strict).get(name).copied().unwrap_or(0), *were, "{name} under the other bound");
    }
    assert!(counts["gopher_short_doc"][1] > counts["gopher_short_doc"][0], "{counts:?}");
    let same = measured.done(&["show", "mine", "filter", "--what-if", "gopher_quality.min_words=50"]);
    assert!(same.contains("\n0 pages move"), "{same}");
}

#[test]
fn what_if_says_why_it_cannot_tell() {
    let plain = house("");
    let refused = |arguments: &[&str]| {
        let output = plain.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (stage, change, said) in [
        ("filter", "gopher_quality.min_words=80", "signals = true"),
        ("filter", "c4.min_words_per_line=5", "cannot be told from signals"),
        ("filter", "gopher_quality.min_words", "RULE=VALUE"),
        ("filter", "gopher_quality.min_words=many", "a number"),
        ("filter", "gopher_quality.min_words=-1", "cannot be set so"),
        ("web", "gopher_quality.min_words=80", "a stage of `fineweb-filter`"),
    ] {
        let told = refused(&["show", "mine", stage, "--what-if", change]);
        assert!(told.contains(said) && told.contains("cure"), "{change}: {told}");
    }
    assert!(refused(&["show", "mine", "--what-if", "fineweb.max_char_dup=0.1"]).contains("name it"));
}
