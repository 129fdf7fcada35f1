//! Codebooks beside scikit-learn's k-means: what is lost on the same vectors, and the CPU time that learning took.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use codec::files::{Bounds, read_image, read_wav};
use codec::{Grid, Image, KMeans, Sound, Strip};
use cpu_time::ProcessTime;
use fixtures::gallery::{Gallery, Medium, Shapes, Sounds};
use serde_json::Value;
use shard::{MediaKind, Reader};

use crate::peers::{self, Scratch};
use crate::row::{Row, median};

/// Vectors that a codebook is learned from at most.
const VECTORS: usize = 50_000;
const CODES: usize = 256;
/// Each side begins from other draws; the median counts.
const SEEDS: u64 = 3;

/// Rows for the pictures and sounds of a `media/1` file, or for made-up ones.
pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let (grid, strip) = (Grid::default(), Strip::default());
    let [mut patches, mut stacks] = [vec![], vec![]];
    match file {
        Some(path) => {
            for batch in Reader::<shard::Media>::open(path)? {
                for row in batch?.rows() {
                    match row.kind {
                        MediaKind::Image => {
                            let picture = read_image(row.bytes, &Bounds::default())?;
                            // small pictures are not made larger
                            let edge = picture.width().max(picture.height()).min(grid.edge);
                            patches.extend(
                                Grid { edge: edge.next_multiple_of(grid.patch), ..grid }.patches(&picture),
                            );
                        }
                        MediaKind::Audio => {
                            stacks.extend(strip.stacks(&read_wav(row.bytes, &Bounds::default())?)?)
                        }
                    }
                }
            }
        }
        None => {
            let galleries: [&dyn Gallery; 2] =
                [&Shapes { seed: 1337, edge: grid.edge, most: 4 }, &Sounds { seed: 1337, most: 5 }];
            for gallery in galleries {
                for at in 0..1_500 {
                    match gallery.shown(at).medium {
                        Medium::Picture(raster) => patches.extend(grid.patches(&Image::new(
                            raster.width,
                            raster.height,
                            raster.pixels,
                        )?)),
                        Medium::Sound(wave) => {
                            stacks.extend(strip.stacks(&Sound::new(wave.rate, wave.samples)?)?);
                        }
                    }
                }
            }
        }
    }
    let mut rows = vec![];
    for (name, dim, points) in [("codec/patches", grid.dim(), patches), ("codec/stacks", strip.dim(), stacks)]
    {
        if !points.is_empty() {
            beside(name, dim, &thin(dim, &points), &mut rows)?;
        }
    }
    ensure!(!rows.is_empty(), "there is nothing to learn codes from");
    Ok(rows)
}

/// Every n-th vector, so that there are not too many.
fn thin(dim: usize, points: &[f32]) -> Vec<f32> {
    let step = (points.len() / dim).div_ceil(VECTORS);
    points.chunks_exact(dim).step_by(step).flatten().copied().collect()
}

fn beside(name: &str, dim: usize, points: &[f32], rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let count = points.len() / dim;
    eprintln!("{name}: {count} vectors of {dim}");
    let scratch = Scratch::new("codec")?;
    let shared = scratch.join("points.f32");
    let bytes: Vec<u8> = points.iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(&shared, bytes).context("no room for a temporary file")?;
    let [mut losses, mut seconds, mut peer_losses, mut peer_seconds] = [vec![], vec![], vec![], vec![]];
    for seed in 0..SEEDS {
        let start = ProcessTime::now();
        let learned = KMeans { codes: CODES, seed, ..KMeans::default() }.learn(dim, points)?;
        seconds.push(start.elapsed().as_secs_f64());
        losses.push(learned.inertia / points.len() as f64);
        let numbers = [dim.to_string(), CODES.to_string(), seed.to_string()];
        let mut arguments = vec![shared.as_path()];
        arguments.extend(numbers.iter().map(Path::new));
        if let Some(cost) = peers::python("codec/kmeans.py", &arguments)? {
            let told: Value =
                serde_json::from_str(cost.printed.trim()).context("scikit-learn said nothing")?;
            peer_losses.push(told["inertia"].as_f64().context("no inertia")? / points.len() as f64);
            peer_seconds.push(told["seconds"].as_f64().context("no seconds")?);
        }
    }
    let version = || "scikit-learn 1.9.1".to_owned();
    let peer = |values: &mut Vec<f64>| (!values.is_empty()).then(|| (median(values), version()));
    let loss =
        Row::amount(&format!("{name} lost"), "squared error", median(&mut losses), peer(&mut peer_losses));
    let speed = Row::speed(
        &format!("{name} learned"),
        "vectors/s",
        count as f64,
        median(&mut seconds),
        peer(&mut peer_seconds),
    );
    rows.extend([loss, speed]);
    Ok(())
}
