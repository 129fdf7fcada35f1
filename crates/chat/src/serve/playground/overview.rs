//! `GET /playground/run`: all that pages want to know before anybody asks anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bpe::{Bpe, Tokenizer};
use model::Family;
use schemars::JsonSchema;
use serde::Serialize;
use sft::Protocol;

use super::{tools, work};
use crate::serve::senses::{self, Kind};
use crate::serve::{self, Answer, Card, Run, Served};

/// A run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Overview {
    /// Its name.
    name: String,
    /// A sentence about it.
    about: String,
    /// Its seed.
    seed: u64,
    /// Its models, in the order in which they were trained.
    models: Vec<Model>,
    /// Tokenizers, the run's own first.
    tokenizers: Vec<String>,
    /// What answers may call, as OpenAI's API tells it.
    tools: Vec<tools::Described>,
    /// Questions that suit the run.
    examples: Vec<String>,
    /// Pictures and sounds to try.
    samples: Vec<Sample>,
    /// Beginnings of texts like those that it trained on.
    openings: Vec<String>,
    /// Bytes that a picture or a sound may have.
    largest_file: usize,
    /// What else can be looked at.
    has: Has,
}

/// A picture or a sound to try, and a question about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Sample {
    kind: Kind,
    /// Itself, as a `data:` URL.
    url: String,
    question: String,
}

impl Sample {
    fn of(sample: &serve::Sample) -> Self {
        let (kind, url) = senses::file_url(&sample.file);
        Self { kind, url, question: sample.question.clone() }
    }
}

/// What else can be looked at.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct Has {
    /// Documents.
    documents: bool,
    /// The run's report.
    report: bool,
    /// Whether votes are kept.
    ballots: bool,
}

/// A model.
#[allow(clippy::struct_excessive_bools, reason = "what it can do, each by its name")]
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Model {
    /// What requests call it.
    id: String,
    /// The kind of its stage.
    #[serde(rename = "use")]
    uses: String,
    /// The models that it learned on from, itself last.
    lineage: Vec<String>,
    /// Numbers that were learned.
    parameters: usize,
    layers: usize,
    heads: usize,
    kv_heads: usize,
    width: usize,
    /// Tokens that it reads at once.
    context: usize,
    vocabulary: usize,
    family: Family,
    /// How conversations are written for it; none where its vocabulary has no tokens for any.
    protocol: Option<Protocol>,
    /// Whether it learned from conversations.
    talks: bool,
    /// Whether its answers can call tools.
    calls_tools: bool,
    /// Whether it can think before it answers.
    thinks: bool,
    /// Whether pictures can be shown to it.
    sees: bool,
    /// Whether sounds can be played to it.
    hears: bool,
}

impl Model {
    /// Reads the tokenizer of a model, and not its weights.
    fn of(card: &Card) -> Self {
        let (config, talks) = (&card.config, card.talks);
        let speaks = Bpe::load(&card.folder).map(|bpe| {
            let protocol = Protocol::of(bpe.vocabulary());
            protocol.template(bpe.vocabulary()).map(|template| (protocol, template))
        });
        let speaks = match speaks {
            Ok(speaks) => speaks.ok(),
            Err(problem) => {
                tracing::warn!(%problem, model = card.id, "a tokenizer cannot be read");
                None
            }
        };
        let can = |what: bool| talks && what;
        let senses = senses::of(card, speaks.as_ref().map(|(_, template)| &**template));
        let has = |kind| senses.iter().any(|sense| sense.kind == kind);
        Self {
            id: card.id.clone(),
            uses: card.stage.clone(),
            lineage: card.lineage.clone(),
            parameters: config.parameters(),
            layers: config.layers,
            heads: config.heads,
            kv_heads: config.kv_heads,
            width: config.width,
            context: config.context,
            vocabulary: config.vocabulary,
            family: config.family,
            protocol: speaks.as_ref().map(|(protocol, _)| *protocol),
            talks,
            calls_tools: can(speaks.as_ref().is_some_and(|(_, template)| template.tool_tokens().is_some())),
            thinks: can(speaks.as_ref().is_some_and(|(_, template)| template.thought_tokens().is_some())),
            sees: has(Kind::Image),
            hears: has(Kind::Audio),
        }
    }
}

/// What files have to be read for, once.
#[derive(Clone)]
pub(super) struct Known {
    models: Vec<Model>,
    documents: bool,
}

fn known(run: &Run) -> Answer<Known> {
    let stages = run.archive.as_ref().map(|archive| archive.funnel()).transpose()?;
    let documents = stages.iter().flatten().any(|stage| stage.documents || stage.dropped_rows);
    Ok(Known { models: run.models.iter().map(Model::of).collect(), documents })
}

/// Answers `GET /playground/run`.
pub(super) async fn run(State(served): State<Arc<Served>>) -> Answer<Json<Overview>> {
    let read = || work::done(&served, |served| known(&served.run));
    let known = served.playground.known.get_or_try_init(read).await?.clone();
    let run = &served.run;
    Ok(Json(Overview {
        name: run.name.clone(),
        about: run.about.clone(),
        seed: run.seed,
        models: known.models,
        tokenizers: run.tokenizers.iter().map(|(name, _)| name.clone()).collect(),
        tools: run.tools.iter().map(|tool| tools::Described::of(&**tool)).collect(),
        examples: run.examples.clone(),
        samples: run.samples.iter().map(Sample::of).collect(),
        openings: run.openings.clone(),
        largest_file: served.limits.media,
        has: Has { documents: known.documents, report: run.report.is_some(), ballots: run.ballots.is_some() },
    }))
}
