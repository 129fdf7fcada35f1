//! What was put into a web, as rows.

use fixtures::{Capture, Web};
use shard::{
    Conversations, Facts, Message, Preferences, Problems, Truth, Writer, conversations, facts, preferences,
    problems, truth,
};

use super::pack::record_id;

/// Writes down what `capture` really is.
pub(super) fn truth(capture: &Capture, out: &mut Writer<Truth>) -> shard::Result<()> {
    let fixtures::Truth { kind, page_type, spans, .. } = &capture.truth;
    let spans = spans.iter().map(|span| truth::Span { kind: span.kind.name(), value: &span.value });
    out.push(&truth::Row {
        id: &record_id(&capture.id),
        url: &capture.url,
        kind: kind.name(),
        page_type: page_type.map(fixtures::PageType::name),
        layout: capture.truth.layout,
        language: capture.truth.language,
        main_text: capture.truth.main_text.as_deref(),
        first_reason: capture.truth.first_reason,
        duplicate_of: capture.truth.duplicate_of.as_deref().map(record_id).as_deref(),
        jaccard: capture.truth.jaccard,
        spans: spans.collect(),
        mentions: &capture.truth.mentions,
        opt_out: capture.truth.opt_out,
        licence: capture.truth.licence,
        charset: capture.truth.charset,
        flaw: capture.truth.flaw,
    })
}

/// Writes down all facts of `web`.
pub(super) fn facts(web: &Web, out: &mut Writer<Facts>) -> shard::Result<()> {
    for fact in web.facts() {
        let prompts = fact.prompts();
        out.push(&facts::Row {
            id: fact.id,
            subject: &fact.subject,
            relation: fact.relation,
            object: fact.object,
            exposures: fact.exposures as i32,
            prompts: prompts.iter().map(String::as_str).collect(),
        })?;
    }
    Ok(())
}

/// Where problems, conversations and preferences come from, so that one can tell them from those of other makers.
const MAKER: &str = "miniature-web";

/// Writes down all problems of `web`; the source says whether one is for practice or for the test.
pub(super) fn problems(web: &Web, out: &mut Writer<Problems>) -> shard::Result<()> {
    for problem in web.problems() {
        out.push(&problems::Row {
            id: problem.id,
            source: &format!("{MAKER}/{}", problem.part.name()),
            ability: problem.ability,
            prompt: messages(&problem.prompt),
            answer: &problem.answer,
            verifier: problem.verifier,
            meta: problem.meta.as_deref(),
        })?;
    }
    Ok(())
}

/// Writes down all conversations of `web`; the source says what they are about.
pub(super) fn conversations(web: &Web, out: &mut Writer<Conversations>) -> shard::Result<()> {
    for talk in web.conversations() {
        out.push(&conversations::Row {
            id: talk.id,
            source: &format!("{MAKER}/{}", talk.source),
            messages: messages(&talk.messages),
        })?;
    }
    Ok(())
}

/// Writes down all preferences of `web`.
pub(super) fn preferences(web: &Web, out: &mut Writer<Preferences>) -> shard::Result<()> {
    for preference in web.preferences() {
        out.push(&preferences::Row {
            id: preference.id,
            source: MAKER,
            prompt: messages(&preference.prompt),
            responses: preference.responses.iter().map(String::as_str).collect(),
            ranks: &preference.ranks,
            margin: preference.margin.as_deref(),
            labeler: Some(preference.labeler),
            policies: Some(preference.policies.clone()),
        })?;
    }
    Ok(())
}

fn messages(messages: &[fixtures::Message]) -> Vec<Message<'_>> {
    messages.iter().map(|message| Message::text(message.role, &message.text)).collect()
}
