//! One failure of each stage that answers: what was asked, what is right, what was said. A model that only shows where it is
//! right shows half.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use grpo::Verifier;
use grpo::verifiers::OfProblem;
use rl::{Answer, Problem};
use serde::Serialize;
use shard::{Problems, Rollouts, Samples, Table};

use super::run::{Run, Stage};
use super::text::beginning;

/// An answer that was wrong.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Failure {
    stage: String,
    asked: String,
    right: String,
    said: String,
}

impl Failure {
    fn new(stage: &Stage, asked: &str, right: &str, said: &str) -> Self {
        let shown = |text: &str| beginning(text, 1_000, 16);
        Self { stage: stage.name().to_owned(), asked: shown(asked), right: shown(right), said: shown(said) }
    }
}

/// The first wrong answer of an interview, or of those that a policy gave last the first that earned least.
pub(super) fn of(run: &Run, stage: &Stage) -> anyhow::Result<Option<Failure>> {
    if stage.leaves(Rollouts::NAME) { of_policy(stage) } else { of_interview(run, stage) }
}

fn of_policy(stage: &Stage) -> anyhow::Result<Option<Failure>> {
    let mut worst: Option<(i64, f32, Failure)> = None;
    stage.rows::<Rollouts>(|row| {
        // what has no right answer is no failure, however little it pleased
        if let (Some(reward), false) = (row.reward, row.answer.is_empty()) {
            let before = worst.as_ref().map(|(step, least, _)| (*step, *least));
            if before.is_none_or(|(step, least)| row.step > step || row.step == step && reward < least) {
                worst = Some((row.step, reward, Failure::new(stage, row.asked, row.answer, row.text)));
            }
        }
        ControlFlow::Continue(())
    })?;
    // an answer that earned as much as any is none, either
    Ok(worst.filter(|(_, reward, _)| *reward < 1.0).map(|(_, _, failure)| failure))
}

fn of_interview(run: &Run, stage: &Stage) -> anyhow::Result<Option<Failure>> {
    let Some(asking) = stage.from().get("problems").and_then(|from| run.source(from)) else {
        return Ok(None);
    };
    let mut problems = BTreeMap::new();
    asking.rows::<Problems>(|row| {
        let asked: String = row
            .prompt
            .last()
            .into_iter()
            .flat_map(|message| &message.content)
            .filter_map(|part| part.text)
            .collect();
        let problem = Problem {
            id: row.id,
            ability: row.ability.to_owned(),
            asked: asked.clone(),
            ids: vec![],
            answer: row.answer.to_owned(),
            verifier: row.verifier.to_owned(),
            meta: row.meta.map(str::to_owned),
        };
        problems.insert(asked, problem);
        ControlFlow::Continue(())
    })?;
    let mut failure = None;
    stage.rows::<Samples>(|row| {
        let Some(problem) = problems.get(row.prompt) else { return ControlFlow::Continue(()) };
        let tokens = usize::try_from(row.tokens).unwrap_or(0);
        let answer = Answer { text: row.text, tokens, ended: row.ended_by == "stop" };
        if OfProblem.verify(problem, &answer).is_none_or(|score| score == 1.0) {
            return ControlFlow::Continue(());
        }
        failure = Some(Failure::new(stage, row.prompt, &OfProblem.gold(problem), row.text));
        ControlFlow::Break(())
    })?;
    Ok(failure)
}
