//! Battles of an earlier arena, and votes of people.

use std::collections::BTreeMap;

use pipeline::Io;
use shard::{Battles, battles};

use super::{Asked, Fought};
use crate::stages::shards;

/// Reads the battles that count, and notes the answers in them that `prompts` ask for.
pub(super) fn read(io: &Io, contestants: &[&str], prompts: &mut [Asked]) -> anyhow::Result<Vec<Fought>> {
    let Some(input) = io.optional("battles") else { return Ok(vec![]) };
    let by_id: BTreeMap<u64, usize> =
        prompts.iter().enumerate().map(|(at, asked)| (asked.problem.id, at)).collect();
    let mut fought = vec![];
    for batch in shards::read_all::<Battles>(input) {
        for row in batch?.rows() {
            let prompt = by_id.get(&row.prompt_id).map(|&at| &mut prompts[at]);
            match fighters(&row, contestants, prompt.as_deref()) {
                Err(reason) => io.count(reason, 1),
                Ok((left, right)) => {
                    if let Some(asked) = prompt {
                        for (number, text) in [(left, row.left_text), (right, row.right_text)] {
                            asked.texts[number].get_or_insert_with(|| text.to_owned());
                        }
                    }
                    fought.push(Fought {
                        prompt_id: row.prompt_id,
                        asked: row.asked.to_owned(),
                        left,
                        right,
                        judge: row.judge.to_owned(),
                        outcome: row.outcome,
                        left_text: row.left_text.to_owned(),
                        right_text: row.right_text.to_owned(),
                    });
                }
            }
        }
    }
    io.count("earlier_battles", fought.len() as u64);
    Ok(fought)
}

/// Who met, or why that does not count.
fn fighters(
    row: &battles::Row<'_>,
    contestants: &[&str],
    prompt: Option<&Asked>,
) -> Result<(usize, usize), &'static str> {
    let number = |name: &str| contestants.iter().position(|known| *known == name);
    let (Some(left), Some(right)) = (number(row.left), number(row.right)) else {
        return Err("unknown_model");
    };
    if left == right {
        return Err("against_itself");
    }
    // numbers of prompts are those of their file: another one may have used this one for something else
    if prompt.is_some_and(|asked| asked.problem.asked != row.asked) {
        return Err("other_prompt");
    }
    Ok((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_count_has_a_reason() {
        let problem = rl::Problem { asked: "2+2?".to_owned(), ..rl::Problem::default() };
        let asked = Asked { problem, texts: vec![], too_long: false };
        let row = battles::Row { asked: "2+2?", left: "chat", right: "base", ..battles::Row::default() };
        let told = |row: &battles::Row<'_>| fighters(row, &["base", "chat"], Some(&asked));
        assert_eq!(told(&row), Ok((1, 0)));
        assert_eq!(told(&battles::Row { right: "bass", ..row }), Err("unknown_model"));
        assert_eq!(told(&battles::Row { right: "chat", ..row }), Err("against_itself"));
        assert_eq!(told(&battles::Row { asked: "2+3?", ..row }), Err("other_prompt"));
        assert_eq!(fighters(&battles::Row { asked: "2+3?", ..row }, &["base", "chat"], None), Ok((1, 0)));
    }
}
