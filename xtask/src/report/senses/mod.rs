//! What a model sees and hears with: codes for pictures and sounds, what they give back, what was drawn, and what was found.
//!
//! | module | idea |
//! |---|---|
//! | `codebook` | what a stage learned that makes codes, and what it loses |
//! | `example` | an original, its codes, and what these give back |
//! | `codes` | numbers as fields of colours |
//! | `spectrogram` | frames of a sound as a picture |
//! | `drawings` | what was drawn on request |
//! | `found` | captions found for media, and media for captions |
//! | `embedded` | files within the page |

mod codebook;
mod codes;
mod drawings;
mod embedded;
mod example;
mod found;
mod spectrogram;

use codec::files::Bounds;
use codec::{Owned, Result};
use serde::Serialize;
use shard::media;

use super::scores::Sheet;
use crate::stages::medium::read_within;

pub(super) use codebook::Codebook;
pub(super) use drawings::Drawings;

/// The benchmarks that are shown here.
pub(super) const BENCHMARKS: [&str; 3] = [codebook::BENCHMARK, drawings::BENCHMARK, found::BENCHMARK];

/// Pixels, and samples, of a file that is looked at.
const LARGEST: u64 = 1 << 22;

/// All of it.
#[derive(Serialize)]
pub(super) struct Senses {
    title: &'static str,
    codebooks: Vec<Codebook>,
    drawings: Vec<Drawings>,
    found: Vec<found::Found>,
}

/// The section, where there is anything for it.
pub(super) fn of(codebooks: Vec<Codebook>, drawings: Vec<Drawings>, sheets: &[Sheet]) -> Option<Senses> {
    let found: Vec<found::Found> = sheets.iter().filter_map(found::of).collect();
    if codebooks.is_empty() && drawings.is_empty() && found.is_empty() {
        return None;
    }
    let sees = codebooks.iter().any(Codebook::sees) || !drawings.is_empty();
    let title = match (sees, codebooks.iter().any(Codebook::hears)) {
        (true, false) => "What it sees",
        (false, true) => "What it hears",
        _ => "What it sees and hears",
    };
    Some(Senses { title, codebooks, drawings, found })
}

/// The picture or the sound of a row, which may hold anything.
fn read(row: &media::Row<'_>) -> Result<Owned> {
    read_within(row, &Bounds { pixels: LARGEST, samples: LARGEST })
}

/// The sheet of a stage that has figures of a benchmark.
fn sheet<'a>(stage: &str, benchmark: &str, sheets: &'a [Sheet]) -> Option<&'a Sheet> {
    sheets.iter().find(|sheet| sheet.stage == stage && sheet.items(benchmark).next().is_some())
}
