//! What one might ask a run's models: some of its problems, and beginnings of its documents.

use std::path::{Path, PathBuf};

use shard::{Documents, PartKind, Problems, Reader, Table, problems};

use super::run::Finished;
use crate::spread;

/// Questions at most.
const EXAMPLES: usize = 8;
/// Characters of a question, at most: it stands on a button.
const SHORT: usize = 120;
/// Rows of a shard that are looked through.
pub(super) const ROWS: usize = 8_192;

/// Beginnings at most, and their words.
const OPENINGS: u64 = 6;
const WORDS: usize = 8;

/// Problems of one ability.
struct Group {
    ability: String,
    /// Those that no training used.
    test: Vec<String>,
    practice: Vec<String>,
}

/// Short problems of all abilities, those first that no training used; the same for the same run.
pub(super) fn examples(stages: &[Finished]) -> anyhow::Result<Vec<String>> {
    let mut groups: Vec<Group> = vec![];
    for (path, _) in stages.iter().flat_map(|stage| stage.shards(Problems::NAME)) {
        let mut seen = 0;
        for batch in Reader::<Problems>::open(&path)? {
            let batch = batch?;
            batch.rows().for_each(|row| sort(&row, &mut groups));
            seen += batch.len();
            if seen >= ROWS {
                break;
            }
        }
    }
    let mut chosen: Vec<String> = vec![];
    let each = EXAMPLES.div_ceil(groups.len().max(1));
    for turn in 0..each {
        for group in &groups {
            let from = if group.test.is_empty() { &group.practice } else { &group.test };
            let picked =
                spread::middle(turn as u64, each as u64, from.len() as u64).map(|at| &from[at as usize]);
            chosen.extend(picked.filter(|picked| !chosen.contains(picked)).cloned());
        }
    }
    // where abilities are many, some of all of them
    let (n, most) = (chosen.len() as u64, EXAMPLES as u64);
    if n <= most {
        return Ok(chosen);
    }
    let some = (0..most).filter_map(|which| spread::middle(which, most, n));
    Ok(some.map(|at| chosen[at as usize].clone()).collect())
}

/// Puts a problem to those of its ability, if it is short and only somebody asks.
fn sort(row: &problems::Row<'_>, groups: &mut Vec<Group>) {
    let [message] = &row.prompt[..] else { return };
    // pictures and sounds are told of by their names, which nobody would ask
    let in_words = message.content.iter().all(|part| part.kind == PartKind::Text);
    let asked: String = message.content.iter().filter_map(|part| part.text).collect();
    let asked = asked.trim();
    let short = asked.chars().nth(SHORT).is_none() && !asked.contains('\n');
    if message.role != "user" || !in_words || asked.is_empty() || !short {
        return;
    }
    let at = groups.iter().position(|group| group.ability == row.ability).unwrap_or_else(|| {
        groups.push(Group { ability: row.ability.to_owned(), test: vec![], practice: vec![] });
        groups.len() - 1
    });
    let group = &mut groups[at];
    let part = if row.source.ends_with("/practice") { &mut group.practice } else { &mut group.test };
    part.push(asked.to_owned());
}

/// How some documents begin, from the first to the last.
pub(super) fn openings(shards: &[(PathBuf, u64)]) -> anyhow::Result<Vec<String>> {
    let mut openings: Vec<String> = vec![];
    for (path, at) in spread::rows(shards, OPENINGS) {
        openings.extend(opening(path, at)?.filter(|opening| !openings.contains(opening)));
    }
    Ok(openings)
}

/// The first words of the document in row `at`.
fn opening(path: &Path, at: u64) -> anyhow::Result<Option<String>> {
    let Some(batch) = Reader::<Documents>::open_at(path, at)?.next().transpose()? else { return Ok(None) };
    let words = batch.rows().next().map(|row| {
        let line = row.text.lines().find(|line| line.split_whitespace().nth(WORDS).is_some());
        let words: Vec<&str> = line.unwrap_or(row.text).split_whitespace().take(WORDS).collect();
        words.join(" ")
    });
    Ok(words.filter(|words| !words.is_empty() && words.chars().count() <= SHORT))
}
