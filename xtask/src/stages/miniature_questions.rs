//! `miniature-questions`: what to ask an assistant that learned from the generated web's conversations.

use fixtures::Told;
use pipeline::{Class, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Facts, Message, Problems, Table, problems};

use super::shards;

/// Questions to an assistant: who it is, and of people that it should know, hardly could know, and cannot know. No
/// conversation of the web asks for any of these people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MiniatureQuestions {}

impl Stage for MiniatureQuestions {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            reads: vec![Slot::new("facts", Facts::NAME)],
            writes: vec![Output::new("problems", Problems::NAME)],
            sources: &["fixtures"],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let batches = shards::read_all::<Facts>(io.input("facts")?).collect::<anyhow::Result<Vec<_>>>()?;
        let facts = batches.iter().flat_map(shard::Batch::rows).map(|row| Told {
            id: row.id,
            subject: row.subject,
            relation: row.relation,
            object: row.object,
            exposures: row.exposures.max(0) as u32,
        });
        let mut writer = shards::create::<Problems>(io, "problems", &task.shard())?;
        for problem in fixtures::questions(io.seed("questions"), facts) {
            let prompt = problem.prompt.iter().map(|message| Message::text(message.role, &message.text));
            writer.push(&problems::Row {
                id: problem.id,
                source: "miniature-questions",
                ability: problem.ability,
                prompt: prompt.collect(),
                answer: &problem.answer,
                verifier: problem.verifier,
                meta: None,
            })?;
            io.count(problem.ability, 1);
        }
        shards::finish(io, "problems", writer)
    }
}
