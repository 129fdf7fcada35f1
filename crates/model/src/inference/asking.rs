//! New positions and what was seen before them: keys and values are kept, queries are answered.

use std::ops::Range;

use rayon::prelude::*;

use super::attention::{Part, attend};
use super::page::Row;
use crate::buffer::Buffer;
use crate::layers::{Heads, STRIP};
use crate::matmul::Matrix;

/// New positions of all rows in one layer.
pub(super) struct New<'a> {
    pub(super) shape: &'a Heads,
    pub(super) layer: usize,
    /// Places of a row, of which as many as `counts` says are real.
    pub(super) length: usize,
    pub(super) counts: &'a [usize],
    /// Positions seen before.
    pub(super) starts: &'a [usize],
}

/// A real place: its row, and its number there.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    at: usize,
}

impl New<'_> {
    /// Turns queries and keys of `heads` `[B, T, H + 2 K, d]`, and keeps keys and values.
    pub(super) fn keep(&self, rows: &mut [Row], positions: &[u32], heads: &mut [f32]) {
        let Heads { queries, keys, width, .. } = *self.shape;
        let size = self.shape.count() * width;
        let rows = rows.par_iter_mut().zip(heads.par_chunks_exact_mut(self.length * size)).enumerate();
        rows.for_each(|(number, (row, heads))| {
            let positions = &positions[number * self.length..][..self.counts[number]];
            for (at, (heads, &turn)) in heads.chunks_exact_mut(size).zip(positions).enumerate() {
                for head in heads[..(queries + keys) * width].chunks_exact_mut(width) {
                    self.shape.turn_and_norm(head, turn);
                }
                let (keys, values) = heads[queries * width..].split_at(keys * width);
                let (keys, values) = (Matrix::new(keys, width), Matrix::new(values, width));
                row.set(self.layer, self.starts[number] + at, keys, values);
            }
        });
    }

    /// Mixes values for the queries of `heads` `[B, T, H + 2 K, d]` into `mixed` `[B, T, H, d]`.
    pub(super) fn mix(&self, rows: &[Row], heads: &[f32], mixed: &mut [f32]) {
        let size = self.length * self.shape.queries * self.shape.width;
        let (mut tasks, mut rest) = (vec![], mixed);
        for neighbours in self.neighbours(rows) {
            let (mixed, others) = rest.split_at_mut(neighbours.len() * size);
            tasks.push((neighbours, mixed));
            rest = others;
        }
        tasks.into_par_iter().for_each(|(neighbours, mixed)| {
            let real = |row| (0..self.counts[row]).map(move |at| Place { row, at });
            let places: Vec<Place> = neighbours.clone().flat_map(real).collect();
            if places.len() < neighbours.len() * self.length {
                mixed.fill(0.0);
            }
            for places in places.chunks((STRIP / self.shape.group()).max(1)) {
                self.mix_strip(rows, places, neighbours.start, heads, mixed);
            }
        });
    }

    /// Runs of rows that look at pages together: rows of one new position each that began alike.
    fn neighbours(&self, rows: &[Row]) -> Vec<Range<usize>> {
        // runs enough for all threads, and no longer than a strip
        let most = rows.len().div_ceil(rayon::current_num_threads()).min(STRIP / self.shape.group());
        let mut runs: Vec<Range<usize>> = vec![];
        for (at, row) in rows.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if self.length == 1 && run.len() < most && row.shared(&rows[run.start]) > 0 => {
                    run.end = at + 1;
                }
                _ => runs.push(at..at + 1),
            }
        }
        runs
    }

    /// The queries of some places; `mixed` begins with the row `first`.
    fn mix_strip(&self, rows: &[Row], places: &[Place], first: usize, heads: &[f32], mixed: &mut [f32]) {
        let (group, width) = (self.shape.group(), self.shape.width);
        let size = group * width;
        let pages = pages(rows, places);
        let mut asked = Buffer::new(places.len() * size);
        let mut answered = Buffer::new(places.len() * size);
        for head in 0..self.shape.keys {
            for (asked, &Place { row, at }) in asked.chunks_exact_mut(size).zip(places) {
                let from = (row * self.length + at) * self.shape.count() * width + head * size;
                asked.copy_from_slice(&heads[from..from + size]);
            }
            let part = |(row, page, of): &(usize, usize, Range<usize>)| {
                let held = rows[*row].held(*page);
                Part {
                    queries: of.start * group..of.end * group,
                    start: held.start,
                    length: held.len(),
                    head: rows[*row].pages[*page].head(self.layer, head),
                }
            };
            let parts: Vec<Part<'_>> = pages.iter().map(part).collect();
            let seen = |query: usize| {
                let Place { row, at } = places[query / group];
                self.starts[row] + at + 1
            };
            attend(&asked, &parts, width, seen, &mut answered);
            for (answered, &Place { row, at }) in answered.chunks_exact(size).zip(places) {
                let to = ((row - first) * self.length + at) * self.shape.queries * width + head * size;
                mixed[to..to + size].copy_from_slice(answered);
            }
        }
    }
}

/// Rows, pages of them, and which of the places look at them: those that all rows share, then each row's own.
fn pages(rows: &[Row], places: &[Place]) -> Vec<(usize, usize, Range<usize>)> {
    let Some(first) = places.first().map(|place| place.row) else { return vec![] };
    let shared = places.iter().map(|place| rows[place.row].shared(&rows[first])).min().unwrap_or(0);
    let mut pages: Vec<_> = (0..shared).map(|page| (first, page, 0..places.len())).collect();
    let mut start = 0;
    for of_row in places.chunk_by(|a, b| a.row == b.row) {
        let (row, range) = (of_row[0].row, start..start + of_row.len());
        pages.extend((shared..rows[row].pages.len()).map(|page| (row, page, range.clone())));
        start = range.end;
    }
    pages
}
