//! Where the positions of a batch are, and what they may look at.

use candle_core::Tensor;

use crate::{Error, Input, Result};

/// Neighbouring positions of a row that see each other: a document, or a row's real part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Place of the first in its row.
    pub(crate) start: usize,
    /// How many.
    pub(crate) length: usize,
    /// Another segment of the row that this one sees whole before its own, such as a prompt with several answers: where it
    /// starts, and how long it is; (0, 0) for none.
    pub(crate) prefix: (usize, usize),
}

impl Segment {
    /// The places that its last position sees: those of the prefix and its own.
    pub(crate) fn seen(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let (start, length) = self.prefix;
        [start..start + length, self.start..self.start + self.length].into_iter()
    }
}

/// Ids, positions and segments of a batch `[B, T]`.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) rows: usize,
    pub(crate) length: usize,
    pub(crate) ids: Vec<u32>,
    pub(crate) positions: Vec<u32>,
    /// Per row, in order; places outside of any segment are padding.
    pub(crate) segments: Vec<Vec<Segment>>,
}

impl Places {
    /// Checks an input that begins at the positions `starts`, one per row.
    pub(crate) fn new(
        input: &Input<'_>,
        starts: &[usize],
        vocabulary: usize,
        context: usize,
    ) -> Result<Self> {
        let (rows, length) = input.ids.dims2()?;
        if rows == 0 || length == 0 {
            let (expected, got) = ("at least one position".into(), format!("[{rows}, {length}]"));
            return Err(Error::Input { what: "ids", expected, got });
        }
        check_rows("cache", rows, starts.len())?;
        let ids: Vec<u32> = input.ids.flatten_all()?.to_vec1()?;
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= vocabulary) {
            return Err(Error::Id { id, vocabulary });
        }
        let lengths = input.lengths.map_or_else(|| vec![length; rows], <[usize]>::to_vec);
        check_rows("lengths", rows, lengths.len())?;
        if let Some(&real) = lengths.iter().find(|&&real| real > length) {
            let (expected, got) = (format!("at most {length} positions"), real.to_string());
            return Err(Error::Input { what: "lengths", expected, got });
        }
        let documents = match input.documents {
            Some(documents) => Some(flat(documents, "documents", rows, length)?),
            None => None,
        };
        let prefixes = match input.prefixes {
            Some(_) if documents.is_none() => {
                let (expected, got) = ("documents beside them".into(), "none".into());
                return Err(Error::Input { what: "prefixes", expected, got });
            }
            Some(prefixes) => Some(flat(prefixes, "prefixes", rows, length)?),
            None => None,
        };
        let segments = (0..rows).map(|row| {
            let of_row = |values: &'_ Vec<u32>| values[row * length..][..lengths[row]].to_vec();
            let documents = documents.as_ref().map(of_row);
            let mut segments = segments(documents.as_deref(), lengths[row]);
            if let (Some(documents), Some(prefixes)) = (&documents, prefixes.as_ref().map(of_row)) {
                look_back(&mut segments, documents, &prefixes)?;
            }
            Ok(segments)
        });
        let segments = segments.collect::<Result<Vec<_>>>()?;
        let positions = match input.positions {
            Some(positions) => flat(positions, "positions", rows, length)?,
            None => counted(starts, &lengths, length),
        };
        let furthest = positions.iter().map(|&position| position as usize).max().unwrap_or(0);
        if furthest >= context {
            return Err(Error::Context { position: furthest, context });
        }
        Ok(Self { rows, length, ids, positions, segments })
    }

    /// Real positions per row.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.segments.iter().map(|segments| segments.iter().map(|segment| segment.length).sum()).collect()
    }
}

/// Positions from each row's start on. Padding stays at the last: any will do, for nobody looks at it.
fn counted(starts: &[usize], lengths: &[usize], length: usize) -> Vec<u32> {
    let rows = starts.iter().zip(lengths);
    let row = |(&start, &real): (&usize, &usize)| {
        (0..length).map(move |at| (start + at).min((start + real).saturating_sub(1)) as u32)
    };
    rows.flat_map(row).collect()
}

/// A segment for each run of equal documents.
fn segments(documents: Option<&[u32]>, length: usize) -> Vec<Segment> {
    let Some(documents) = documents else {
        return if length == 0 { vec![] } else { vec![Segment { start: 0, length, prefix: (0, 0) }] };
    };
    let mut start = 0;
    let runs = documents.chunk_by(|a, b| a == b).map(|run| {
        let segment = Segment { start, length: run.len(), prefix: (0, 0) };
        start += run.len();
        segment
    });
    runs.collect()
}

/// Gives segments the prefixes that their first places name: a document before their own that has none itself.
fn look_back(segments: &mut [Segment], documents: &[u32], prefixes: &[u32]) -> Result<()> {
    for at in 0..segments.len() {
        let start = segments[at].start;
        let (own, named) = (documents[start], prefixes[start]);
        if named == own {
            continue;
        }
        let before = segments[..at].iter().find(|segment| documents[segment.start] == named);
        let Some(before) = before.filter(|segment| segment.prefix == (0, 0)) else {
            let expected = format!("an earlier document without a prefix, or its own number {own}");
            return Err(Error::Input { what: "prefixes", expected, got: named.to_string() });
        };
        segments[at].prefix = (before.start, before.length);
    }
    Ok(())
}

fn flat(tensor: &Tensor, what: &'static str, rows: usize, length: usize) -> Result<Vec<u32>> {
    if tensor.dims() != [rows, length] {
        let (expected, got) = (format!("[{rows}, {length}]"), format!("{:?}", tensor.dims()));
        return Err(Error::Input { what, expected, got });
    }
    Ok(tensor.flatten_all()?.to_vec1()?)
}

fn check_rows(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Input { what, expected: format!("{expected} rows"), got: format!("{got} rows") })
}
