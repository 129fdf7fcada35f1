//! The heuristic filters of the FineWeb recipe, each a settings struct that judges documents.
//!
//! A threshold of 0 disables its rule. All lengths are in code points and all comparisons are strict unless
//! a rule says otherwise, as in datatrove.

mod c4;
mod fineweb_quality;
mod gopher_quality;
mod gopher_repetition;

pub use c4::C4Quality;
pub use fineweb_quality::FinewebQuality;
pub use gopher_quality::GopherQuality;
pub use gopher_repetition::GopherRepetition;

use rustc_hash::FxHashSet;

/// Whether `part / whole` exceeds a limit that is on.
fn exceeds(part: usize, whole: usize, limit: f64) -> bool {
    limit > 0.0 && part as f64 / whole as f64 > limit
}

/// Copies after the first: how many, and their length in code points.
fn duplicates<'t>(parts: impl Iterator<Item = &'t str>) -> (usize, usize) {
    let mut seen = FxHashSet::default();
    let copies = parts.filter(|part| !seen.insert(*part));
    copies.fold((0, 0), |(count, chars), copy| (count + 1, chars + copy.chars().count()))
}
