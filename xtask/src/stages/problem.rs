//! A row of problems as a policy reads it.

use bpe::Bpe;
use rl::Problem;
use sft::{Rendered, Template};
use shard::problems;

use super::talk;

/// Why a problem is not asked: one word, and a sentence.
pub(super) type Reason = (&'static str, String);

/// The problem as the model reads it, with room for an answer.
pub(super) fn rendered(
    row: &problems::Row<'_>,
    bpe: &Bpe,
    template: &dyn Template,
    context: usize,
) -> Result<Problem, Reason> {
    let unspoken = |error: sft::Error| (error.reason(), error.to_string());
    let messages = talk::messages(&row.prompt).map_err(unspoken)?;
    let mut rendered = Rendered::default();
    template.render(&messages, bpe, &mut rendered).map_err(unspoken)?;
    template.open(bpe, &mut rendered);
    let last = messages.last().map_or(&[][..], |message| &message.content);
    let problem = Problem {
        id: row.id,
        ability: row.ability.to_owned(),
        asked: last.iter().filter_map(sft::Part::as_text).collect(),
        ids: rendered.ids,
        answer: row.answer.to_owned(),
        verifier: row.verifier.to_owned(),
        meta: row.meta.map(str::to_owned),
    };
    rl::check(&problem, context).map_err(|error| (error.reason(), error.to_string()))?;
    Ok(problem)
}
