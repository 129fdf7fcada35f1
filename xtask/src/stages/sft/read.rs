//! Conversations out of shards: each is learned from, held out, or left out with a reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use bpe::Bpe;
use model::Random;
use pipeline::{Error, Fault, Io, Task};
use sft::{Examples, Template};
use shard::{Conversations, Dropped, dropped};

use super::Sft;
use crate::stages::{shards, talk};

/// What there is to learn from, and to measure on.
pub(super) struct Talks {
    pub(super) train: Arc<Examples>,
    /// How often each of `train` comes in an epoch.
    pub(super) times: Vec<f64>,
    pub(super) held_out: Arc<Examples>,
}

impl Sft {
    /// Reads all conversations and writes those that were left out.
    pub(super) fn read(
        &self,
        io: &Io,
        task: Task,
        bpe: &Bpe,
        template: &dyn Template,
        context: usize,
    ) -> anyhow::Result<Talks> {
        let (mut train, mut held_out, mut times) = (Examples::default(), Examples::default(), vec![]);
        let mut fallen = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        let (mut count, mut left_out) = (0_u64, BTreeMap::<&str, u64>::new());
        let seed = io.seed("held out");
        for file in io.input("conversations")?.files() {
            let mut offset = 0;
            for batch in shards::read::<Conversations>(file)? {
                for row in batch?.rows() {
                    let place = offset;
                    offset += 1;
                    if !self.wants(row.source) {
                        continue;
                    }
                    count += 1;
                    let out = Random::new(seed, &row.id.to_string()).uniform() < self.hold_out;
                    let examples = if out { &mut held_out } else { &mut train };
                    let pushed = talk::messages(&row.messages)
                        .and_then(|messages| examples.push(&messages, template, bpe, context, self.overlong));
                    match pushed {
                        Ok(()) if out => {}
                        Ok(()) => times.push(self.weight(row.source)),
                        Err(reason) => {
                            *left_out.entry(reason.reason()).or_default() += 1;
                            fallen.push(&dropped::Row {
                                id: Some(&row.id.to_string()),
                                source: &file.name,
                                offset: place,
                                stage: io.stage(),
                                reason: reason.reason(),
                                detail: Some(&format!("{}: {reason}", row.source)),
                                ..dropped::Row::default()
                            })?;
                        }
                    }
                }
            }
        }
        shards::finish(io, "dropped", fallen)?;
        io.count("in", count);
        io.count("kept", (train.len() + held_out.len()) as u64);
        for (reason, count) in &left_out {
            io.count(&format!("dropped.{reason}"), *count);
        }
        let truncated = train.truncated() + held_out.truncated();
        io.count("truncated", truncated);
        io.count("conversation_tokens", train.tokens() as u64);
        io.count("learned_tokens", train.learned() as u64);
        let too_long = truncated + left_out.get("too_long").copied().unwrap_or(0);
        refuse(count, too_long, &train, &left_out, context)?;
        io.metric("supervised_share", train.learned() as f64 / train.tokens() as f64);
        Ok(Talks { train: Arc::new(train), times, held_out: Arc::new(held_out) })
    }

    fn wants(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|name| source.starts_with(name.as_str()))
    }

    /// How often a conversation of this source comes in an epoch: as the longest name says that `source` begins with.
    fn weight(&self, source: &str) -> f64 {
        let named = self.weights.iter().filter(|(name, _)| source.starts_with(name.as_str()));
        named.max_by_key(|(name, _)| name.len()).map_or(1.0, |(_, weight)| *weight)
    }
}

/// Stops a run that would learn nothing, or half of what it was given.
fn refuse(
    count: u64,
    too_long: u64,
    train: &Examples,
    left_out: &BTreeMap<&str, u64>,
    context: usize,
) -> Result<(), Error> {
    if 2 * too_long > count {
        let fault = Fault::new("most conversations are longer than the context")
            .on("/context")
            .got(format!("{too_long} of {count} have more than {context} tokens"))
            .expected("half of them or fewer")
            .cure("train on shorter ones, or begin with a model of a longer context");
        return Err(Error::Input(fault));
    }
    if train.is_empty() {
        let reasons: Vec<String> =
            left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let fault = Fault::new("no conversation is left to learn from")
            .got(format!("{count} conversations: {}", reasons.join(", ")))
            .expected("at least one whose assistant says something")
            .cure("`show RUN STAGE/dropped` tells of each why");
        return Err(Error::Input(fault));
    }
    Ok(())
}
