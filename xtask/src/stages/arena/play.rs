//! Every two models meet on every prompt, unless they have before.

use std::collections::{BTreeMap, BTreeSet};

use eval::{Contest, Judge, Outcome};
use pipeline::{Error, Fault, Io};
use shard::battles;

use super::{Arena, Asked, Fought};

impl Arena {
    /// The battles that are not among `earlier`, prompt by prompt.
    pub(super) fn play(
        &self,
        io: &Io,
        contestants: &[&str],
        prompts: &[Asked],
        earlier: &[Fought],
    ) -> anyhow::Result<Vec<Fought>> {
        let name = self.judge.name();
        let pair = |battle: &Fought| {
            (battle.prompt_id, battle.left.min(battle.right), battle.left.max(battle.right))
        };
        let met: BTreeSet<(u64, usize, usize)> =
            earlier.iter().filter(|battle| battle.judge == name).map(pair).collect();
        let judge = self.judge(io, prompts)?;
        let mut counts = BTreeMap::<&str, u64>::new();
        let mut count = |what| *counts.entry(what).or_default() += 1;
        let mut played = vec![];
        for (at, asked) in prompts.iter().enumerate().filter(|(_, asked)| !asked.too_long) {
            for second in 1..contestants.len() {
                for first in (0..second).filter(|&first| !met.contains(&(asked.problem.id, first, second))) {
                    // a judge that likes one side likes everybody half of the time
                    let (left, right) = if at % 2 == 0 { (first, second) } else { (second, first) };
                    match meet(asked, left, right, &*judge)? {
                        Ok(outcome) => {
                            count("battles");
                            if asked.texts[left] == asked.texts[right] {
                                count("equal_answers");
                            }
                            played.push(asked.fought(left, right, name, outcome));
                        }
                        Err(reason) => count(reason),
                    }
                }
            }
        }
        for (what, count) in &counts {
            io.count(what, *count);
        }
        if played.is_empty() && earlier.is_empty() {
            let fault = Fault::new("there was no battle")
                .got(
                    counts
                        .iter()
                        .map(|(what, count)| format!("{count} {what}"))
                        .collect::<Vec<_>>()
                        .join(", "),
                )
                .expected("prompts that two models answered, and a judge who can say which answer is better");
            return Err(Error::Input(fault).into());
        }
        Ok(played)
    }
}

/// Who won, or why there was no battle. Equal answers are a tie that nobody is asked about.
fn meet(
    asked: &Asked,
    left: usize,
    right: usize,
    judge: &dyn Judge,
) -> anyhow::Result<Result<Outcome, &'static str>> {
    let (Some(left), Some(right)) = (&asked.texts[left], &asked.texts[right]) else {
        return Ok(Err("no_answer"));
    };
    if left == right {
        return Ok(Ok(Outcome::Tie));
    }
    let contest = Contest { id: asked.problem.id, asked: &asked.problem.asked, left, right };
    Ok(judge.prefer(&contest)?.ok_or("not_judged"))
}

impl Asked {
    fn fought(&self, left: usize, right: usize, judge: &str, outcome: Outcome) -> Fought {
        let text = |number: usize| self.texts[number].clone().unwrap_or_default();
        Fought {
            prompt_id: self.problem.id,
            asked: self.problem.asked.clone(),
            left,
            right,
            judge: judge.to_owned(),
            outcome: match outcome {
                Outcome::Left => battles::Outcome::Left,
                Outcome::Right => battles::Outcome::Right,
                Outcome::Tie => battles::Outcome::Tie,
            },
            left_text: text(left),
            right_text: text(right),
        }
    }
}
