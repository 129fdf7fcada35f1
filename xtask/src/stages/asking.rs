//! Questions to a model, many at once: what an interview and an arena have in common.

use std::ops::ControlFlow;

use anyhow::Context;
use bpe::{Bpe, Vocabulary};
use chat::{Event, Reply, Responder};
use model::{Draw, Limits, Prompt};
use pipeline::Io;
use rl::Problem;
use sft::{Protocol, Template};
use shard::problems;

use super::interview::Transcript;
use super::interview::transcript::{Lines, first_line};
use super::{problem, words};

/// Questions answered together.
const BATCH: usize = 64;

/// How a model is spoken to: by transcript where there is one, else by a protocol, by default the one that the special
/// tokens suggest.
pub(super) fn template<'a>(
    transcript: Option<&'a Transcript>,
    protocol: Option<Protocol>,
    vocabulary: &Vocabulary,
) -> anyhow::Result<Box<dyn Template + 'a>> {
    Ok(match transcript {
        Some(transcript) => Box::new(Lines::new(transcript, vocabulary)?),
        None => protocol.unwrap_or_else(|| Protocol::of(vocabulary)).template(vocabulary)?,
    })
}

/// A problem as a model reads it, up to where its answer begins.
pub(super) fn asked(row: &problems::Row<'_>, bpe: &Bpe, template: &dyn Template) -> anyhow::Result<Problem> {
    problem::read(row, bpe, template).with_context(|| format!("problem {} cannot be asked", row.id))
}

/// Shows `take` the answer to each prompt with the prompt's number. Prompts of one length are answered together, so that
/// little padding is read.
pub(super) fn answer(
    responder: &Responder<'_>,
    prompts: &[Prompt],
    draw: &Draw,
    limits: &Limits,
    io: &Io,
    mut take: impl FnMut(usize, &Reply),
) -> anyhow::Result<()> {
    let mut order: Vec<usize> = (0..prompts.len()).collect();
    order.sort_by_key(|&at| (prompts[at].ids.len(), at));
    io.progress().length(prompts.len() as u64);
    for batch in order.chunks(BATCH) {
        let together = batch.iter().map(|&at| prompts[at].clone()).collect();
        let mut go_on = |_: usize, _: Event<'_>| ControlFlow::Continue(());
        let replies = responder.respond(together, draw, limits, &mut go_on)?;
        batch.iter().zip(&replies).for_each(|(&at, reply)| take(at, reply));
        io.progress().advance(batch.len() as u64);
    }
    Ok(())
}

/// What was said, and whether it ended as it should: of a transcript's continuation the first line is the answer.
pub(super) fn said(reply: &Reply, bpe: &Bpe, transcript: Option<&Transcript>) -> (String, bool) {
    let said = words::of(bpe, &reply.ids);
    if transcript.is_none() {
        return (said, reply.ended);
    }
    let (line, ended) = first_line(&said);
    (line.to_owned(), ended || reply.ended)
}
