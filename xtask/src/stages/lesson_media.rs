//! `lesson-media`: pictures or sounds that are made up, with what is true of them.

use codec::files::{write_png, write_wav};
use codec::{Image, Sound};
use fixtures::gallery::{Gallery, Medium, Shapes, Sounds};
use pipeline::{Class, Fault, Io, Signature, Stage, Task};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::MediaKind;

use super::exhibits::{Exhibit, Exhibits, Question, Side, outputs};

/// Exhibits that are drawn or played at once.
const BATCH: u64 = 256;

/// Pictures or sounds, conversations about those that are shown, and questions about others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LessonMedia {
    /// What there is to see or to hear.
    pub lesson: Sense,
    /// Pictures or sounds with conversations about them.
    #[schemars(extend("unit" = "exhibits"))]
    pub shown: u64,
    /// Pictures or sounds that only the test asks about.
    #[schemars(extend("unit" = "exhibits"))]
    pub tested: u64,
}

/// What there is to see or to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sense {
    /// Drawn shapes: circles, squares and triangles in four colours.
    Shapes(Paper),
    /// Melodies, dialled numbers and vowels.
    Sounds(Tape),
}

/// What shapes are drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paper {
    /// Pixels from side to side.
    #[schemars(extend("unit" = "pixels"))]
    pub edge: usize,
    /// Shapes of a picture at most.
    #[schemars(extend("unit" = "shapes"))]
    pub most: usize,
}

/// What sounds are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tape {
    /// Notes or keys of a sound at most; of vowels there are three at most.
    #[schemars(extend("unit" = "notes"))]
    pub most: usize,
}

impl Default for Tape {
    fn default() -> Self {
        Self { most: 5 }
    }
}

impl Default for Paper {
    fn default() -> Self {
        Self { edge: 32, most: 4 }
    }
}

impl Default for LessonMedia {
    fn default() -> Self {
        Self { lesson: Sense::Shapes(Paper::default()), shown: 6_000, tested: 400 }
    }
}

impl Stage for LessonMedia {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            writes: outputs(),
            sources: &["fixtures", "codec"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: usize, expected: &str| {
            Err(Fault::new("this cannot be made").on(on).got(got.to_string()).expected(expected))
        };
        match self.lesson {
            Sense::Shapes(Paper { edge, .. }) if !(32..=256).contains(&edge) => {
                wrong("/lesson/shapes/edge", edge, "32 to 256 pixels")
            }
            Sense::Shapes(Paper { most, .. }) if !(1..=4).contains(&most) => {
                wrong("/lesson/shapes/most", most, "1 to 4 shapes")
            }
            Sense::Sounds(Tape { most }) if !(1..=8).contains(&most) => {
                wrong("/lesson/sounds/most", most, "1 to 8 notes")
            }
            _ => Ok(()),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let seed = io.seed("gallery");
        let (gallery, collection): (Box<dyn Gallery>, &str) = match self.lesson {
            Sense::Shapes(Paper { edge, most }) => (Box::new(Shapes { seed, edge, most }), "shapes"),
            Sense::Sounds(Tape { most }) => (Box::new(Sounds { seed, most }), "sounds"),
        };
        io.progress().length(self.shown + self.tested);
        let mut exhibits = Exhibits::create(io, task, collection)?;
        for (side, count) in [(Side::Shown, self.shown), (Side::Tested, self.tested)] {
            for start in (0..count).step_by(BATCH as usize) {
                let batch = start..count.min(start + BATCH);
                let made: Vec<_> =
                    batch.clone().into_par_iter().map(|at| made(&*gallery, side, at)).collect();
                for (at, made) in batch.zip(made) {
                    push(&mut exhibits, side, at, &made?)?;
                }
                io.progress().advance(BATCH.min(count - start));
            }
        }
        exhibits.finish()
    }
}

/// An exhibit, and its file.
struct Made {
    exhibit: fixtures::gallery::Exhibit,
    kind: MediaKind,
    bytes: Vec<u8>,
}

fn made(gallery: &dyn Gallery, side: Side, at: u64) -> codec::Result<Made> {
    let exhibit = match side {
        Side::Shown => gallery.shown(at),
        Side::Tested => gallery.tested(at),
    };
    let (kind, bytes) = match &exhibit.medium {
        Medium::Picture(raster) => {
            let picture = Image::new(raster.width, raster.height, raster.pixels.clone())?;
            (MediaKind::Image, write_png(&picture)?)
        }
        Medium::Sound(wave) => (MediaKind::Audio, write_wav(&Sound::new(wave.rate, wave.samples.clone())?)?),
    };
    Ok(Made { exhibit, kind, bytes })
}

fn push(exhibits: &mut Exhibits<'_>, side: Side, at: u64, made: &Made) -> anyhow::Result<()> {
    let Made { exhibit, kind, bytes } = made;
    let end = match kind {
        MediaKind::Image => "png",
        MediaKind::Audio => "wav",
    };
    let questions: Vec<Question<'_>> = exhibit
        .questions
        .iter()
        .map(|of| Question { ability: of.ability, words: &of.question, answer: &of.answer })
        .collect();
    exhibits.push(&Exhibit {
        name: &format!("{}-{at}.{end}", side.name()),
        side,
        kind: *kind,
        bytes,
        caption: &exhibit.caption,
        questions: &questions,
        request: exhibit.request.as_deref(),
    })
}
