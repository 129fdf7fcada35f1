//! How likely texts are, many at once.
//!
//! Letters: B rows, T positions, D width, V vocabulary.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use model::{Cache, Input, ops};

use super::Subject;
use super::pieces::{Piece, pieces};
use crate::{Answer, Result};

/// Hidden states whose scores `[rows, V]` are in memory at once.
const SCORED: usize = 128;

/// A token to be judged.
struct Target {
    /// The state that predicts it, counted over all rows of a pass.
    state: usize,
    id: u32,
    piece: usize,
}

/// Log-probability of a token, and whether it is the likeliest.
type Judged = (f32, bool);

impl Subject<'_> {
    /// How likely each continuation is after its context.
    pub(super) fn score(&self, asks: &[(&[u32], &[u32])]) -> Result<Vec<Answer>> {
        if asks.is_empty() {
            return Ok(vec![]);
        }
        let texts: Vec<Vec<u32>> =
            asks.iter().map(|(context, continuation)| [*context, *continuation].concat()).collect();
        let (mut rows, mut owner) = (vec![], vec![]);
        for (ask, text) in texts.iter().enumerate() {
            for piece in pieces(text, asks[ask].0.len(), self.context) {
                rows.push(piece);
                owner.push(ask);
            }
        }
        let judged = if rows.is_empty() {
            vec![]
        } else if self.model.cache(1).is_ok() {
            self.judge_shared(&rows)?
        } else {
            self.judge_alone(&rows)?
        };
        let mut answers = vec![(0.0, 0, true); asks.len()];
        for (ask, judged) in owner.into_iter().zip(judged) {
            let (log_prob, tokens, greedy) = &mut answers[ask];
            for (one, likeliest) in judged {
                *log_prob += f64::from(one);
                *tokens += 1;
                *greedy &= likeliest;
            }
        }
        let answer =
            |(log_prob, tokens, greedy)| Answer::Scored { log_prob, tokens, greedy: greedy && tokens > 0 };
        Ok(answers.into_iter().map(answer).collect())
    }

    /// Each row by itself.
    fn judge_alone(&self, rows: &[Piece<'_>]) -> Result<Vec<Vec<Judged>>> {
        let read: Vec<Vec<u32>> = rows.iter().map(whole).collect();
        let (states, length) = self.read(&read, None)?;
        let targets = rows.iter().enumerate().flat_map(|(piece, row)| targets(row, piece, piece * length));
        let mut judged = vec![vec![]; rows.len()];
        self.judge(&states, &targets.collect::<Vec<_>>(), &mut judged)?;
        Ok(judged)
    }

    /// What several rows begin with is read once: a first pass reads it, and whole rows that share nothing; a second one
    /// goes on with each row from a copy of what was read.
    fn judge_shared(&self, rows: &[Piece<'_>]) -> Result<Vec<Vec<Judged>>> {
        let mut groups: BTreeMap<&[u32], Vec<usize>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            groups.entry(row.before).or_default().push(at);
        }
        let groups: Vec<Vec<usize>> = groups.into_values().collect();
        let first: Vec<Vec<u32>> = groups
            .iter()
            .map(|group| match group[..] {
                [alone] => whole(&rows[alone]),
                _ => rows[group[0]].before.to_vec(),
            })
            .collect();
        let mut cache = self.model.cache(first.len())?;
        let (states, length) = self.read(&first, Some(&mut *cache))?;
        let (mut now, mut later) = (vec![], vec![]);
        for (place, group) in groups.iter().enumerate() {
            if let [alone] = group[..] {
                now.extend(targets(&rows[alone], alone, place * length));
                continue;
            }
            for &piece in group {
                let row = &rows[piece];
                let state = place * length + row.before.len() - 1;
                now.push(Target { state, id: row.targets[0], piece });
                if row.targets.len() > 1 {
                    later.push((place, piece));
                }
            }
        }
        let mut judged = vec![vec![]; rows.len()];
        self.judge(&states, &now, &mut judged)?;
        if later.is_empty() {
            return Ok(judged);
        }
        let places: Vec<usize> = later.iter().map(|(place, _)| *place).collect();
        let mut cache = cache.fork(&places)?;
        let second: Vec<Vec<u32>> = later
            .iter()
            .map(|&(_, piece)| {
                let targets = rows[piece].targets;
                targets[..targets.len() - 1].to_vec()
            })
            .collect();
        let (states, length) = self.read(&second, Some(&mut *cache))?;
        let targets = later.iter().enumerate().flat_map(|(row, &(_, piece))| {
            let rest = rows[piece].targets[1..].iter().enumerate();
            rest.map(move |(at, &id)| Target { state: row * length + at, id, piece })
        });
        self.judge(&states, &targets.collect::<Vec<_>>(), &mut judged)?;
        Ok(judged)
    }

    /// Hidden states of rows, `[B · T, D]`, and T.
    fn read(&self, rows: &[Vec<u32>], cache: Option<&mut dyn Cache>) -> Result<(Tensor, usize)> {
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        let length = lengths.iter().copied().max().unwrap_or(0);
        let padded = |row: &Vec<u32>| {
            row.iter().copied().chain(std::iter::repeat_n(0, length - row.len())).collect::<Vec<_>>()
        };
        let ids: Vec<u32> = rows.iter().flat_map(padded).collect();
        let ids = Tensor::from_vec(ids, (rows.len(), length), &Device::Cpu)?;
        let hidden = self.model.hidden(&Input { lengths: Some(&lengths), ..Input::new(&ids) }, cache)?;
        Ok((hidden.flatten(0, 1)?, length))
    }

    /// Adds what the model says of each target to that of its row. Targets of one state stand together.
    fn judge(&self, states: &Tensor, targets: &[Target], judged: &mut [Vec<Judged>]) -> Result<()> {
        let same: Vec<&[Target]> = targets.chunk_by(|a, b| a.state == b.state).collect();
        for some in same.chunks(SCORED) {
            let index: Vec<u32> = some.iter().map(|targets| targets[0].state as u32).collect();
            let states = states.index_select(&Tensor::from_vec(index, some.len(), &Device::Cpu)?, 0)?;
            let scores = self.model.logits(&states)?.to_dtype(DType::F32)?;
            let likeliest: Vec<u32> =
                scores.to_vec2::<f32>()?.iter().map(|scores| likeliest(scores)).collect();
            let flat: Vec<(usize, &Target)> = some
                .iter()
                .enumerate()
                .flat_map(|(row, targets)| targets.iter().map(move |target| (row, target)))
                .collect();
            let ids: Vec<u32> = flat.iter().map(|(_, target)| target.id).collect();
            let scores = if flat.len() == some.len() {
                scores
            } else {
                let rows: Vec<u32> = flat.iter().map(|(row, _)| *row as u32).collect();
                scores.index_select(&Tensor::from_vec(rows, flat.len(), &Device::Cpu)?, 0)?
            };
            let log_probs = ops::log_probs(&scores, &ids)?.to_vec1::<f32>()?;
            for ((row, target), log_prob) in flat.into_iter().zip(log_probs) {
                judged[target.piece].push((log_prob, likeliest[row] == target.id));
            }
        }
        Ok(())
    }
}

/// All that is read of a row which shares nothing: its last token is only predicted.
fn whole(row: &Piece<'_>) -> Vec<u32> {
    [row.before, &row.targets[..row.targets.len() - 1]].concat()
}

/// The targets of a row that was read whole, whose first state is `start`.
fn targets(row: &Piece<'_>, piece: usize, start: usize) -> impl Iterator<Item = Target> {
    let first = start + row.before.len() - 1;
    row.targets.iter().enumerate().map(move |(at, &id)| Target { state: first + at, id, piece })
}

/// The id with the highest score, of equals the smallest.
fn likeliest(scores: &[f32]) -> u32 {
    let better = |best: usize, at: usize| if scores[at] > scores[best] { at } else { best };
    (0..scores.len()).reduce(better).map_or(u32::MAX, |best| best as u32)
}
