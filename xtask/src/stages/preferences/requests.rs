//! Requests: what policies are asked, whether or not anybody can say what is right.

use std::collections::BTreeSet;

use bpe::Bpe;
use model::Random;
use pipeline::{Error, Fault, Io};
use rl::Problem;
use sft::Template;
use shard::{Preferences, Problems, problems};

use crate::stages::{problem, shards};

/// What is asked to learn from, and what to measure with.
#[derive(Default)]
pub(in crate::stages) struct Requests {
    pub(in crate::stages) learn: Vec<Problem>,
    pub(in crate::stages) held_out: Vec<Problem>,
}

/// Reads the problems of a stage's input, or where it has none the prompts of rankings, each once. Those are held out whose
/// source ends with one of `held_out`, and of all others a share. What cannot be asked is counted by its reason.
pub(in crate::stages) fn requests(
    io: &Io,
    (sources, share): ([&[String]; 2], f64),
    bpe: &Bpe,
    template: &dyn Template,
    context: usize,
) -> anyhow::Result<Requests> {
    let mut found = Requests::default();
    let mut reader = Reader { io, sources, share, seed: io.seed("held out"), known: None };
    if let Some(input) = io.optional("problems") {
        for batch in shards::read_all::<Problems>(input) {
            for row in batch?.rows() {
                reader.read(&row, bpe, template, context, &mut found);
            }
        }
    } else if let Some(input) = io.optional("preferences") {
        reader.known = Some(BTreeSet::new());
        for batch in shards::read_all::<Preferences>(input) {
            for row in batch?.rows() {
                let row = problems::Row {
                    id: row.id,
                    source: row.source,
                    ability: "preferred",
                    prompt: row.prompt,
                    answer: "",
                    verifier: "none",
                    meta: None,
                };
                reader.read(&row, bpe, template, context, &mut found);
            }
        }
    } else {
        let fault = Fault::new("nobody asks anything").got("neither problems nor preferences");
        let fault = fault.expected("one of the two among the stage's inputs");
        return Err(Error::Input(fault.cure("name one in the stage's `from`")).into());
    }
    Ok(found)
}

/// Who reads requests.
struct Reader<'a> {
    io: &'a Io<'a>,
    sources: [&'a [String]; 2],
    share: f64,
    seed: u64,
    /// Requests that were read, as ids, where each is to be asked once.
    known: Option<BTreeSet<Vec<u32>>>,
}

impl Reader<'_> {
    fn read(
        &mut self,
        row: &problems::Row<'_>,
        bpe: &Bpe,
        template: &dyn Template,
        context: usize,
        found: &mut Requests,
    ) {
        let of = |ends: &[String]| ends.iter().any(|end| row.source.ends_with(end.as_str()));
        let [sources, held_out] = self.sources;
        let measured = of(held_out);
        if !measured && !sources.is_empty() && !of(sources) {
            return;
        }
        let problem = match problem::rendered(row, bpe, template, context) {
            Ok(problem) => problem,
            Err((reason, _)) => return self.io.count(&format!("left_out.{reason}"), 1),
        };
        if self.known.as_mut().is_some_and(|known| !known.insert(problem.ids.clone())) {
            return self.io.count("left_out.asked_before", 1);
        }
        let measured = measured
            || self.share > 0.0 && Random::new(self.seed, &row.id.to_string()).uniform() < self.share;
        if measured { found.held_out.push(problem) } else { found.learn.push(problem) }
    }
}
