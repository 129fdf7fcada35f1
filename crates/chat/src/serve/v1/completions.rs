//! `/v1/completions`: <https://platform.openai.com/docs/api-reference/completions>.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bpe::Tokenizer;
use futures_util::future::try_join_all;
use model::{Limits as Ends, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Growth, Part};
use super::log_probs::CompletionLogProbs;
use super::prepare;
use super::sampling::{Sampling, refuse_unknown};
use super::stream::{self as events, Told};
use super::wire::{Usage, now};
use super::writer::{Piece, Writer};
use crate::serve::engine::Request;
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal, Served, chance};

/// Tokens of a completion where a request does not say.
const TOKENS: usize = 16;
/// Prompts of a request times answers to each, at most.
const MOST_TEXTS: usize = 128;

/// A request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct CompletionRequest {
    /// A model of `/v1/models`.
    model: String,
    /// What is continued.
    prompt: Prompts,
    /// Tokens of a completion, at most.
    max_tokens: Option<usize>,
    /// How many likely tokens are told at each place; none where it is missing.
    #[schemars(range(min = 0, max = 20))]
    logprobs: Option<usize>,
    /// Whether the prompt stands before its completion.
    echo: Option<bool>,
    #[serde(flatten)]
    sampling: Sampling,
    #[serde(flatten)]
    #[schemars(skip)]
    rest: serde_json::Map<String, serde_json::Value>,
}

/// A text or several, in words or in ids.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Prompts {
    /// Words.
    Text(String),
    /// Ids.
    Ids(Vec<u32>),
    /// Several texts.
    Texts(Vec<String>),
    /// Several texts in ids.
    ManyIds(Vec<Vec<u32>>),
}

/// Completions: whole, or a piece of a stream.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct Completion {
    id: String,
    /// Always `text_completion`.
    object: &'static str,
    created: u64,
    model: String,
    choices: Vec<CompletionChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// One completion, or a piece of it.
#[derive(Clone, Serialize, JsonSchema)]
struct CompletionChoice {
    index: usize,
    text: String,
    /// `stop` or `length`; nothing while more comes.
    finish_reason: Option<&'static str>,
    logprobs: Option<CompletionLogProbs>,
    /// Ours: what the model wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ids: Option<Vec<u32>>,
    /// Ours: what it read.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_token_ids: Option<Vec<u32>>,
}

/// What is continued: as ids, and as words for who wants an echo.
#[derive(Clone)]
struct Text {
    ids: Vec<u32>,
    words: String,
}

pub(crate) async fn create(
    State(served): State<Arc<Served>>,
    Body(request): Body<CompletionRequest>,
) -> Answer<Response> {
    refuse_unknown(&request.rest)?;
    let loaded = served.models.get(&request.model).await?;
    let (texts, growths) = begin(&served, &loaded, &request).await?;
    let n = growths.len() / texts.len().max(1);
    // answers to one prompt stand together, in the order of prompts
    let prompt_tokens = texts.iter().map(|text| text.ids.len()).sum();
    let mut shape = Shape {
        id: chance::name("cmpl-"),
        created: now(),
        log_probs: request.logprobs.is_some(),
        ids: request.sampling.tells_ids(),
        tellings: vec![],
        loaded,
    };
    for text in texts {
        let before = text.words.chars().count();
        let words = request.echo.unwrap_or(false).then_some(text.words);
        let ids = shape.ids.then_some(text.ids);
        shape.tellings.extend(std::iter::repeat_n(Telling { words, ids, begun: before }, n));
    }
    if request.sampling.streams() {
        return Ok(streamed(shape, growths, request.sampling.tells_usage().then_some(prompt_tokens)));
    }
    let parts = try_join_all(growths.into_iter().map(Growth::whole)).await?;
    let tokens = parts.iter().map(|part| part.steps.len()).sum();
    let choices = parts.into_iter().enumerate().map(|(index, part)| shape.choice(index, part)).collect();
    let mut completion = shape.around(choices);
    completion.usage = Some(Usage::new(prompt_tokens, tokens));
    Ok(Json(completion).into_response())
}

/// Reads the prompts, and lets completions begin.
async fn begin(
    served: &Arc<Served>,
    loaded: &Arc<Loaded>,
    request: &CompletionRequest,
) -> Answer<(Vec<Text>, Vec<Growth>)> {
    let texts = texts(loaded, request.prompt.clone()).await?;
    let seeds = request.sampling.seeds()?;
    if texts.is_empty() || texts.len() * seeds.len() > MOST_TEXTS {
        let message = format!("1 to {MOST_TEXTS} completions at once, got {} prompts", texts.len());
        return Err(Refusal::invalid("prompt", message));
    }
    let alternatives = request.logprobs.unwrap_or(0);
    if alternatives > prepare::MOST_ALTERNATIVES {
        return Err(Refusal::invalid("logprobs", "logprobs must lie in 0 to 20"));
    }
    if request.echo == Some(true) && request.logprobs.is_some() {
        return Err(Refusal::invalid("echo", "log-probabilities of a prompt are not told here"));
    }
    let draw = request.sampling.draw(loaded.card.config.vocabulary)?;
    let mut requests = vec![];
    for text in &texts {
        for &seed in &seeds {
            let new_tokens = prepare::room(loaded, text.ids.len(), request.max_tokens, TOKENS)?;
            let (context, stop) = (loaded.card.config.context, loaded.ends.clone());
            requests.push(Request {
                prompt: Prompt { ids: text.ids.clone(), seed },
                sampler: request.sampling.sampler(draw.clone(), text.ids.len())?,
                ends: Ends { new_tokens, context, stop, alternatives },
            });
        }
    }
    let writer = Writer::new(None, request.sampling.stops()?);
    let growth = |growing| Growth::new(Arc::clone(served), Arc::clone(loaded), growing, writer.clone());
    let growths = loaded.engine.submit(requests)?.into_iter().map(growth).collect();
    Ok((texts, growths))
}

/// Words as ids, behind the token that texts of the model begin with; ids as they are.
async fn texts(loaded: &Arc<Loaded>, prompts: Prompts) -> Answer<Vec<Text>> {
    let loaded = Arc::clone(loaded);
    let read = move || {
        let of_words = |words: String| {
            let mut ids: Vec<u32> = loaded.begin.into_iter().collect();
            loaded.bpe.encode(&words, &mut ids);
            if ids.is_empty() {
                return Err(Refusal::invalid("prompt", "a prompt without a token"));
            }
            Ok(Text { ids, words })
        };
        let of_ids = |ids: Vec<u32>| {
            loaded.check(&ids, "prompt")?;
            let mut bytes = vec![];
            loaded.bpe.decode(&ids, &mut bytes);
            Ok(Text { ids, words: String::from_utf8_lossy(&bytes).into_owned() })
        };
        match prompts {
            Prompts::Text(words) => Ok(vec![of_words(words)?]),
            Prompts::Ids(ids) => Ok(vec![of_ids(ids)?]),
            Prompts::Texts(texts) => texts.into_iter().map(of_words).collect(),
            Prompts::ManyIds(texts) => texts.into_iter().map(of_ids).collect(),
        }
    };
    tokio::task::spawn_blocking(read).await.map_err(Refusal::fault)?
}

/// How completions of one request are told.
struct Shape {
    id: String,
    created: u64,
    log_probs: bool,
    ids: bool,
    /// What is told of each before its first piece.
    tellings: Vec<Telling>,
    loaded: Arc<Loaded>,
}

/// What stands before a completion, until it was told, and how many characters have begun.
#[derive(Clone)]
struct Telling {
    words: Option<String>,
    ids: Option<Vec<u32>>,
    begun: usize,
}

impl Shape {
    fn choice(&mut self, index: usize, part: Part) -> CompletionChoice {
        let ids = part.ids();
        let telling = &mut self.tellings[index];
        let mut text = telling.words.take().unwrap_or_default();
        for piece in part.pieces {
            if let Piece::Text(piece) = piece {
                text.push_str(&piece);
            }
        }
        let mut log_probs = CompletionLogProbs::default();
        for step in part.steps.iter().filter(|_| self.log_probs) {
            log_probs.push(step, &mut telling.begun, &self.loaded.bpe);
        }
        CompletionChoice {
            index,
            text,
            finish_reason: part.finish.map(super::writer::Finish::name),
            logprobs: self.log_probs.then_some(log_probs),
            token_ids: self.ids.then_some(ids),
            prompt_token_ids: telling.ids.take(),
        }
    }

    fn around(&self, choices: Vec<CompletionChoice>) -> Completion {
        Completion {
            id: self.id.clone(),
            object: "text_completion",
            created: self.created,
            model: self.loaded.card.id.clone(),
            choices,
            usage: None,
        }
    }
}

/// Completions as events.
fn streamed(mut shape: Shape, growths: Vec<Growth>, usage: Option<usize>) -> Response {
    events::respond(None, growths, move |told| match told {
        Told::Part(index, part) => {
            let choice = shape.choice(index, part);
            Some(shape.around(vec![choice]))
        }
        Told::All(tokens) => {
            usage.map(|prompt| Completion { usage: Some(Usage::new(prompt, tokens)), ..shape.around(vec![]) })
        }
    })
}
