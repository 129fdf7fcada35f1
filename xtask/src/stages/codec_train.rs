//! `codec-train`: learns codebooks for pictures and sounds, and widens a vocabulary by their codes.

use std::fs;

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use codec::files::{write_png, write_wav};
use codec::{Codec, Codecs, Grid, KMeans, Media, MelCodec, Owned, PatchCodec, Quantiser, Strip};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{MediaKind, Scores, Table, media};

use super::folder::copy_tree;
use super::scores::Sheet;
use super::{medium, shards};

/// Codebooks for pictures and sounds by k-means, and a tokenizer whose vocabulary has their codes after its own tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodecTrain {
    /// How pictures become codes; without it the model sees nothing.
    pub image: Option<Cut<Grid>>,
    /// How sounds become codes; without it the model hears nothing.
    pub sound: Option<Cut<Strip>>,
    /// Codebooks are learned from media whose source ends with one of these; what is lost is measured on all others.
    pub sources: Vec<String>,
    /// Patches, and stacks of frames, that a codebook is learned from at most, evenly taken from all.
    #[schemars(extend("unit" = "vectors"))]
    pub vectors: usize,
    /// Rounds of k-means at most.
    #[schemars(extend("unit" = "rounds", "source" = "Lloyd 1982"))]
    pub rounds: usize,
    /// Examples of each kind to look at.
    #[schemars(extend("unit" = "examples"))]
    pub examples: usize,
}

/// How media of a kind become codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cut<T: Default> {
    /// How it is cut.
    pub cut: T,
    /// Codes of a level.
    #[schemars(extend("unit" = "codes"))]
    pub codes: usize,
    /// Codebooks, each for what those before it lost: so many ids stand for a patch or a stack.
    #[schemars(extend("unit" = "levels", "source" = "Zeghidour et al. 2021, arXiv 2107.03312"))]
    pub levels: usize,
}

impl<T: Default> Default for Cut<T> {
    fn default() -> Self {
        Self { cut: T::default(), codes: 256, levels: 1 }
    }
}

impl Default for CodecTrain {
    fn default() -> Self {
        Self {
            image: None,
            sound: None,
            sources: vec!["/shown".to_owned()],
            vectors: 50_000,
            rounds: 100,
            examples: 8,
        }
    }
}

/// Most codes of all levels: a vocabulary of so many more is no longer a small one.
const MOST_CODES: usize = 1 << 16;

impl Stage for CodecTrain {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![Slot::new("media", shard::Media::NAME), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![
                Output::new("tokenizer", "tokenizer/1"),
                Output::new("scores", Scores::NAME),
                Output::new("examples", shard::Media::NAME),
            ],
            sources: &["codec", "bpe"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no codebook").on(on).got(got).expected(expected))
        };
        let sizes = [
            ("/image", self.image.as_ref().map(|image| (image.codes, image.levels, image.cut.check()))),
            ("/sound", self.sound.as_ref().map(|sound| (sound.codes, sound.levels, sound.cut.check()))),
        ];
        if sizes.iter().all(|(_, cut)| cut.is_none()) {
            return wrong("/image", "neither `image` nor `sound`".into(), "one of them, or both");
        }
        for (on, cut) in sizes {
            let Some((codes, levels, cut)) = cut else { continue };
            if let Err(error) = cut {
                return wrong(&format!("{on}/cut"), error.to_string(), "a cut that can be made");
            }
            if !(1..=MOST_CODES).contains(&codes.saturating_mul(levels)) {
                let got = format!("{codes} codes in {levels} levels");
                return wrong(on, got, "from 1 to 65,536 codes in all");
            }
        }
        if self.vectors == 0 {
            return wrong("/vectors", "0".into(), "1 or more");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let folder = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(folder)?;
        let mut codecs = Codecs::default();
        let mut first = bpe.vocabulary().size() as u32;
        if let Some(Cut { cut, codes, levels }) = &self.image {
            let points = self.points(io, MediaKind::Image, cut.dim(), |owned| match owned {
                Owned::Image(picture) => Ok(cut.patches(picture)),
                Owned::Sound(_) => Ok(vec![]),
            })?;
            let quantiser = self.learn(io, "image", cut.dim(), &points, (*codes, *levels))?;
            let codec = PatchCodec::new(*cut, quantiser, first)?;
            first = codec.ids().end;
            codecs.image = Some(codec);
        }
        if let Some(Cut { cut, codes, levels }) = &self.sound {
            let points = self.points(io, MediaKind::Audio, cut.dim(), |owned| match owned {
                Owned::Sound(sound) => cut.stacks(sound),
                Owned::Image(_) => Ok(vec![]),
            })?;
            let quantiser = self.learn(io, "sound", cut.dim(), &points, (*codes, *levels))?;
            codecs.sound = Some(MelCodec::new(cut.clone(), quantiser, first)?);
        }

        let output = io.output("tokenizer")?;
        copy_tree(folder, &output)?;
        fs::remove_file(output.join("tokenizer.json")).context("a tokenizer has a tokenizer.json")?;
        bpe.widened(codecs.names())?.save(&output)?;
        codecs.save(&output)?;
        io.add_tree("tokenizer")?;
        self.measure(io, task, &codecs)
    }
}

impl CodecTrain {
    fn learns_from(&self, source: &str) -> bool {
        self.sources.iter().any(|end| source.ends_with(end.as_str()))
    }

    /// Vectors of all media of a kind that there is to learn from, thinned out to `self.vectors`: every n-th, so that all
    /// media have their share. Media that cannot be read are left out; `codec-encode` tells of each.
    fn points(
        &self,
        io: &Io,
        kind: MediaKind,
        dim: usize,
        cut: impl Fn(&Owned) -> codec::Result<Vec<f32>> + Sync,
    ) -> anyhow::Result<Vec<f32>> {
        // first how many there are, then every n-th of them: two passes, and never more in memory than is learned from
        let mut count = 0_usize;
        self.each(io, kind, &cut, |points| count += points.len() / dim)?;
        if count == 0 {
            let sources = self.sources.join(", ");
            let fault = Fault::new(format!("there is no {} to learn codes from", kind.name()))
                .on("/sources")
                .got(sources)
                .expected("what sources of the media end with");
            return Err(Error::Input(fault).into());
        }
        let (mut taken, mut at) = (Vec::with_capacity(self.vectors.min(count) * dim), 0_usize);
        self.each(io, kind, &cut, |points| {
            for point in points.chunks_exact(dim) {
                // the place of this one among those that are taken is a whole number
                if count <= self.vectors || at * self.vectors / count != (at + 1) * self.vectors / count {
                    taken.extend_from_slice(point);
                }
                at += 1;
            }
        })?;
        io.count(&format!("{}_vectors", kind.name()), count as u64);
        Ok(taken)
    }

    fn each(
        &self,
        io: &Io,
        kind: MediaKind,
        cut: &(impl Fn(&Owned) -> codec::Result<Vec<f32>> + Sync),
        mut see: impl FnMut(&[f32]),
    ) -> anyhow::Result<()> {
        for batch in shards::read_all::<shard::Media>(io.input("media")?) {
            let batch = batch?;
            let rows: Vec<media::Row<'_>> =
                batch.rows().filter(|row| row.kind == kind && self.learns_from(row.source)).collect();
            let cut: Vec<Vec<f32>> = rows
                .par_iter()
                .map(|row| medium::read(row).and_then(|owned| cut(&owned)).unwrap_or_default())
                .collect();
            for points in &cut {
                see(points);
            }
        }
        Ok(())
    }

    fn learn(
        &self,
        io: &Io,
        what: &str,
        dim: usize,
        points: &[f32],
        (codes, levels): (usize, usize),
    ) -> anyhow::Result<Quantiser> {
        let seed = io.seed(&format!("{what} codes"));
        let settings = KMeans { codes, rounds: self.rounds, seed, ..KMeans::default() };
        let quantiser = Quantiser::learn(dim, points, levels, &settings)?;
        io.metric(&format!("{what}_error"), quantiser.error(points));
        Ok(quantiser)
    }

    /// What encoding loses of media that no codebook was learned from, how evenly codes are used, and examples.
    fn measure(&self, io: &Io, task: Task, codecs: &Codecs) -> anyhow::Result<()> {
        let mut examples = shards::create::<shard::Media>(io, "examples", &task.shard())?;
        let mut losses = [
            Loss::new(codecs.image.as_ref().map(PatchCodec::quantiser)),
            Loss::new(codecs.sound.as_ref().map(MelCodec::quantiser)),
        ];
        for batch in shards::read_all::<shard::Media>(io.input("media")?) {
            for row in batch?.rows().filter(|row| !self.learns_from(row.source)) {
                let (nth, points) = match (medium::read(&row), codecs) {
                    (Ok(Owned::Image(picture)), Codecs { image: Some(codec), .. }) => {
                        (0, codec.grid().patches(&picture))
                    }
                    (Ok(Owned::Sound(sound)), Codecs { sound: Some(codec), .. }) => {
                        let Ok(stacks) = codec.strip().stacks(&sound) else { continue };
                        (1, stacks)
                    }
                    _ => continue,
                };
                let loss = &mut losses[nth];
                loss.take(&points);
                if loss.media <= self.examples {
                    example(&row, codecs, &mut examples)?;
                }
            }
        }
        let mut sheet = Sheet::default();
        for (item, loss) in ["image", "sound"].into_iter().zip(&losses) {
            loss.tell(item, &mut sheet);
        }
        sheet.finish(io, task)?;
        shards::finish(io, "examples", examples)
    }
}

/// What a quantiser loses.
struct Loss<'a> {
    quantiser: Option<&'a Quantiser>,
    media: usize,
    vectors: usize,
    squares: f64,
    used: Vec<u64>,
}

impl<'a> Loss<'a> {
    fn new(quantiser: Option<&'a Quantiser>) -> Self {
        let used = vec![0; quantiser.map_or(0, Quantiser::size)];
        Self { quantiser, media: 0, vectors: 0, squares: 0.0, used }
    }

    fn take(&mut self, points: &[f32]) {
        let Some(quantiser) = self.quantiser else { return };
        self.media += 1;
        self.vectors += points.len() / quantiser.dim();
        self.squares += quantiser.error(points) * points.len() as f64;
        let mut codes = vec![];
        quantiser.encode(points, &mut codes);
        for code in codes {
            self.used[code as usize] += 1;
        }
    }

    fn tell(&self, item: &str, sheet: &mut Sheet) {
        let Some(quantiser) = self.quantiser.filter(|_| self.vectors > 0) else { return };
        let error = self.squares / (self.vectors * quantiser.dim()) as f64;
        let codes = self.used.iter().filter(|count| **count > 0).count();
        sheet.figure(BENCHMARK, item, "media", self.media as f64);
        sheet.figure(BENCHMARK, item, "vectors", self.vectors as f64);
        sheet.figure(BENCHMARK, item, "mean_squared_error", error);
        // of values from 0 to 1
        sheet.figure(BENCHMARK, item, "psnr_db", -10.0 * error.max(1e-12).log10());
        sheet.share(BENCHMARK, item, "codes_used", codes as u64, self.used.len() as u64);
    }
}

const BENCHMARK: &str = "codec";

/// A medium and what its ids give back, one after the other.
fn example(
    row: &media::Row<'_>,
    codecs: &Codecs,
    out: &mut shard::Writer<shard::Media>,
) -> anyhow::Result<()> {
    let original = medium::read(row)?;
    let mut ids = vec![];
    codecs.encode(&original.media(), &mut ids)?;
    let decoded = codecs.decode(&ids)?;
    for (what, owned) in [("original", &original), ("decoded", &decoded)] {
        let bytes = match owned.media() {
            Media::Image(picture) => write_png(picture)?,
            Media::Sound(sound) => write_wav(sound)?,
        };
        let name = format!("{}/{what}", row.name);
        out.push(&media::Row { name: &name, bytes: &bytes, ids: Some(&ids), ..*row })?;
    }
    Ok(())
}
