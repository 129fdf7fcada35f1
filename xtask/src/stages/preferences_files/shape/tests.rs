use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Found, preference};

fn told(found: &Found) -> String {
    let prompt: Vec<String> = found
        .prompt
        .iter()
        .map(|said| {
            let parts: Vec<&str> = said.parts.iter().map(|(_, text)| text.as_str()).collect();
            format!("{}: {}", said.role, parts.join(" "))
        })
        .collect();
    let answers: Vec<String> =
        found.responses.iter().zip(&found.ranks).map(|(answer, rank)| format!("{rank} {answer}")).collect();
    format!("{} | {}", prompt.join(" / "), answers.join(", "))
}

fn message(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}

#[test]
fn every_shape_is_read() {
    let (asked, good, bad) = (message("user", "q"), message("assistant", "a"), message("assistant", "b"));
    let hh = |end: &str| format!("\n\nHuman: q\n\nAssistant: x\n\nHuman: r\n\nAssistant: {end}");
    for (row, expected) in [
        (json!({ "chosen": hh("a"), "rejected": hh("b") }), "user: q / assistant: x / user: r | 1 a, 2 b"),
        (json!({ "prompt": "q", "chosen": "a", "rejected": "b" }), "user: q | 1 a, 2 b"),
        (
            json!({ "system": "s", "question": "q", "chosen": "a", "rejected": "b" }),
            "system: s / user: q | 1 a, 2 b",
        ),
        (
            json!({ "prompt": "\n\nHuman: q\n\nAssistant:", "chosen": "a", "rejected": "b" }),
            "user: q | 1 a, 2 b",
        ),
        (json!({ "prompt": [asked], "chosen": [good], "rejected": [bad] }), "user: q | 1 a, 2 b"),
        (json!({ "chosen": [asked, good], "rejected": [asked, bad] }), "user: q | 1 a, 2 b"),
        (json!({ "prompt": "q", "chosen": [asked, good], "rejected": [asked, bad] }), "user: q | 1 a, 2 b"),
        (
            json!({ "instruction": "q", "input": "i", "output": "o", "chosen": "a", "rejected": "b" }),
            "user: q\n\ni | 1 a, 2 b",
        ),
        (
            json!({ "id": "1_2", "label": "a2", "a1": "a <br/> more", "a2": "b" }),
            "user: Topic: tea or coffee\nSide: tea\n\nGive a convincing argument. | 2 a\nmore, 1 b",
        ),
        (
            json!({ "info": { "post": " long ", "title": "t", "subreddit": "r" },
                "summaries": [{ "text": " a", "policy": "sup4" }, { "text": " b", "policy": "ref" }], "choice": 1 }),
            "user: SUBREDDIT: r/r\n\nTITLE: t\n\nPOST: long\n\nTL;DR: | 2 a, 1 b",
        ),
        (
            json!({ "prompt": "q", "responses": ["a", "b", "c", "d"], "ranks": [3, 1, 2, 1] }),
            "user: q | 3 a, 1 b, 2 c, 1 d",
        ),
        (json!({ "query": "q", "choices": ["a", "b", "c"], "gold": 1 }), "user: q | 2 a, 1 b, 2 c"),
    ] {
        let found =
            preference(&row, "tea-or-coffee-_tea.csv").unwrap_or_else(|refusal| panic!("{row}: {refusal:?}"));
        assert_eq!(told(&found), expected, "{row}");
    }
}

#[test]
fn what_stands_beside_is_read() {
    let pair = json!({ "prompt": "q", "chosen": "a", "rejected": "b", "margin": "0.5", "annotator_id": 7 });
    let found = preference(&pair, "x").unwrap();
    assert_eq!((found.margin, found.labeler), (Some(vec![0.5, 0.0]), Some("7".to_owned())));
    let ranking = json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [1, 2], "margin": [2, 0],
        "labeler": "Ada", "policies": ["new", "old"] });
    let found = preference(&ranking, "x").unwrap();
    assert_eq!((found.margin, found.labeler), (Some(vec![2.0, 0.0]), Some("Ada".to_owned())));
    assert_eq!(found.policies, Some(vec!["new".to_owned(), "old".to_owned()]));
    let arguments = json!({ "label": "a1", "a1": "a", "a2": "b" });
    let topic = |file: &str| preference(&arguments, file).unwrap().topic.unwrap();
    assert_eq!(
        [topic("tv-or-books_tv.csv"), topic("is-it-wrong-_no-it-is-not.csv.gz"), topic("plain.tsv")],
        ["tv-or-books", "is-it-wrong", "plain"]
    );
}

#[test]
fn every_reason_is_told() {
    let (asked, good) = (message("user", "q"), message("assistant", "a"));
    let hh = |first: &str, end: &str| format!("\n\nHuman: {first}\n\nAssistant: {end}");
    let call = json!([{ "role": "assistant", "content": [{ "type": "thought", "text": "t" }] }]);
    for (row, expected) in [
        (json!([]), "unknown_shape"),
        (json!({ "text": "a" }), "unknown_shape"),
        (json!({ "prompt": 4, "chosen": "a", "rejected": "b" }), "unknown_shape"),
        (json!({ "prompt": "q", "chosen": 4, "rejected": "b" }), "unknown_shape"),
        (json!({ "prompt": "q", "responses": "ab", "ranks": [1, 2] }), "unknown_shape"),
        (json!({ "label": "a1", "a1": "a", "a2": 4 }), "unknown_shape"),
        (json!({ "info": { "post": "p" }, "summaries": [{}, {}], "choice": 0 }), "unknown_shape"),
        (json!({ "chosen": hh("q", "a"), "rejected": hh("p", "b") }), "no_common_prompt"),
        (json!({ "chosen": "a", "rejected": "b" }), "no_common_prompt"),
        (json!({ "chosen": [good], "rejected": [good] }), "no_common_prompt"),
        (json!({ "chosen": [good, asked], "rejected": [good] }), "no_answer"),
        (json!({ "prompt": "q", "chosen": [], "rejected": [good] }), "no_answer"),
        (json!({ "prompt": "q", "chosen": call, "rejected": "b" }), "answer_not_text"),
        (json!({ "prompt": " ", "chosen": "a", "rejected": "b" }), "empty_prompt"),
        (json!({ "responses": ["a", "b"], "ranks": [1, 2] }), "empty_prompt"),
        (json!({ "info": {}, "summaries": [], "choice": 0 }), "empty_prompt"),
        (json!({ "prompt": "q", "chosen": "a", "rejected": "\n" }), "empty_answer"),
        (json!({ "chosen": hh("q", "a"), "rejected": hh("q", "") }), "empty_answer"),
        (json!({ "prompt": "q", "chosen": "a", "rejected": " a" }), "equal_answers"),
        (json!({ "prompt": "q", "responses": ["a", "b", "a"], "ranks": [1, 2, 3] }), "equal_answers"),
        (json!({ "prompt": "q", "chosen": "a", "rejected": null }), "incomplete"),
        (json!({ "prompt": "q", "responses": ["a"], "ranks": [1] }), "incomplete"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [1] }), "incomplete"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [1, 2], "margin": [1] }), "incomplete"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [2, 2] }), "all_tied"),
        (json!({ "label": "equal", "a1": "a", "a2": "b" }), "all_tied"),
        (json!({ "label": "a3", "a1": "a", "a2": "b" }), "unknown_label"),
        (json!({ "a1": "a", "a2": "b" }), "unknown_label"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [1, 1.5] }), "unknown_label"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": null }), "unknown_label"),
        (
            json!({ "info": { "post": "p" }, "summaries": [{ "text": "a" }, { "text": "b" }], "choice": 2 }),
            "unknown_label",
        ),
        (json!({ "prompt": "q", "chosen": "a", "rejected": "b", "margin": "wide" }), "invalid_margin"),
        (json!({ "prompt": "q", "chosen": "a", "rejected": "b", "margin": 1e300 }), "invalid_margin"),
        (json!({ "prompt": "q", "responses": ["a", "b"], "ranks": [1, 2], "margin": 1 }), "invalid_margin"),
    ] {
        assert_eq!(preference(&row, "x").expect_err("it is refused").0, expected, "{row}");
    }
}

/// Rows that are nearly of a known shape.
fn soup() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (-1..3_i64).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "a",
            "b",
            "a1",
            "\n\nHuman: q\n\nAssistant: a",
            "\n\nHuman:",
            "user",
            "assistant"
        ])
        .prop_map(Value::from),
    ];
    let names = vec![
        "prompt",
        "chosen",
        "rejected",
        "responses",
        "ranks",
        "margin",
        "a1",
        "a2",
        "label",
        "info",
        "summaries",
        "choice",
        "text",
        "post",
        "role",
        "content",
        "instruction",
        "input",
        "labeler",
        "system",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(names.clone()), inner), 0..8).prop_map(|cells| {
                Value::Object(cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_kept_can_be_learned_from(row in soup()) {
        if let Ok(found) = preference(&row, "x") {
            prop_assert!(found.responses.len() >= 2 && found.responses.len() == found.ranks.len());
            prop_assert!(!found.prompt.is_empty());
            prop_assert!(found.responses.iter().all(|answer| !answer.trim().is_empty()));
            prop_assert!(found.ranks.iter().min() < found.ranks.iter().max());
        }
    }
}
