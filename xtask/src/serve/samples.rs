//! Pictures and sounds of a run's tests, each with a question: what one might try on models that see and hear.

use std::collections::BTreeMap;

use chat::serve::Sample;
use shard::{Media, PartKind, Problems, Reader, Table, problems};

use super::questions::ROWS;
use super::run::Finished;
use crate::spread;

/// Samples at most.
const MOST: usize = 6;
/// Bytes of one, at most: all of them are told to every page.
const LARGE: usize = 128 << 10;

/// A question about something that has a name.
struct Asked {
    name: String,
    question: String,
}

/// Some of all abilities; the same for the same run.
pub(super) fn of(stages: &[Finished]) -> anyhow::Result<Vec<Sample>> {
    let mut abilities: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
    for (path, _) in stages.iter().flat_map(|stage| stage.shards(Problems::NAME)) {
        let mut seen = 0;
        for batch in Reader::<Problems>::open(&path)? {
            let batch = batch?;
            for row in batch.rows() {
                if let Some(asked) = asked(&row) {
                    abilities.entry(row.ability.to_owned()).or_default().push(asked);
                }
            }
            seen += batch.len();
            if seen >= ROWS {
                break;
            }
        }
    }
    let mut chosen: Vec<&Asked> = vec![];
    let each = MOST.div_ceil(abilities.len().max(1)) as u64;
    for turn in 0..each {
        for of_ability in abilities.values() {
            let at = spread::middle(turn, each, of_ability.len() as u64);
            chosen.extend(at.map(|at| &of_ability[at as usize]));
        }
    }
    chosen.truncate(MOST);
    let mut files = files(stages, &chosen)?;
    let sample = |asked: &&Asked| {
        let file = files.remove(&asked.name)?;
        Some(Sample { file, question: asked.question.clone() })
    };
    Ok(chosen.iter().filter_map(sample).collect())
}

/// A question of one turn about one picture or sound that is told by its name.
fn asked(row: &problems::Row<'_>) -> Option<Asked> {
    let [message] = &row.prompt[..] else { return None };
    let mut media = message.content.iter().filter(|part| part.kind != PartKind::Text);
    let (named, None) = (media.next()?, media.next()) else { return None };
    if !matches!(named.kind, PartKind::Image | PartKind::Audio) || row.source.ends_with("/practice") {
        return None;
    }
    let words = message.content.iter().filter(|part| part.kind == PartKind::Text);
    let question: String = words.filter_map(|part| part.text).collect();
    Some(Asked { name: named.text?.to_owned(), question: question.trim().to_owned() })
}

/// The files of what is asked about, by name.
fn files(stages: &[Finished], chosen: &[&Asked]) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if chosen.is_empty() {
        return Ok(files);
    }
    for (path, _) in stages.iter().flat_map(|stage| stage.shards(Media::NAME)) {
        for batch in Reader::<Media>::open(&path)? {
            for row in batch?.rows() {
                if row.bytes.len() <= LARGE && chosen.iter().any(|asked| asked.name == row.name) {
                    files.insert(row.name.to_owned(), row.bytes.to_vec());
                }
            }
        }
    }
    Ok(files)
}
