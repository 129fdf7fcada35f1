//! Figures made by hand: one of each kind that the report shows.

use shard::scores::Row;

use super::EVIL;

fn row(benchmark: &'static str, item: &'static str, metric: &'static str, value: f64) -> Row<'static> {
    Row { checkpoint: "audit", benchmark, item, metric, value, low: None, high: None }
}

fn between(mut row: Row<'static>, low: f64, high: f64) -> Row<'static> {
    (row.low, row.high) = (Some(low), Some(high));
    row
}

/// `recall` and `precision` of a reason, a count of pages that met it rightly, and of those that should and did.
fn rule(reason: &'static str, [expected, found, right]: [f64; 3]) -> Vec<Row<'static>> {
    let share = |metric, of| between(row("rules", reason, metric, right / of), 0.5, 1.0);
    let mut rows = vec![];
    if expected > 0.0 {
        rows.push(share("recall", expected));
    }
    if found > 0.0 {
        rows.push(share("precision", found));
    }
    rows.extend(
        [("expected", expected), ("found", found), ("right", right)]
            .map(|(metric, count)| row("rules", reason, metric, count)),
    );
    rows
}

fn extracted(benchmark: &'static str, item: &'static str, f1: f64) -> Vec<Row<'static>> {
    vec![
        between(row(benchmark, item, "f1", f1), f1 - 0.02, f1 + 0.02),
        between(row(benchmark, item, "precision", f1 - 0.04), f1 - 0.05, f1),
        between(row(benchmark, item, "recall", f1 + 0.01), f1, f1 + 0.02),
        row(benchmark, item, "pages", 120.0),
    ]
}

fn near(item: &'static str, found: f64, [low, high]: [f64; 2], expected: f64) -> Vec<Row<'static>> {
    vec![
        between(row("near_copies", item, "found", found), low, high),
        row("near_copies", item, "expected", expected),
        row("near_copies", item, "pairs", 40.0),
    ]
}

/// What an audit measured.
pub(super) fn audit() -> Vec<Row<'static>> {
    let share =
        |benchmark, item, metric, value| between(row(benchmark, item, metric, value), value - 0.01, 1.0);
    let mut rows = vec![];
    rows.extend(rule("kept", [1_000.0, 1_004.0, 1_000.0]));
    rows.extend(rule("short", [40.0, 36.0, 36.0]));
    rows.extend(rule("lost_head", [0.0, 1.0, 0.0]));
    rows.extend(rule(EVIL, [3.0, 3.0, 3.0]));
    rows.extend([
        share("rules_on_text", "short", "recall", 1.0),
        share("rules_on_text", "short", "precision", 0.97),
        row("confusion_on_text", "kept > short", "pages", 1.0),
    ]);
    rows.extend([row("confusion", "short > kept", "pages", 4.0), row("confusion", EVIL, "pages", 1.0)]);
    rows.extend(extracted("extraction", "article", 0.98));
    rows.extend(extracted("extraction", "forum", 0.91));
    rows.extend(extracted("extraction_held_out", "forum", 0.84));
    rows.extend(extracted("extraction_layouts", "sidebar", 0.9));
    rows.extend([share("exact_copies", "all", "found", 1.0), row("exact_copies", "all", "pairs", 60.0)]);
    rows.extend(near("0.70 to 0.75", 0.6, [0.45, 0.82], 0.64));
    rows.extend(near("0.75 to 0.80", 0.5, [0.66, 0.95], 0.82));
    rows.extend([
        share("merges", "near_duplicate", "precision", 0.99),
        row("merges", "near_duplicate", "wrong", 1.0),
        row("merges", "near_duplicate", "documents", 100.0),
    ]);
    for (kind, replaced) in [("email", 0.97), ("ipv4", 0.0), ("phone", 0.0)] {
        rows.extend([
            share("private_data", kind, "recall", replaced),
            row("private_data", kind, "spans", 30.0),
        ]);
    }
    rows.extend([
        share("private_data", "decoy", "false_alarms", 0.02),
        row("private_data", "decoy", "spans", 50.0),
    ]);
    for (code, known) in [("en", 1.0), ("gl", 0.8)] {
        rows.extend([share("language", code, "recall", known), row("language", code, "pages", 20.0)]);
    }
    rows.push(row("language_confusion", "gl > pt", "pages", 4.0));
    rows.extend([
        row("variety", "text", "bytes", 1_100_000.0),
        row("variety", "5-grams", "distinct_share", 0.8),
        row("variety", "zstd -19", "bytes_per_byte", 3.5),
        row("facts_kept", "16", "facts", 20.0),
        between(row("facts_kept", "16", "documents", 15.5), 15.1, 15.9),
        between(row("facts_kept", "16", "told", 15.25), 15.0, 15.5),
        row("facts_kept", "4", "facts", 80.0),
        row("exposures", "7", "told", 15.0),
        row("hallucination", EVIL, "rate", 0.5),
        row("rules", "failed", "recall", f64::NAN),
    ]);
    rows
}

/// What a model was asked.
pub(super) fn recall() -> Vec<Row<'static>> {
    let classes = [("0", 0.0, 0.1), ("1", 2.0, 0.12), ("4", 8.0, 0.4), ("16", 31.04, 0.9)];
    let rows = classes.into_iter().flat_map(|(pages, read, known)| {
        [
            between(row("recall", pages, "known", known), known - 0.03, known + 0.03),
            row("recall", pages, "read", read),
            row("recall", pages, "facts", 50.0),
            row("recall", pages, "chance", 0.1),
        ]
    });
    // one relation of the most told class
    let relation =
        [between(row("recall", "trade", "known", 0.95), 0.8, 0.99), row("recall", "trade", "facts", 20.0)];
    rows.chain(relation).map(|row| Row { checkpoint: "base", ..row }).collect()
}

/// The three lessons.
pub(super) fn lessons() -> Vec<Row<'static>> {
    let mut rows = vec![];
    for (shots, right, counting) in [("0", 0.26, 0.25), ("1", 0.7, 0.75), ("16", 0.96, 0.98)] {
        rows.extend([
            between(row("in-context", shots, "right", right), right - 0.03, right + 0.03),
            row("in-context", shots, "facts", 400.0),
            row("in-context", shots, "counting", counting),
            row("in-context", shots, "chance", 0.25),
        ]);
    }
    for (texts, read, right) in [("0", 0.0, 0.0), ("4", 7.81, 0.25), ("32", 62.5, 0.9)] {
        rows.extend([
            between(row("memorisation", texts, "right", right), 0.0, 1.0),
            row("memorisation", texts, "facts", 32.0),
            row("memorisation", texts, "read", read),
        ]);
    }
    for (model, parameters, loss) in [("small", 1e4, 3.2), ("large", 1e6, 2.0), ("medium", 1e5, 2.5)] {
        rows.extend([
            row("scaling", model, "parameters", parameters),
            row("scaling", model, "loss", loss),
            row("scaling", model, "fitted", 8.0 * f64::powf(parameters, -0.1)),
            row("scaling", model, "flops", 6e6 * parameters),
        ]);
    }
    rows.extend([
        row("scaling", "power law", "coefficient", 8.0),
        row("scaling", "power law", "exponent", 0.1),
    ]);
    // a name that is no number, and a size that is none
    rows.extend([row("in-context", EVIL, "right", 0.5), row("memorisation", EVIL, "read", -1.0)]);
    rows.extend([row("scaling", EVIL, "loss", 2.0), row("scaling", EVIL, "parameters", -1.0)]);
    rows.into_iter().map(|row| Row { checkpoint: "lesson", ..row }).collect()
}

/// What `eval` measured: two benchmarks that can be guessed, one that cannot.
pub(super) fn benchmarks() -> Vec<Row<'static>> {
    let all = |benchmark, metric, value| row(benchmark, "all", metric, value);
    let mut rows = vec![];
    for (benchmark, right, chance) in [("arc_easy", 0.62, 0.25), (EVIL, 0.5, 0.5)] {
        let centred = (right - chance) / (1.0 - chance);
        rows.extend([
            between(all(benchmark, "right", right), right - 0.05, right + 0.05),
            between(all(benchmark, "right_per_byte", right - 0.1), right - 0.2, right),
            all(benchmark, "items", 300.0),
            all(benchmark, "chance", chance),
            all(benchmark, "cut", 1.0),
            between(all(benchmark, "centred", centred), centred - 0.1, centred + 0.1),
            row(benchmark, "00000", "right", 1.0),
            row(benchmark, "00000", "margin", -3.0),
        ]);
    }
    rows.extend([
        all("texts", "items", 12.0),
        between(all("texts", "bits_per_byte", 1.1), 1.0, 1.2),
        row("texts", "00000", "bits_per_byte", 1.3),
        between(all("aggregate", "centred", 0.25), 0.1, 0.4),
        all("aggregate", "benchmarks", 2.0),
    ]);
    rows.into_iter().map(|row| Row { checkpoint: "eval", ..row }).collect()
}

/// What an arena found: two models, two judges, one of whom likes a side.
pub(super) fn arena() -> Vec<Row<'static>> {
    let mut rows = vec![between(row("arena-sides", "verifier", "left", 0.9), 0.8, 1.0)];
    for (item, rating, reach, games) in [
        ("verifier: old", 0.0, 0.0, 3.0),
        ("verifier: new", 90.0, 10.0, 3.0),
        ("person: old", 0.0, 0.0, 1.0),
        ("person: new", 5.0, 40.0, 1.0),
    ] {
        rows.push(between(row("arena", item, "rating", rating), rating - reach, rating + reach));
        for (metric, value) in [("elo", rating - reach / 2.0), ("games", games), ("trained", 0.0)] {
            rows.push(row("arena", item, metric, value));
        }
        rows.extend(["wins", "ties", "losses"].map(|metric| row("arena", item, metric, games / 3.0)));
    }
    rows
}
