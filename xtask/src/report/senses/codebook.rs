//! What a stage learned that makes codes of pictures and sounds, and what it loses.

use std::ops::ControlFlow;

use codec::{Codecs, MelCodec, Owned, PatchCodec, Quantiser};
use serde::Serialize;
use shard::media;

use super::example::{Heard, Picture};
use super::{read, sheet};
use crate::lines::thousands;
use crate::report::run::Stage;
use crate::report::scores::{Figure, Item, Sheet};
use crate::report::text;

/// Where what is lost was measured.
pub(super) const BENCHMARK: &str = "codec";
/// Examples shown, of both kinds together.
const SHOWN: usize = 16;
/// Rows of examples that are looked at.
const ROWS: usize = 200;

/// The codes of one tokenizer.
#[derive(Serialize)]
pub(in crate::report) struct Codebook {
    stage: String,
    /// How media become tokens, a sentence for each kind.
    cuts: Vec<String>,
    rows: Vec<Row>,
    pictures: Vec<Picture>,
    sounds: Vec<Heard>,
    /// Examples that cannot be shown.
    left_out: usize,
    /// What the first examples are called, and their codes as lines of numbers.
    numbers: Vec<(String, String)>,
    #[serde(skip)]
    kinds: [bool; 2],
}

/// What is lost of one kind of media.
#[derive(Serialize)]
struct Row {
    kind: String,
    media: u64,
    vectors: u64,
    error: Option<f64>,
    psnr: Option<f64>,
    used: Option<Figure>,
}

impl Codebook {
    pub(super) fn sees(&self) -> bool {
        self.kinds[0]
    }

    pub(super) fn hears(&self) -> bool {
        self.kinds[1]
    }

    /// Of a stage that leaves a tokenizer with codes.
    pub(in crate::report) fn of(stage: &Stage, sheets: &[Sheet]) -> anyhow::Result<Option<Self>> {
        let Some((folder, _)) = stage.outputs("tokenizer/1").next() else { return Ok(None) };
        let Some(codecs) = Codecs::load(&folder)? else { return Ok(None) };
        let shown = Shown::of(stage, &codecs)?;
        let first = shown.pictures.first().map(Picture::numbers);
        let numbers = first.into_iter().chain(shown.sounds.first().map(Heard::numbers));
        let numbers = numbers.map(|(caption, lines)| (caption.to_owned(), lines.to_owned())).collect();
        let figures = sheet(stage.name(), BENCHMARK, sheets);
        let row = |(kind, item): (&str, &Item)| Row {
            kind: text::line(kind, 40),
            media: item.count("media"),
            vectors: item.count("vectors"),
            error: item.value("mean_squared_error"),
            psnr: item.value("psnr_db"),
            used: item.figure("codes_used"),
        };
        Ok(Some(Self {
            stage: stage.name().to_owned(),
            cuts: codecs.image.iter().map(picture_cut).chain(codecs.sound.iter().map(sound_cut)).collect(),
            rows: figures.into_iter().flat_map(|sheet| sheet.items(BENCHMARK)).map(row).collect(),
            kinds: [codecs.image.is_some(), codecs.sound.is_some()],
            numbers,
            pictures: shown.pictures,
            sounds: shown.sounds,
            left_out: shown.left_out,
        }))
    }
}

fn nearest(quantiser: &Quantiser) -> String {
    let codes = thousands(quantiser.codes() as u64);
    match quantiser.levels().len() {
        1 => format!("the nearest of {codes} codes"),
        levels => format!("{levels} codes, each of {codes} for what those before it lost"),
    }
}

/// Bits that say which of all codes of a level it is.
fn bits(quantiser: &Quantiser) -> f64 {
    f64::from((quantiser.codes() as u32).next_power_of_two().trailing_zeros())
}

fn picture_cut(codec: &PatchCodec) -> String {
    let (grid, tokens) = (codec.grid(), codec.length());
    let (edge, patch) = (grid.edge, grid.patch);
    let (bits, before) = (tokens as f64 * bits(codec.quantiser()), (edge * edge * 24) as f64);
    format!(
        "A picture of {edge} × {edge} pixels becomes {} tokens: for each patch of {patch} × {patch} pixels {}. {}",
        thousands(tokens as u64),
        nearest(codec.quantiser()),
        fewer([before, bits], "")
    )
}

fn sound_cut(codec: &MelCodec) -> String {
    let (strip, levels) = (codec.strip(), codec.quantiser().levels().len());
    let stacks = f64::from(strip.mel.rate) / strip.mel.hop as f64 / strip.stack as f64;
    let tokens = stacks * levels as f64;
    let (bits, before) = (tokens * bits(codec.quantiser()), f64::from(strip.mel.rate) * 16.0);
    format!(
        "A second of sound becomes {tokens:.1} tokens: for each {} frames of {} bands {}. {}",
        strip.stack,
        strip.mel.bands,
        nearest(codec.quantiser()),
        fewer([before, bits], " a second")
    )
}

fn fewer([before, after]: [f64; 2], each: &str) -> String {
    let [from, to] = [before, after].map(|bits| thousands(bits.round() as u64));
    format!("{to} bits{each} stand for {from}, {:.0} times as many.", before / after.max(1.0))
}

/// Examples that could be read.
#[derive(Default)]
struct Shown {
    pictures: Vec<Picture>,
    sounds: Vec<Heard>,
    left_out: usize,
}

/// The first half of a pair.
struct Original {
    name: String,
    caption: String,
    ids: Vec<u32>,
    owned: Option<Owned>,
}

impl Shown {
    /// Examples come in pairs, `NAME/original` and `NAME/decoded`.
    fn of(stage: &Stage, codecs: &Codecs) -> anyhow::Result<Self> {
        let most = if codecs.image.is_some() && codecs.sound.is_some() { SHOWN / 2 } else { SHOWN };
        let (mut shown, mut before, mut rows) = (Self::default(), None, 0);
        stage.rows::<shard::Media>(|row| {
            if let Some(name) = row.name.strip_suffix("/original") {
                before = Some(Original::of(name, &row));
            } else if let Some(name) = row.name.strip_suffix("/decoded")
                && let Some(original) = before.take_if(|original| original.name == name)
            {
                shown.take(original, read(&row).ok(), codecs, most);
            }
            rows += 1;
            if rows < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(shown)
    }

    fn take(&mut self, original: Original, decoded: Option<Owned>, codecs: &Codecs, most: usize) {
        let Original { caption, ids, .. } = original;
        match (original.owned, decoded, codecs) {
            (Some(Owned::Image(one)), Some(Owned::Image(other)), Codecs { image: Some(codec), .. }) => {
                if self.pictures.len() < most {
                    match Picture::of(caption, codec, &ids, [&one, &other]) {
                        Some(picture) => self.pictures.push(picture),
                        None => self.left_out += 1,
                    }
                }
            }
            (Some(Owned::Sound(one)), Some(Owned::Sound(other)), Codecs { sound: Some(codec), .. }) => {
                if self.sounds.len() < most {
                    match Heard::of(caption, codec, &ids, [&one, &other]) {
                        Some(heard) => self.sounds.push(heard),
                        None => self.left_out += 1,
                    }
                }
            }
            _ => self.left_out += 1,
        }
    }
}

impl Original {
    fn of(name: &str, row: &media::Row<'_>) -> Self {
        Self {
            name: name.to_owned(),
            caption: text::line(row.caption.unwrap_or(name), 120),
            ids: row.ids.unwrap_or_default().to_vec(),
            owned: read(row).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use codec::{Grid, KMeans, Mel, Strip};

    use super::*;

    fn quantiser(dim: usize, codes: usize, levels: usize) -> Quantiser {
        let points: Vec<f32> = (0..dim * codes).map(|at| at as f32).collect();
        Quantiser::learn(dim, &points, levels, &KMeans { codes, ..KMeans::default() }).unwrap()
    }

    #[test]
    fn it_is_said_what_a_token_stands_for() {
        let grid = Grid { edge: 8, patch: 4 };
        let codec = PatchCodec::new(grid, quantiser(48, 5, 1), 0).unwrap();
        let expected = "A picture of 8 × 8 pixels becomes 4 tokens: for each patch of 4 × 4 pixels the nearest of 5 codes. \
                        12 bits stand for 1,536, 128 times as many.";
        assert_eq!(picture_cut(&codec), expected);
        let strip = Strip { mel: Mel { bands: 4, ..Mel::default() }, ..Strip::default() };
        let codec = MelCodec::new(strip, quantiser(8, 4, 2), 0).unwrap();
        let expected = "A second of sound becomes 62.5 tokens: for each 2 frames of 4 bands 2 codes, each of 4 for what those \
                        before it lost. 125 bits a second stand for 128,000, 1024 times as many.";
        assert_eq!(sound_cut(&codec), expected);
    }
}
