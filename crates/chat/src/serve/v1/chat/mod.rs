//! `/v1/chat/completions`: <https://platform.openai.com/docs/api-reference/chat>.

mod shapes;
mod told;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use model::{Limits as Ends, Prompt};
use schemars::JsonSchema;
use serde::Deserialize;
use sft::Role;

use super::answer::Growth;
use super::messages::{Message, Turn, conversation};
use super::prepare;
use super::sampling::{Sampling, refuse_unknown};
use super::stream::{self as events, Told};
use super::tool_calls::{Calling, Choice, Tool};
use super::wire::{Usage, now};
use super::writer::Writer;
use crate::serve::engine::Request;
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::senses::Intake;
use crate::serve::{Answer, Refusal, Served, chance, work};

pub(crate) use shapes::{ChatChunk, ChatCompletion};
use shapes::{ChunkChoice, Delta};
use told::Shape;

/// A request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ChatRequest {
    /// A model of `/v1/models`.
    model: String,
    /// The conversation so far; the last who spoke is a user or a tool.
    messages: Vec<Message>,
    /// Tokens of the answer, at most.
    max_tokens: Option<usize>,
    /// The same, under its newer name.
    max_completion_tokens: Option<usize>,
    /// Whether log-probabilities are told.
    logprobs: Option<bool>,
    /// How many likely tokens are told at each place.
    #[schemars(range(min = 0, max = 20))]
    top_logprobs: Option<usize>,
    /// What the answer may call.
    tools: Option<Vec<Tool>>,
    /// Whether it does.
    tool_choice: Option<Choice>,
    #[serde(flatten)]
    sampling: Sampling,
    #[serde(flatten)]
    #[schemars(skip)]
    rest: serde_json::Map<String, serde_json::Value>,
}

/// A request that was understood: what the model reads, and who writes.
struct Begun {
    prompt: Vec<u32>,
    growths: Vec<Growth>,
}

pub(crate) async fn create(
    State(served): State<Arc<Served>>,
    Body(request): Body<ChatRequest>,
) -> Answer<Response> {
    refuse_unknown(&request.rest)?;
    let loaded = served.models.get(&request.model).await?;
    let begun = begin(&served, &loaded, &request).await?;
    let shape = Shape {
        id: chance::name("chatcmpl-"),
        created: now(),
        log_probs: request.logprobs.unwrap_or(false),
        ids: request.sampling.tells_ids(),
        tools: request.tools.clone().unwrap_or_default(),
        loaded,
    };
    if request.sampling.streams() {
        return Ok(streamed(shape, begun, request.sampling.tells_usage()));
    }
    let parts = try_join_all(begun.growths.into_iter().map(Growth::whole)).await?;
    let tokens = parts.iter().map(|part| part.steps.len()).sum();
    let choices = parts.into_iter().enumerate().map(|(index, part)| shape.choice(index, part)).collect();
    let completion = ChatCompletion {
        object: "chat.completion",
        created: shape.created,
        model: request.model,
        choices,
        usage: Usage::new(begun.prompt.len(), tokens),
        prompt_token_ids: shape.ids.then_some(begun.prompt),
        id: shape.id,
    };
    Ok(Json(completion).into_response())
}

/// Writes the conversation as tokens, and lets the answers begin.
async fn begin(served: &Arc<Served>, loaded: &Arc<Loaded>, request: &ChatRequest) -> Answer<Begun> {
    let template = loaded.protocol()?;
    let tokens = template.tool_tokens();
    let tools = request.tools.as_deref().unwrap_or_default();
    let calling = Calling::new(tools, request.tool_choice.as_ref(), tokens)?;
    let mut prompt = render(served, loaded, request.messages.clone()).await?;
    let mut writer = Writer::new(Some(template), request.sampling.stops()?).sensing(loaded.senses.clone());
    if let Some((start, name)) = &calling.forced {
        let before = prompt.len();
        prompt.push(*start);
        bpe::Tokenizer::encode(&loaded.bpe, name.as_deref().unwrap_or_default(), &mut prompt);
        for &id in &prompt[before..] {
            writer.write(id, &loaded.bpe, &mut vec![]);
        }
    }
    let most = request.max_completion_tokens.or(request.max_tokens);
    let new_tokens = prepare::room(loaded, prompt.len(), most, served.limits.tokens)?;
    let mut stop = loaded.ends.clone();
    stop.extend(calling.end);
    let alternatives = match (request.logprobs, request.top_logprobs.unwrap_or(0)) {
        (Some(true), count) if count <= prepare::MOST_ALTERNATIVES => count,
        (_, 0) => 0,
        (Some(true), _) => return Err(Refusal::invalid("top_logprobs", "top_logprobs must lie in 0 to 20")),
        _ => return Err(Refusal::invalid("top_logprobs", "top_logprobs asks for logprobs to be true")),
    };
    let context = loaded.card.config.context;
    let ends = Ends { new_tokens, context, stop, alternatives };
    let mut draw = request.sampling.draw(loaded.card.config.vocabulary)?;
    draw.bias.extend(calling.forbidden.map(|id| (id, f32::NEG_INFINITY)));
    let requests = request.sampling.seeds()?.into_iter().map(|seed| {
        Ok(Request {
            prompt: Prompt { ids: prompt.clone(), seed },
            sampler: request.sampling.sampler(draw.clone(), prompt.len())?,
            ends: ends.clone(),
        })
    });
    let growing = loaded.engine.submit(requests.collect::<Answer<_>>()?)?;
    let growth = |growing| Growth::new(Arc::clone(served), Arc::clone(loaded), growing, writer.clone());
    Ok(Begun { prompt, growths: growing.into_iter().map(growth).collect() })
}

/// The conversation as the model reads it, with its own turn begun.
async fn render(served: &Arc<Served>, loaded: &Arc<Loaded>, messages: Vec<Message>) -> Answer<Vec<u32>> {
    let has_media = messages.iter().any(Message::has_media);
    let (loaded, most) = (Arc::clone(loaded), served.limits.media);
    let render = move || {
        let turns = conversation(&messages, &mut Intake::new(&loaded.card, most))?;
        if !matches!(turns.last(), Some(Turn { role: Role::User | Role::Tool, .. })) {
            return Err(Refusal::invalid("messages", "the last message is one of a user or a tool"));
        }
        let messages: Vec<sft::Message<'_>> = turns.iter().map(Turn::message).collect();
        Ok(loaded.render(&messages, "messages")?.ids)
    };
    if has_media {
        // a small file may be much work
        return work::done(served, move |_| render()).await;
    }
    tokio::task::spawn_blocking(render).await.map_err(Refusal::fault)?
}

/// The answers as events: who speaks, what is said, and how much that was.
fn streamed(shape: Shape, begun: Begun, tells_usage: bool) -> Response {
    let Begun { prompt, growths } = begun;
    let prompt_tokens = prompt.len();
    let role = |index| ChunkChoice {
        index,
        delta: Delta { role: Some("assistant"), content: Some(String::new()), ..Delta::default() },
        finish_reason: None,
        logprobs: None,
        token_ids: None,
    };
    let mut first = shape.around((0..growths.len()).map(role).collect());
    first.prompt_token_ids = shape.ids.then_some(prompt);
    events::respond(Some(first), growths, move |told| match told {
        Told::Part(index, part) => Some(shape.chunk(index, part)),
        Told::All(tokens) => tells_usage
            .then(|| ChatChunk { usage: Some(Usage::new(prompt_tokens, tokens)), ..shape.around(vec![]) }),
    })
}
