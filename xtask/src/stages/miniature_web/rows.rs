//! What was put into a web, as rows.

use fixtures::{Capture, Web};
use shard::{Facts, Truth, Writer, facts, truth};

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
