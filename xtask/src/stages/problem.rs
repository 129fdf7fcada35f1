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
    let problem = read(row, bpe, template).map_err(|error| (error.reason(), error.to_string()))?;
    rl::check(&problem, context).map_err(|error| (error.reason(), error.to_string()))?;
    Ok(problem)
}

/// The problem as the model reads it, whether there is room or not.
pub(super) fn read(row: &problems::Row<'_>, bpe: &Bpe, template: &dyn Template) -> sft::Result<Problem> {
    let messages = talk::messages(&row.prompt)?;
    let mut rendered = Rendered::default();
    template.render(&messages, bpe, &mut rendered)?;
    template.open(bpe, &mut rendered);
    let last = messages.last().map_or(&[][..], |message| &message.content);
    Ok(Problem {
        id: row.id,
        ability: row.ability.to_owned(),
        asked: last.iter().filter_map(sft::Part::as_text).collect(),
        ids: rendered.ids,
        answer: row.answer.to_owned(),
        verifier: row.verifier.to_owned(),
        meta: row.meta.map(str::to_owned),
    })
}
