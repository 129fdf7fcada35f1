//! Problems of others, and answers to them that are right or wrong by construction.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod edits;
pub(crate) mod rewrites;

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use grpo::Verifier;
use rl::Problem;
use serde_json::Value;

/// The lines of a file of problems; nothing, and a word about it, where it is not there.
pub(crate) fn lines(name: &str) -> Option<Vec<Value>> {
    let path = Path::new("../../../shared/data/rl").join(name);
    let Ok(bytes) = fs::read(&path) else {
        println!("skipped: shared data is absent");
        return None;
    };
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// A problem of a line's fields.
pub(crate) fn problem(line: &Value, asked: &str, answer: &str) -> Problem {
    let field = |name: &str| line[name].as_str().unwrap().trim().to_owned();
    Problem { asked: field(asked), answer: field(answer), ..Problem::default() }
}

/// What comes behind `####`.
pub(crate) fn last_line(solution: &str) -> &str {
    solution.rsplit("####").next().unwrap().trim()
}

/// How many answers had their score, by sort.
#[derive(Default)]
pub(crate) struct Tally {
    counts: std::collections::BTreeMap<&'static str, (usize, usize)>,
}

impl Tally {
    /// Scores an answer, which ought to be worth 1 or 0.
    pub(crate) fn ask(
        &mut self,
        sort: &'static str,
        verifier: &dyn Verifier,
        problem: &Problem,
        said: &str,
        right: bool,
    ) {
        let score = verifier.verify(problem, &said.into());
        let (good, all) = self.counts.entry(sort).or_default();
        *all += 1;
        if score == Some(f32::from(u8::from(right))) {
            *good += 1;
        } else if *all - *good <= 12 {
            println!("    {sort}: {:?} to {:?} scores {score:?}", said, problem.answer);
        }
    }

    /// Prints the counts; the share that was as it ought to be.
    pub(crate) fn share(&self, title: &str) -> f64 {
        let (mut good, mut all) = (0, 0);
        for (sort, (of, count)) in &self.counts {
            println!("  {title}, {sort}: {of} of {count}");
            (good, all) = (good + of, all + count);
        }
        let share = good as f64 / all.max(1) as f64;
        println!("{title}: {good} of {all}, {:.3} %", 100.0 * share);
        share
    }
}

/// A small generator of numbers, the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % count.max(1)
    }
}
