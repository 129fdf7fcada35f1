//! A run with codecs: pictures and sounds in its report, those of strangers too.

use std::fs;
use std::path::Path;

use codec::files::{write_png, write_wav};
use codec::{
    Codec, Codecs, Grid, Image, KMeans, Media, Mel, MelCodec, Owned, PatchCodec, Quantiser, Sound, Strip,
};
use serde_json::{Value, json};
use shard::{MediaKind, Scores, media, scores};

use super::{EVIL, manifest, reported, run, shard};

/// A ramp of colours.
fn picture() -> Image {
    Image::new(8, 8, (0..192).map(|at| at as u8).collect()).unwrap()
}

/// A tone that rises.
fn sound() -> Sound {
    let wave = (0..1_600_i32).map(|at| ((at * at / 40 % 64) as f32 - 32.0) / 64.0);
    Sound::new(8_000, wave.collect()).unwrap()
}

fn codecs() -> Codecs {
    let grid = Grid { edge: 8, patch: 4 };
    let strip = Strip { mel: Mel { bands: 8, ..Mel::default() }, ..Strip::default() };
    let learned = |dim, points: &[f32], levels| {
        Quantiser::learn(dim, points, levels, &KMeans { codes: 4, ..KMeans::default() }).unwrap()
    };
    let seen = learned(grid.dim(), &grid.patches(&picture()), 1);
    let heard = learned(strip.dim(), &strip.stacks(&sound()).unwrap(), 2);
    Codecs {
        image: Some(PatchCodec::new(grid, seen, 300).unwrap()),
        sound: Some(MelCodec::new(strip, heard, 304).unwrap()),
    }
}

/// A file, its kind, its codes.
struct File {
    kind: MediaKind,
    bytes: Vec<u8>,
    ids: Vec<u32>,
}

impl File {
    fn of(owned: &Owned) -> Self {
        let mut ids = vec![];
        codecs().encode(&owned.media(), &mut ids).unwrap();
        let (kind, bytes) = match owned.media() {
            Media::Image(picture) => (MediaKind::Image, write_png(picture).unwrap()),
            Media::Sound(sound) => (MediaKind::Audio, write_wav(sound).unwrap()),
        };
        Self { kind, bytes, ids }
    }

    fn row<'a>(&'a self, name: &'a str, caption: &'a str) -> media::Row<'a> {
        let (caption, ids) = (Some(caption), Some(&self.ids[..]));
        media::Row { name, source: "", kind: self.kind, bytes: &self.bytes, caption, ids }
    }
}

fn figures(rows: &[(&'static str, &'static str, &'static str, f64)]) -> Vec<scores::Row<'static>> {
    let row = |&(benchmark, item, metric, value): &(&'static str, &'static str, &'static str, f64)| {
        let share = matches!(metric, "right" | "well_formed" | "first" | "codes_used");
        let [low, high] = [-0.1_f64, 0.1].map(|reach| share.then(|| (value + reach).clamp(0.0, 1.0)));
        scores::Row { checkpoint: "by hand", benchmark, item, metric, value, low, high }
    };
    rows.iter().map(row).collect()
}

fn score(stage: &Path, rows: &[(&'static str, &'static str, &'static str, f64)]) -> Value {
    shard::<Scores>(stage, "scores", &figures(rows))
}

/// Stages `base`, `exam` and `lesson` of the run become one that made codes, one that drew and one that found.
fn with_codecs(directory: &Path) {
    run(directory);
    let [base, exam, lesson] = ["base", "exam", "lesson"].map(|name| directory.join(name));

    fs::create_dir_all(base.join("tokenizer")).unwrap();
    codecs().save(&base.join("tokenizer")).unwrap();
    let (seen, heard) = (File::of(&Owned::Image(picture())), File::of(&Owned::Sound(sound())));
    let broken =
        File { kind: MediaKind::Image, bytes: b"\x89PNG\r\n\x1a\n, says it".to_vec(), ids: vec![300; 4] };
    let uncoded = File { ids: vec![7; 4], ..File::of(&Owned::Image(picture())) };
    let shown = [
        seen.row("1/original", EVIL),
        seen.row("1/decoded", EVIL),
        heard.row("2/original", "a tone that rises"),
        heard.row("2/decoded", "a tone that rises"),
        broken.row("3/original", "no picture"),
        seen.row("3/decoded", "no picture"),
        uncoded.row("4/original", "no codes"),
        uncoded.row("4/decoded", "no codes"),
        // a half of a pair, and one that is none
        seen.row("5/decoded", "alone"),
        seen.row(EVIL, "alone"),
    ];
    let codec = [
        ("codec", "image", "media", 30.0),
        ("codec", "image", "vectors", 120.0),
        ("codec", "image", "mean_squared_error", 0.0016),
        ("codec", "image", "psnr_db", 27.96),
        ("codec", "image", "codes_used", 0.75),
        ("codec", EVIL, "media", 1.0),
    ];
    let outputs = json!({
        "tokenizer": { "kind": "tokenizer/1", "files": [] },
        "examples": shard::<shard::Media>(&base, "examples", &shown),
        "scores": score(&base, &codec),
    });
    manifest(&base, &outputs, &json!({}), &json!({}));

    let judged = |file, source| media::Row { source, name: "1", ..file };
    let drawn = [
        judged(seen.row("", "a red circle"), "right"),
        judged(seen.row("", EVIL), "wrong"),
        judged(broken.row("", "a blue square"), "wrong"),
        judged(heard.row("", "a blue square"), "right"),
        media::Row { source: "malformed", caption: Some("a red circle"), ..Default::default() },
    ];
    let draw = [
        ("draw", "all", "asked", 5.0),
        ("draw", "all", "well_formed", 0.8),
        ("draw", "all", "right", 0.4),
        ("draw", "all", "first_right", 0.2),
        ("draw", "a red circle", "asked", 2.0),
        ("draw", "a red circle", "right", 0.5),
        ("draw", EVIL, "asked", 1.0),
    ];
    let outputs = json!({
        "drawn": shard::<shard::Media>(&exam, "drawn", &drawn),
        "scores": score(&exam, &draw),
    });
    manifest(&exam, &outputs, &json!({}), &json!({}));

    let retrieve = [
        ("retrieve", "caption", "candidates", 50.0),
        ("retrieve", "caption", "first", 0.3),
        ("retrieve", "caption", "first_by_chance", 0.02),
        ("retrieve", "caption", "among_best", 0.7),
        ("retrieve", "caption", "among_best_by_chance", 0.2),
        ("retrieve", "caption", "reciprocal_rank", 0.41),
        ("retrieve", "caption", "reciprocal_rank_by_chance", 0.09),
        ("retrieve", EVIL, "first", 0.5),
    ];
    manifest(&lesson, &json!({ "scores": score(&lesson, &retrieve) }), &json!({}), &json!({}));
}

#[test]
fn what_a_model_sees_hears_draws_and_finds() {
    let directory = tempfile::tempdir().unwrap();
    with_codecs(directory.path());
    let [markdown, html] = reported(directory.path());
    let (_, section) = markdown.split_once("## What it sees and hears").expect("it is there");
    let (section, rest) = section.split_once("\n## ").expect("it ends");
    insta::assert_snapshot!(section);
    assert!(!rest.contains("| codec |") && !rest.contains("| draw |"), "figures stand once");

    let (_, section) = html.split_once("<section id=\"senses\">").expect("it is there");
    let (section, _) = section.split_once("</section>").expect("it ends");
    let count = |what: &str| section.matches(what).count();
    // a picture twice, a sound's spectrograms, two drawings; and fields behind the codes of both
    assert_eq!([count("<img "), count("<image "), count("<audio controls")], [6, 2, 2]);
    assert_eq!(
        count("<img ") + count("<svg "),
        count("alt=\"") + count("aria-label=\"4 tokens") + count("aria-label=\"14 tokens")
    );
    assert_eq!([count("2 cannot be shown"), count("2 cannot be read")], [1, 1], "{section}");
    assert!(html.contains("img-src data:; media-src data:"), "the page may show what it brings");
    assert_eq!(reported(directory.path()), [markdown, html], "equal runs have equal reports");
}

#[test]
fn hostile_media_are_left_out_and_their_words_stay_text() {
    let directory = tempfile::tempdir().unwrap();
    with_codecs(directory.path());
    let [markdown, html] = reported(directory.path());
    let notes = |markdown: &str| markdown.matches("> Not shown: stage \"base\" cannot be shown").count();
    let before = notes(&markdown);
    assert!(!html.contains("<script") && !html.contains('\u{202e}'));
    let inside = html.match_indices(" src=\"").all(|(at, _)| html[at..].starts_with(" src=\"data:"));
    assert!(inside, "all of it is in the page");

    let folder = directory.path().join("base/tokenizer");
    fs::write(folder.join("codec.safetensors"), [0xff; 64]).unwrap();
    let [markdown, _] = reported(directory.path());
    assert_eq!(notes(&markdown), before + 1, "{markdown}");
    assert!(markdown.contains("### Drawn on request"), "the rest is there");
}

#[test]
fn a_run_without_codecs_has_no_such_section() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path());
    let [markdown, html] = reported(directory.path());
    assert!(!html.contains("id=\"senses\"") && !html.contains("img-src"));
    assert!(!markdown.contains("What it sees"));
}
