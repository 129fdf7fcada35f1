//! Battles that show what sets models apart: the first ones that the better of two won, most unequal pairs first.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use shard::battles::Outcome;

use super::super::run::Stage;
use super::super::text::{beginning, line};
use super::Standing;

/// Battles shown.
const SHOWN: usize = 3;

/// One battle, both answers side by side.
#[derive(Serialize)]
pub(super) struct Battle {
    asked: String,
    answers: [Answer; 2],
    #[serde(skip)]
    prompt: u64,
}

/// What one side said.
#[derive(Serialize)]
struct Answer {
    model: String,
    text: String,
    won: bool,
}

/// The battles to show of a stage, as this judge saw them.
pub(super) fn of(stage: &Stage, judge: &str, standings: &[Standing]) -> anyhow::Result<Vec<Battle>> {
    // standings descend: of two models the first one is better
    let place = |name: &str| standings.iter().position(|standing| standing.name == line(name, 24));
    let mut found: BTreeMap<(usize, usize), Vec<Battle>> = BTreeMap::new();
    stage.rows::<shard::Battles>(|row| {
        let (winner, loser) = match row.outcome {
            Outcome::Left => (row.left, row.right),
            Outcome::Right => (row.right, row.left),
            Outcome::Tie => return ControlFlow::Continue(()),
        };
        let (Some(winner), Some(loser)) = (place(winner), place(loser)) else {
            return ControlFlow::Continue(());
        };
        if winner < loser && line(row.judge, 40) == judge {
            let kept = found.entry((winner, loser)).or_default();
            if kept.len() < SHOWN {
                kept.push(battle(&row));
            }
        }
        ControlFlow::Continue(())
    })?;
    let gap =
        |(better, worse): (usize, usize)| standings[better].rating.value - standings[worse].rating.value;
    let mut pairs: Vec<((usize, usize), Vec<Battle>)> = found.into_iter().collect();
    pairs.sort_by(|(a, _), (b, _)| gap(*b).total_cmp(&gap(*a)));
    Ok(chosen(pairs.into_iter().map(|(_, battles)| battles).collect()))
}

/// One of each pair in turn, each of another prompt as long as there are any.
fn chosen(mut pairs: Vec<Vec<Battle>>) -> Vec<Battle> {
    let mut shown: Vec<Battle> = vec![];
    while shown.len() < SHOWN && pairs.iter().any(|battles| !battles.is_empty()) {
        for battles in &mut pairs {
            let new = |battle: &Battle| shown.iter().all(|other| other.prompt != battle.prompt);
            let next = battles.iter().position(new).unwrap_or(0);
            if shown.len() < SHOWN && next < battles.len() {
                shown.push(battles.remove(next));
            }
        }
    }
    shown
}

fn battle(row: &shard::battles::Row<'_>) -> Battle {
    let answer = |model, text, side| Answer {
        model: line(model, 24),
        text: beginning(text, 600, 12),
        won: row.outcome == side,
    };
    Battle {
        asked: beginning(row.asked, 400, 8),
        answers: [
            answer(row.left, row.left_text, Outcome::Left),
            answer(row.right, row.right_text, Outcome::Right),
        ],
        prompt: row.prompt_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_take_turns_and_prompts_come_once() {
        let battles = |prompts: &[u64]| -> Vec<Battle> {
            let row = |&prompt_id| battle(&shard::battles::Row { prompt_id, ..Default::default() });
            prompts.iter().map(row).collect()
        };
        let shown = |pairs: &[&[u64]]| -> Vec<u64> {
            chosen(pairs.iter().map(|prompts| battles(prompts)).collect())
                .iter()
                .map(|of| of.prompt)
                .collect()
        };
        assert_eq!(shown(&[&[1, 2, 3], &[1, 4], &[1, 2]]), [1, 4, 2]);
        assert_eq!(shown(&[&[1, 2, 3, 4]]), [1, 2, 3]);
        assert_eq!(shown(&[&[1], &[1]]), [1, 1]);
        assert!(shown(&[&[], &[]]).is_empty());
    }
}
