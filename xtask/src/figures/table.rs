//! The lines of the table: what each figure is, and where it comes from.

use std::fmt::Write as _;

use pipeline::LockFile;

use super::kept::Kept;
use super::locked::Figures;
use crate::bench::Row;
use crate::lines::{figure, thousands};

/// One line of the README.
struct Line {
    what: &'static str,
    ours: String,
    beside: String,
    command: &'static str,
    /// When and on what it was measured.
    when: String,
    /// Whether a stranger can repeat it without data or programs from elsewhere.
    offline: &'static str,
}

/// Registries and no more: once fetched, no network.
const REGISTRIES: &str = "from registries";
/// Peers come from PyPI by `bench/install-peers`.
const PEERS: &str = "with the peers";
/// Pages that people labelled are not ours to hand on.
const LABELLED: &str = "no: bring labelled pages";

/// The table in Markdown; a figure that is neither locked nor kept has no line.
pub(super) fn render(lock: &LockFile, kept: &Kept) -> String {
    let figures = Figures(lock);
    let of_run = |what, ours: Option<String>, beside: Option<String>| {
        let when = lock.made.as_ref().map_or_else(String::new, |made| format!("{}, {}", made.date, made.cpu));
        let (beside, command) = (beside.unwrap_or_default(), "reproduce real");
        ours.map(|ours| Line { what, ours, beside, command, when, offline: REGISTRIES })
    };
    let of_bench = |what, name, command, offline| {
        let rows: Vec<&Row> = kept.named(name).collect();
        let first = rows.first()?;
        let beside: Vec<String> = rows.iter().filter_map(|row| beside(row)).collect();
        let when = format!("{}, {}", first.date, first.cpu);
        let ours = format!("{} {}", figure(first.ours), first.unit);
        Some(Line { what, ours, beside: beside.join("; "), command, when, offline })
    };
    let lines = [
        of_run("pages by FineWeb's rules", funnel(&figures), None),
        of_bench("filtering, per CPU-second", "filter", "bench filter FILE.warc.gz", PEERS),
        of_bench("main text, F1 over words", "extract/f1 all", "bench extract PAGES.jsonl", LABELLED),
        of_bench("main text, per CPU-second", "extract/speed", "bench extract PAGES.jsonl", LABELLED),
        of_bench("text to ids of GPT-4, one thread, first pass", "bpe/encode-cold", TEXTS, PEERS),
        of_bench("the same, later passes", "bpe/encode-warm", TEXTS, PEERS),
        of_bench("ids to text", "bpe/decode", TEXTS, PEERS),
        of_bench("learning a vocabulary, GPT-4's pattern", "bpe/train-gpt4", TEXTS, PEERS),
        of_bench("the same, GPT-2's pattern", "bpe/train-gpt2", TEXTS, PEERS),
        of_run("base model, bits per byte held out", bits(&figures), counted(&figures)),
        of_bench(
            "the training of `tiny`, loss held out",
            "model/curve",
            "bench model-curve runs/tiny",
            PEERS,
        ),
        of_bench("training steps", "model/train-small-eager", "bench model train-small", PEERS),
        of_bench("the same, compiled", "model/train-small-compile", "bench model train-small", PEERS),
        of_bench("ARC-Easy, SmolLM2-135M", "eval/arc_easy-right", EVAL, PEERS),
        of_bench("PIQA", "eval/piqa-right", EVAL, PEERS),
        of_bench("OpenBookQA", "eval/openbook_qa-right_per_byte", EVAL, PEERS),
        of_bench("LAMBADA", "eval/lambada_openai-right", EVAL, PEERS),
        of_run("sums, before reinforcement", right(&figures, "before"), None),
        of_run("sums, after a short one", right(&figures, "after"), None),
        of_run(
            "the right of two answers, by a reward head",
            judged(&figures),
            Some("chance: 50 %".to_owned()),
        ),
    ];
    let mut text =
        "| | deepdive | beside | `cargo xtask …` | measured | can be repeated |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for Line { what, ours, beside, command, when, offline } in lines.into_iter().flatten() {
        let cells = [what, &ours, &beside, &format!("`{command}`"), &when, offline];
        writeln!(text, "| {} |", cells.join(" | ")).expect("a String takes all");
    }
    text
}

/// `bench/bpe/corpus.py` makes the texts of what every Rust installation has.
const TEXTS: &str = "bench bpe TEXTS.jsonl";
const EVAL: &str = "bench eval runs/real";

/// What a peer did, and how much more or less that is.
fn beside(row: &Row) -> Option<String> {
    let (peer, version) = (row.peer?, row.peer_version.as_ref()?);
    let ratio = match row.ratio {
        // scores and shares are compared as they stand
        Some(ratio) if !matches!(row.unit.as_str(), "F1" | "share" | "nats/token") => {
            format!(" (×{ratio:.2})")
        }
        _ => String::new(),
    };
    Some(format!("{version}: {}{ratio}", figure(peer)))
}

fn funnel(figures: &Figures) -> Option<String> {
    let pages = figures.count("web", "pages")?;
    let (kept, left) = (figures.count("filter", "kept")?, figures.count("dedup", "kept")?);
    let cpu = figures.cpu(&["filter", "dedup"])?;
    let [pages, kept, left] = [pages, kept, left].map(thousands);
    Some(format!("{pages} pages, {kept} kept, {left} once copies are out; {cpu:.0} CPU-seconds"))
}

fn bits(figures: &Figures) -> Option<String> {
    Some(format!("{:.3}", figures.metric("base", "validation_bits_per_byte")?))
}

fn counted(figures: &Figures) -> Option<String> {
    Some(format!("5-gram (Kneser-Ney): {:.3}", figures.metric("base", "ngram_bits_per_byte")?))
}

fn right(figures: &Figures, stage: &str) -> Option<String> {
    figures.share(stage, "right", "questions")
}

fn judged(figures: &Figures) -> Option<String> {
    let accuracy = figures.metric("reward", "accuracy_held_out")?;
    Some(format!(
        "{:.1} % of pairs, {} questions held out",
        100.0 * accuracy,
        figures.count("reward", "held_out")?
    ))
}
