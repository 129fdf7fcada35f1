//! A group of answers, the best first, coloured by what they earned: what reinforcement learning sees.

use std::io::{IsTerminal, Write};
use std::path::Path;

use pipeline::{Contents, Manifest};
use shard::{Reader, Rollouts, Table, rollouts};

/// The answers that a stage learned from, where it left any.
pub(super) fn of(manifest: &Manifest) -> Option<(&String, &Contents)> {
    manifest.outputs.iter().find(|(_, contents)| contents.kind == Rollouts::NAME)
}

/// An answer, apart from the shard that it was read from.
struct Answer {
    step: i64,
    group: i64,
    asked: String,
    wanted: String,
    text: String,
    reward: Option<f32>,
    advantage: f32,
    truncated: bool,
    parts: Vec<(String, Option<f32>)>,
}

/// Prints `count` groups: of the first kept round and of the last, in turn, those first whose answers differ most in reward.
pub(super) fn print(
    directory: &Path,
    contents: &Contents,
    count: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut answers = vec![];
    for file in &contents.files {
        for batch in Reader::<Rollouts>::open(&directory.join(&file.name))? {
            answers.extend(batch?.rows().map(|row| answer(&row)));
        }
    }
    let mut rounds: Vec<i64> = answers.iter().map(|answer| answer.step).collect();
    rounds.dedup();
    let (Some(&first), Some(&last)) = (rounds.first(), rounds.last()) else { return Ok(()) };
    let colours = std::io::stdout().is_terminal();
    for (round, count) in [(first, count.div_ceil(2)), (last, count / 2)] {
        let of_round: Vec<&Answer> = answers.iter().filter(|answer| answer.step == round).collect();
        let mut groups: Vec<&[&Answer]> = of_round.chunk_by(|a, b| a.group == b.group).collect();
        groups.sort_by(|a, b| spread(b).total_cmp(&spread(a)));
        for group in groups.into_iter().take(count) {
            print_group(round, group, colours, out)?;
        }
    }
    Ok(())
}

fn answer(row: &rollouts::Row<'_>) -> Answer {
    Answer {
        step: row.step,
        group: row.group,
        asked: row.asked.to_owned(),
        wanted: row.answer.to_owned(),
        text: row.text.to_owned(),
        reward: row.reward,
        advantage: row.advantage,
        truncated: row.truncated,
        parts: row.rewards.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
    }
}

/// How much rewards of a group differ.
fn spread(group: &[&Answer]) -> f32 {
    let rewards = || group.iter().filter_map(|answer| answer.reward);
    let mean = rewards().sum::<f32>() / group.len().max(1) as f32;
    rewards().map(|reward| (reward - mean) * (reward - mean)).sum()
}

fn print_group(round: i64, group: &[&Answer], colours: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    // where a reward model pays nobody knows what is right
    let wanted =
        if first.wanted.is_empty() { String::new() } else { format!("   (right: {})", first.wanted) };
    writeln!(out, "\n  round {round}  {}{wanted}", first.asked.trim())?;
    let mut answers: Vec<&&Answer> = group.iter().collect();
    answers.sort_by(|a, b| {
        b.reward.unwrap_or(f32::NEG_INFINITY).total_cmp(&a.reward.unwrap_or(f32::NEG_INFINITY))
    });
    for answer in answers {
        let reward = answer.reward.map_or_else(|| "   –".to_owned(), |reward| format!("{reward:5.2}"));
        let end = if answer.truncated { "…" } else { "" };
        let text = format!("{}{end}", answer.text.trim().replace('\n', " ⏎ "));
        let text = match (colours, answer.advantage) {
            (false, _) => text,
            (true, better) if better > 0.0 => format!("\x1b[30;48;5;157m{text}\x1b[0m"),
            (true, worse) if worse < 0.0 => format!("\x1b[30;48;5;217m{text}\x1b[0m"),
            (true, _) => format!("\x1b[2m{text}\x1b[0m"),
        };
        writeln!(out, "  {reward}  {:+.2}  {text}{}", answer.advantage, parts(answer))?;
    }
    Ok(())
}

/// What a reward is made of, where it has more than one part.
fn parts(answer: &Answer) -> String {
    if answer.parts.len() < 2 {
        return String::new();
    }
    let part = |(name, value): &(String, Option<f32>)| match value {
        Some(value) => format!("{name} {value:.2}"),
        None => format!("{name} –"),
    };
    format!("   ({})", answer.parts.iter().map(part).collect::<Vec<_>>().join(", "))
}
