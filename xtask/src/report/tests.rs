//! A run made by hand: what its report says, what hostile text becomes, what is missing.

mod scored;
mod senses;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use shard::battles::Outcome;
use shard::{
    Battles, Documents, Dropped, Metrics, Samples, Scores, Table, Writer, battles, documents, dropped,
    metrics, samples,
};

const EVIL: &str = "<script>alert(1)</script> \u{202e}```\n# not a heading | ' \"";

/// Writes one shard and returns its output as it stands in a manifest, with an invented size.
fn shard<T: Table>(stage: &Path, output: &str, rows: &[T::Row<'_>]) -> Value {
    let directory = stage.join(output);
    fs::create_dir_all(&directory).unwrap();
    let mut writer = Writer::<T>::create(&directory, "part-00000.parquet", "by hand").unwrap();
    for row in rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    let file = json!({ "name": "part-00000.parquet", "rows": rows.len(), "bytes": 1_000, "blake3": "00" });
    json!({ "kind": T::NAME, "files": [file] })
}

/// Settings that stand for those of a filter and a deduplication at once.
fn settings() -> Value {
    json!({ "name": EVIL, "pii": { "email": true, "ipv4": true }, "bands": 14, "rows": 8 })
}

fn manifest(stage: &Path, outputs: &Value, counters: &Value, metrics: &Value) {
    let manifest = json!({
        "key": "0123456789abcdef", "recipe": { "settings": settings() }, "outputs": outputs,
        "counters": counters, "metrics": metrics, "content": "fedcba9876543210fedc", "sources": "",
    });
    fs::write(stage.join("stage.json"), manifest.to_string()).unwrap();
}

/// A filter, a model that learned, its samples, an audit, an exam, and a stage whose output left the store.
fn run(directory: &Path) {
    let stages =
        ["filter", "base", "samples", "audit", "exam", "lesson", "eval"].map(|name| directory.join(name));
    for stage in &stages {
        fs::create_dir_all(stage).unwrap();
    }
    let [filter, base, samples, audit, exam, lesson, eval] = stages;

    let row = dropped::Row { source: "a.warc.gz", offset: 7, stage: "filter", ..Default::default() };
    let short =
        dropped::Row { reason: "short", url: Some("https://a.example/"), detail: Some("3 words"), ..row };
    let refused = [
        short,
        dropped::Row { text: Some(EVIL), url: Some("javascript:alert(1)"), ..short },
        dropped::Row { reason: "truncated", kind: dropped::Kind::Damage, ..row },
    ];
    let kept = [documents::Row { text: EVIL, url: EVIL, language: "en", ..Default::default() }];
    let outputs = json!({
        "documents": shard::<Documents>(&filter, "documents", &kept),
        "dropped": shard::<Dropped>(&filter, "dropped", &refused),
    });
    let counters =
        json!({ "in": 4, "kept": 1, "dropped.short": 2, "dropped.truncated": 1, "other_records": 9 });
    manifest(&filter, &outputs, &counters, &json!({}));
    // the run found it cached; this is what it cost when it was made
    let timing = json!({ "cost": { "wall_s": 2.5, "cpu_s": 3.25, "peak_bytes": 5_000_000 }, "git": "abc" });
    fs::write(filter.join("timings.jsonl"), format!("{timing}\n")).unwrap();

    let values =
        [(1, "loss", 8.0), (2, "loss", 4.0), (3, "loss", f64::NAN), (4, "loss", 2.0), (4, "lr", 0.1)];
    let rows = values.map(|(step, name, value)| metrics::Row { step, name, value });
    let outputs = json!({ "metrics": shard::<Metrics>(&base, "metrics", &rows) });
    manifest(
        &base,
        &outputs,
        &json!({ "steps": 4, "flops": 1_200_000_000_000_000_u64 }),
        &json!({ "loss": 2.0 }),
    );

    let row = samples::Row { step: 4, prompt: "<b>", text: EVIL, tokens: 5, ended_by: "length" };
    let rows = [samples::Row { step: 2, text: "e e e", ..row }, row];
    let outputs = json!({ "samples": shard::<Samples>(&samples, "samples", &rows) });
    manifest(&samples, &outputs, &json!({ "samples": 2 }), &json!({}));

    let scored = [
        (&audit, scored::audit()),
        (&exam, scored::recall()),
        (&lesson, scored::lessons()),
        (&eval, scored::benchmarks()),
    ];
    for (stage, rows) in scored {
        let outputs = json!({ "scores": shard::<Scores>(stage, "scores", &rows) });
        manifest(stage, &outputs, &json!({}), &json!({}));
    }

    let stages = [("filter", "cached"), ("base", "done"), ("samples", "done"), ("audit", "done")];
    let stages = stages
        .into_iter()
        .chain([("exam", "done"), ("lesson", "done"), ("eval", "done"), ("gone", "cached")])
        .map(|(name, how)| {
            let cost = json!({ "wall_s": 0.5, "cpu_s": 1.0, "peak_bytes": 2_000_000 });
            json!({
                "name": name, "use": name, "key": "0123456789abcdef", "how": how, "numeric": name == "base",
                "from": if name == "audit" { json!({ "documents": "filter/documents" }) } else { json!({}) },
                "cost": cost,
            })
        });
    let stages: Vec<Value> = stages.collect();
    let record = json!({
        "pipeline": "by-hand", "about": EVIL, "seed": 7, "kernels": "scalar", "finished_unix_s": 0,
        "program": { "git": "abc", "rustc": "rustc 1.0" }, "stages": stages,
    });
    fs::write(directory.join("run.json"), record.to_string()).unwrap();
}

fn reported(directory: &Path) -> [String; 2] {
    super::write(directory).unwrap();
    ["report.md", "report.html"].map(|name| fs::read_to_string(directory.join(name)).unwrap())
}

#[test]
fn the_report_of_a_run_made_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let [markdown, html] = reported(directory.path());
    insta::assert_snapshot!(markdown);
    let training = html.split_once("id=\"training\"").expect("it learned").1;
    assert!(!training.contains("class=\"beside\""), "charts of training stand beside one another");
    assert_eq!(reported(directory.path()), [markdown, html], "equal runs have equal reports");
}

#[test]
fn hostile_text_stays_text() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let [_, html] = reported(directory.path());
    for danger in
        ["<script", "</blockquote> <", "\u{202e}", "href=\"java", "http-equiv=\"refresh", "<b>", "<img"]
    {
        let lower = html.to_lowercase();
        // our own markup has bold figures; the sample's prompt is not among them
        let count =
            lower.matches(danger).count() - lower.matches("<b>").count() * usize::from(danger == "<b>");
        assert_eq!(count, 0, "{danger}");
    }
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt; ⟨U+202E⟩"),
        "escaped, and still to be read"
    );
    assert!(html.contains("<b class=\"prompt\">&lt;b&gt;</b>"));
    let anchor = |(at, _)| html[at..].split('"').nth(1).unwrap();
    let mut anchors: Vec<&str> = html.match_indices("href=").map(anchor).collect();
    anchors.retain(|anchor| !anchor.starts_with('#'));
    assert_eq!(anchors, ["http://127.0.0.1:8128/"], "nothing leads out of this machine");
}

#[test]
fn the_name_of_a_metric_is_no_markup() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let base = directory.path().join("base");
    let values = [(1, 1.0), (2, 2.0)];
    let rows = values.map(|(step, value)| metrics::Row { step, name: "<b>*x*", value });
    let outputs = json!({ "metrics": shard::<Metrics>(&base, "metrics", &rows) });
    manifest(&base, &outputs, &json!({}), &json!({}));
    let [markdown, _] = reported(directory.path());
    assert!(markdown.contains("**\\<b\\>\\*x\\***, value"), "{markdown}");
}

#[test]
fn what_cannot_be_read_is_noted() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    fs::write(directory.path().join("filter/dropped/part-00000.parquet"), "no shard").unwrap();
    fs::remove_dir_all(directory.path().join("samples/samples")).unwrap();
    let [markdown, html] = reported(directory.path());
    for stage in ["filter", "samples"] {
        assert!(markdown.contains(&format!("stage \"{stage}\" cannot be shown")), "{markdown}");
    }
    assert!(html.contains("the output of stage &quot;gone&quot; is gone"));
    assert!(html.contains("id=\"kept\"") && !html.contains("id=\"drops\""), "the rest is there");
}

#[test]
fn a_run_without_stages_has_a_report() {
    let directory = tempfile::tempdir().unwrap();
    let record =
        json!({ "pipeline": "empty", "seed": 1, "kernels": "none", "finished_unix_s": 0, "stages": [] });
    fs::write(directory.path().join("run.json"), record.to_string()).unwrap();
    let [markdown, html] = reported(directory.path());
    assert!(markdown.starts_with("# empty\n") && html.contains("<h1>empty</h1>"));
}

#[test]
fn a_copy_is_shown_beside_the_one_that_stayed() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let (filter, base) = (directory.path().join("filter"), directory.path().join("base"));
    let kept = ["copy of a text", "that text itself"].map(|text| documents::Row {
        text,
        id: &text[..4],
        ..Default::default()
    });
    manifest(
        &filter,
        &json!({ "documents": shard::<Documents>(&filter, "documents", &kept) }),
        &json!({}),
        &json!({}),
    );
    let row = dropped::Row { id: Some("copy"), detail: Some("that"), reason: "copy", ..Default::default() };
    manifest(
        &base,
        &json!({ "dropped": shard::<Dropped>(&base, "dropped", &[row]) }),
        &json!({}),
        &json!({}),
    );
    let record = fs::read_to_string(directory.path().join("run.json")).unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    record["stages"][1]["from"] = json!({ "documents": "filter/documents" });
    fs::write(directory.path().join("run.json"), record.to_string()).unwrap();
    let [markdown, _] = reported(directory.path());
    assert!(markdown.contains("```text\ncopy of a text\n```\n\nThat one stayed"), "{markdown}");
    assert!(markdown.contains("```text\nthat text itself\n```"), "{markdown}");
}

#[test]
fn an_outside_program_may_have_reasons_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let filter = directory.path().join("filter");
    let row = dropped::Row { source: "a", stage: "filter", reason: "dull", ..Default::default() };
    let outputs = json!({ "dropped": shard::<Dropped>(&filter, "dropped", &[row, row]) });
    let counters = json!({ "in": 9, "kept": 4, "dropped.told_by_the_program": 2, "dropped.not_told": 3 });
    manifest(&filter, &outputs, &counters, &json!({}));
    let [markdown, _] = reported(directory.path());
    assert!(markdown.contains("  dull  ") && markdown.contains("  (no row says why)  "), "{markdown}");
    assert!(!markdown.contains("told_by_the_program"), "{markdown}");
}

#[test]
fn an_arena_has_a_board_for_each_judge_and_battles_to_look_at() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let base = directory.path().join("base");
    let battle = battles::Row {
        prompt_id: 1,
        asked: EVIL,
        left: "old",
        right: "new",
        judge: "verifier",
        outcome: Outcome::Right,
        left_text: "",
        right_text: EVIL,
    };
    let rows = [
        battles::Row { outcome: Outcome::Left, left_text: "the worse one won", ..battle },
        battles::Row { outcome: Outcome::Tie, left_text: "nobody won", ..battle },
        battle,
    ];
    let outputs = json!({
        "battles": shard::<Battles>(&base, "battles", &rows),
        "scores": shard::<Scores>(&base, "scores", &scored::arena()),
    });
    manifest(&base, &outputs, &json!({}), &json!({}));
    let [markdown, html] = reported(directory.path());
    let (_, arena) = markdown.split_once("## The arena").expect("it is there");
    let (arena, _) = arena.split_once("## What was left out").expect("it ends");
    assert!(
        arena.contains("base, by verifier: new stands 90 points above old, and the intervals"),
        "{arena}"
    );
    assert!(arena.contains("| new | 90 (80–100) | 85 | 3 | 1 | 1 | 1 |"), "{arena}");
    assert!(arena.contains("so the judge likes a side") && arena.contains("by person: "), "{arena}");
    assert!(arena.contains("new, preferred:") && arena.contains("(nothing)"), "{arena}");
    assert!(!arena.contains("worse one won") && !arena.contains("nobody won"), "{arena}");
    assert!(!html.contains("<script"), "what was answered stays text");
}
