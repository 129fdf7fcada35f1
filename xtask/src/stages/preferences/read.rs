//! Rankings out of shards: each is learned from, measured on, or left out with a reason.

use std::collections::BTreeMap;

use bpe::Bpe;
use model::Random;
use pipeline::{Error, Fault, Io, Task};
use rlhf_reward::Preference;
use sft::{Message, Rendered, Role, Template};
use shard::{Dropped, Preferences, dropped, preferences};

use crate::stages::problem::Reason;
use crate::stages::{shards, talk};

/// What there is to learn from, and to measure with.
#[derive(Default)]
pub(in crate::stages) struct Rankings {
    pub(in crate::stages) learn: Vec<Preference>,
    pub(in crate::stages) held_out: Vec<Preference>,
}

/// Reads all rankings and writes those that were left out. Those are held out whose source ends with one of `held_out`, and of
/// all others a share.
pub(in crate::stages) fn read(
    io: &Io,
    task: Task,
    ([sources, held_out], share): ([&[String]; 2], f64),
    bpe: &Bpe,
    template: &dyn Template,
    context: usize,
) -> anyhow::Result<Rankings> {
    let (mut found, mut left_out) = (Rankings::default(), BTreeMap::<&str, u64>::new());
    let mut fallen = shards::create::<Dropped>(io, "dropped", &task.shard())?;
    let mut count = 0_u64;
    let seed = io.seed("held out");
    for file in io.input("preferences")?.files() {
        let mut offset = 0;
        for batch in shards::read::<Preferences>(file)? {
            for row in batch?.rows() {
                let place = offset;
                offset += 1;
                let of = |ends: &[String]| ends.iter().any(|end| row.source.ends_with(end.as_str()));
                let measured = of(held_out);
                if !measured && !sources.is_empty() && !of(sources) {
                    continue;
                }
                count += 1;
                let measured =
                    measured || share > 0.0 && Random::new(seed, &row.id.to_string()).uniform() < share;
                match rendered(&row, bpe, template, context) {
                    Ok(preference) if measured => found.held_out.push(preference),
                    Ok(preference) => found.learn.push(preference),
                    Err((reason, detail)) => {
                        *left_out.entry(reason).or_default() += 1;
                        fallen.push(&dropped::Row {
                            id: Some(&row.id.to_string()),
                            source: &file.name,
                            offset: place,
                            stage: io.stage(),
                            reason,
                            detail: Some(&format!("{}: {detail}", row.source)),
                            ..dropped::Row::default()
                        })?;
                    }
                }
            }
        }
    }
    shards::finish(io, "dropped", fallen)?;
    io.count("in", count);
    io.count("kept", (found.learn.len() + found.held_out.len()) as u64);
    io.count("held_out", found.held_out.len() as u64);
    for (reason, count) in &left_out {
        io.count(&format!("dropped.{reason}"), *count);
    }
    let lost: u64 = left_out.values().sum();
    if found.learn.is_empty() || 2 * lost > count {
        let reasons: Vec<String> =
            left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let fault = Fault::new("too few rankings can be learned from")
            .got(format!("{} of {count}; left out: {}", found.learn.len(), reasons.join(", ")))
            .expected("one, and half of all")
            .cure("a ranking needs a prompt, two answers that differ in words and rank, and room in the context");
        return Err(Error::Input(fault).into());
    }
    Ok(found)
}

/// A ranking as the model reads it: the prompt with the assistant's turn begun, each answer with the token that ends it.
fn rendered(
    row: &preferences::Row<'_>,
    bpe: &Bpe,
    template: &dyn Template,
    context: usize,
) -> Result<Preference, Reason> {
    let unspoken = |error: sft::Error| (error.reason(), error.to_string());
    let messages = talk::messages(&row.prompt).map_err(unspoken)?;
    let mut prompt = Rendered::default();
    template.render(&messages, bpe, &mut prompt).map_err(unspoken)?;
    template.open(bpe, &mut prompt);
    let mut answers = vec![];
    for (at, text) in row.responses.iter().enumerate() {
        if text.trim().is_empty() {
            return Err(("empty_answer", format!("answer {at} is empty")));
        }
        let mut whole = Rendered::default();
        let said: Vec<Message<'_>> =
            messages.iter().cloned().chain([Message::text(Role::Assistant, text)]).collect();
        template.render(&said, bpe, &mut whole).map_err(unspoken)?;
        let answer = whole.ids.strip_prefix(&prompt.ids[..]).unwrap_or_default();
        let end = answer.iter().rposition(|id| template.ends().contains(id));
        answers.push(end.map_or(vec![], |end| answer[..=end].to_vec()));
    }
    let margins = row.margin.map(|margins| margins.iter().map(|margin| f64::from(*margin)).collect());
    let preference =
        Preference { id: row.id, prompt: prompt.ids, answers, ranks: row.ranks.to_vec(), margins };
    preference.check(context).map_err(|error| (error.reason(), error.to_string()))?;
    Ok(preference)
}
