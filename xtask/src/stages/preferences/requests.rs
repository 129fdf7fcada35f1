//! Problems as requests: what policies are asked, whether or not anybody can say what is right.

use bpe::Bpe;
use pipeline::Io;
use rl::Problem;
use sft::Template;
use shard::Problems;

use crate::stages::{problem, shards};

/// What is asked to learn from, and what to measure with.
#[derive(Default)]
pub(in crate::stages) struct Requests {
    pub(in crate::stages) learn: Vec<Problem>,
    pub(in crate::stages) held_out: Vec<Problem>,
}

/// Reads the problems of a stage's input: those whose source ends with one of `held_out`, and those that end with one of
/// `sources`, or all others. What cannot be asked is counted by its reason.
pub(in crate::stages) fn requests(
    io: &Io,
    [sources, held_out]: [&[String]; 2],
    bpe: &Bpe,
    template: &dyn Template,
    context: usize,
) -> anyhow::Result<Requests> {
    let mut found = Requests::default();
    for batch in shards::read_all::<Problems>(io.input("problems")?) {
        for row in batch?.rows() {
            let of = |ends: &[String]| ends.iter().any(|end| row.source.ends_with(end.as_str()));
            let measured = of(held_out);
            if !measured && !sources.is_empty() && !of(sources) {
                continue;
            }
            match problem::rendered(&row, bpe, template, context) {
                Ok(problem) if measured => found.held_out.push(problem),
                Ok(problem) => found.learn.push(problem),
                Err((reason, _)) => io.count(&format!("left_out.{reason}"), 1),
            }
        }
    }
    Ok(found)
}
