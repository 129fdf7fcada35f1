//! Pictures and sounds through a whole run: made up, encoded, learned from, asked about, drawn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use common::House;
use serde_json::Value;

/// Settings of a model that is trained in no time.
const SMALL: &str = "model = { context = 192, width = 16, layers = 1, heads = 1, kv_heads = 1, hidden = 32 }\nsteps = 3\n\
                     rows = 2\nvalidate_every = 0\nschedule = { warmup_steps = 1 }\n";

fn small(house: &House, lesson: &str, first: &str, last: &str) {
    let text = format!(
        "extends = \"lessons/{lesson}\"\n[[stage]]\nname = \"{first}\"\nwith = {{ shown = 40, tested = 8 }}\n\
         [[stage]]\nname = \"base\"\n[stage.with]\n{SMALL}[[stage]]\nname = \"{last}\"\n[stage.with]\nepochs = 1\nrows = 4\n"
    );
    house.write(&format!("{lesson}.toml"), &text);
}

fn counters(house: &House, run: &str, stage: &str) -> Value {
    house.manifest(run, stage)["counters"].clone()
}

#[test]
fn seeing() {
    let house = House::new();
    small(&house, "see", "shapes", "sees");
    house.done(&["reproduce", "see.toml", "--threads", "1"]);
    let ids = counters(&house, "see", "ids");
    assert_eq!((&ids["media"], &ids["media_documents"]), (&Value::from(48), &Value::from(40)));
    assert_eq!(ids["in"], ids["kept"], "nothing of what was made up is left out");
    let drawn = counters(&house, "see", "drawn");
    let asked = drawn["asked"].as_u64().unwrap();
    assert!((3..=8).contains(&asked), "pictures of one sort of shape are asked for: {asked}");

    let again = House::new();
    small(&again, "see", "shapes", "sees");
    again.done(&["reproduce", "see.toml", "--threads", "2"]);
    assert_eq!(house.contents("see"), again.contents("see"), "threads change no byte");
}

#[test]
fn hearing() {
    let house = House::new();
    small(&house, "hear", "sounds", "hears");
    house.done(&["reproduce", "hear.toml"]);
    let ids = counters(&house, "hear", "ids");
    assert_eq!((&ids["media"], &ids["in"]), (&Value::from(48), &ids["kept"]));
}

#[test]
fn what_codes_give_back_is_still_recognised() {
    use codec::{Codec, Grid, Image, KMeans, Media, Owned, PatchCodec, Quantiser};
    use fixtures::gallery::{Gallery, Medium, Raster, Shapes, recognise};

    const TESTED: u64 = 400;
    let (shapes, grid) = (Shapes { seed: 5, edge: 32, most: 4 }, Grid::default());
    let picture = |medium: Medium| match medium {
        Medium::Picture(Raster { width, height, pixels }) => Image::new(width, height, pixels).unwrap(),
        Medium::Sound(_) => panic!("shapes are seen"),
    };
    let patches: Vec<f32> = (0..400).flat_map(|at| grid.patches(&picture(shapes.shown(at).medium))).collect();
    let settings = KMeans { codes: 512, ..KMeans::default() };
    let quantiser = Quantiser::learn(grid.dim(), &patches, 1, &settings).unwrap();
    let codec = PatchCodec::new(grid, quantiser, 0).unwrap();
    let right = (0..TESTED).filter(|at| {
        let exhibit = shapes.tested(*at);
        let mut ids = vec![];
        codec.encode(&Media::Image(&picture(exhibit.medium)), &mut ids).unwrap();
        let Owned::Image(decoded) = codec.decode(&ids).unwrap() else { panic!("a picture stays one") };
        let raster = Raster { width: 32, height: 32, pixels: decoded.pixels().to_vec() };
        recognise(&raster).as_deref() == Some(exhibit.caption.as_str())
    });
    let share = right.count() as f64 / TESTED as f64;
    assert!(share >= 0.98, "{share} of pictures are recognised after they were codes");
}

/// A PNG of one grey.
fn png(grey: u8) -> Vec<u8> {
    let picture = codec::Image::new(8, 8, vec![grey; 192]).unwrap();
    codec::files::write_png(&picture).unwrap()
}

/// A pipeline of files in `media`, up to their ids.
fn files(house: &House, settings: &str) -> String {
    let text = format!(
        "seed = 1\n[[stage]]\nname = \"files\"\nuse = \"media-files\"\n[stage.with]\nfiles = [\"media/*\"]\n{settings}\n\
         [[stage]]\nname = \"tokenizer\"\nuse = \"bpe-train\"\nfrom = {{ documents = \"files/documents\" }}\n\
         with = {{ vocab_size = 290 }}\n\
         [[stage]]\nname = \"codes\"\nuse = \"codec-train\"\nfrom = {{ media = \"files/media\", tokenizer = \"tokenizer\" }}\n\
         with = {{ image = {{ cut = {{ edge = 8, patch = 4 }}, codes = 8 }} }}\n\
         [[stage]]\nname = \"ids\"\nuse = \"codec-encode\"\n[stage.from]\nmedia = \"files/media\"\n\
         tokenizer = \"codes/tokenizer\"\nconversations = \"files/conversations\"\nproblems = \"files/problems\"\n"
    );
    house.write("own.toml", &text);
    "own.toml".to_owned()
}

#[test]
fn files_of_ones_own() {
    let house = House::new();
    std::fs::create_dir(house.path().join("media")).unwrap();
    let media =
        |name: &str, bytes: &[u8]| std::fs::write(house.path().join("media").join(name), bytes).unwrap();
    for (at, grey) in [0, 40, 80, 120, 160, 200].into_iter().enumerate() {
        media(&format!("{at}_grey.png"), &png(grey));
    }
    // a picture that is none, one without a caption, and something else
    media("6_grey.png", &png(1)[..40]);
    media("nameless.png", &png(2));
    media("README", b"nothing to see");
    let pipeline = files(&house, "caption = '^(\\d)_'\ntested = '^5'\ncollection = \"greys\"");
    house.done(&["reproduce", &pipeline]);
    let counted = counters(&house, "own", "files");
    for (counter, count) in [
        ("in", 8),
        ("kept", 6),
        ("shown", 5),
        ("tested", 1),
        ("other_files", 1),
        ("dropped.unreadable", 1),
        ("dropped.no_caption", 1),
    ] {
        assert_eq!(counted[counter], count, "{counter}: {counted}");
    }
    let ids = counters(&house, "own", "ids");
    assert_eq!((&ids["media"], &ids["conversations"], &ids["problems"]), (&6.into(), &5.into(), &1.into()));
}

#[test]
fn media_that_nobody_can_use_is_refused_by_name() {
    let house = House::new();
    std::fs::create_dir(house.path().join("media")).unwrap();
    std::fs::write(house.path().join("media/1_grey.png"), b"no picture").unwrap();
    let pipeline = files(&house, "caption = '^(\\d)_'");
    let refused = |pipeline: &str| {
        let output = house.run(&["reproduce", pipeline]);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refused(&pipeline);
    assert!(said.contains("no picture and no sound could be read"), "{said}");

    std::fs::write(house.path().join("media/1_grey.png"), png(9)).unwrap();
    let pipeline = files(&house, "caption = '(('");
    assert!(refused(&pipeline).contains("a regular expression"));
}
