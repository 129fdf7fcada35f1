//! `/v1/chat/completions`: <https://platform.openai.com/docs/api-reference/chat>.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use model::{Limits as Ends, Prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Role;

use super::answer::{Growth, Part};
use super::log_probs::{ChatLogProbs, TokenLogProb};
use super::messages::{Message, Turn, conversation};
use super::prepare;
use super::sampling::{Sampling, refuse_unknown};
use super::stream::{self as events, Told};
use super::tool_calls::{Calling, Choice, Tool, ToolCall};
use super::wire::{Usage, now};
use super::writer::{Piece, Writer};
use crate::serve::engine::Request;
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal, Served, chance};

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

/// An answer, or several.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChatCompletion {
    id: String,
    /// Always `chat.completion`.
    object: &'static str,
    created: u64,
    model: String,
    choices: Vec<ChatChoice>,
    usage: Usage,
    /// Ours: what the model read.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_token_ids: Option<Vec<u32>>,
}

/// One answer.
#[derive(Serialize, JsonSchema)]
struct ChatChoice {
    index: usize,
    message: Reply,
    /// `stop`, `length` or `tool_calls`.
    finish_reason: Option<&'static str>,
    logprobs: Option<ChatLogProbs>,
    /// Ours: what the model wrote, the token that ended it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ids: Option<Vec<u32>>,
}

/// What the assistant says.
#[derive(Default, Serialize, JsonSchema)]
struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    content: Option<String>,
    /// What it thought before.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Vec<ToolCall>>,
    /// Models here refuse nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// A piece of a stream.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct ChatChunk {
    id: String,
    /// Always `chat.completion.chunk`.
    object: &'static str,
    created: u64,
    model: String,
    choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_token_ids: Option<Vec<u32>>,
}

/// A piece of an answer.
#[derive(Clone, Serialize, JsonSchema)]
struct ChunkChoice {
    index: usize,
    delta: Delta,
    finish_reason: Option<&'static str>,
    logprobs: Option<ChatLogProbs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ids: Option<Vec<u32>>,
}

/// What is new of it.
#[derive(Clone, Default, Serialize, JsonSchema)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Vec<CallDelta>>,
}

/// A call in a stream; it comes whole.
#[derive(Clone, Serialize, JsonSchema)]
struct CallDelta {
    index: usize,
    #[serde(flatten)]
    call: ToolCall,
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
async fn begin(served: &Served, loaded: &Arc<Loaded>, request: &ChatRequest) -> Answer<Begun> {
    let turns = conversation(&request.messages)?;
    let template = loaded.protocol()?;
    let tokens = template.tool_tokens();
    let tools = request.tools.as_deref().unwrap_or_default();
    let calling = Calling::new(tools, request.tool_choice.as_ref(), tokens)?;
    let mut prompt = render(loaded, turns).await?;
    let mut writer = Writer::new(Some(template), request.sampling.stops()?);
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
    let growth = |growing| Growth::new(Arc::clone(loaded), growing, writer.clone(), served.limits.seconds);
    Ok(Begun { prompt, growths: growing.into_iter().map(growth).collect() })
}

/// The conversation as the model reads it, with its own turn begun.
async fn render(loaded: &Arc<Loaded>, turns: Vec<Turn>) -> Answer<Vec<u32>> {
    if !matches!(turns.last(), Some(Turn { role: Role::User | Role::Tool, .. })) {
        return Err(Refusal::invalid("messages", "the last message is one of a user or a tool"));
    }
    let loaded = Arc::clone(loaded);
    let render = move || {
        let messages: Vec<sft::Message<'_>> = turns.iter().map(Turn::message).collect();
        Ok(loaded.render(&messages, "messages")?.ids)
    };
    tokio::task::spawn_blocking(render).await.map_err(Refusal::fault)?
}

/// How answers to one request are told.
struct Shape {
    id: String,
    created: u64,
    log_probs: bool,
    ids: bool,
    tools: Vec<Tool>,
    loaded: Arc<Loaded>,
}

impl Shape {
    fn choice(&self, index: usize, part: Part) -> ChatChoice {
        let told = self.told(part);
        ChatChoice {
            index,
            message: Reply {
                role: Some("assistant"),
                // an answer that only calls says nothing; any other says something, if only ""
                content: told.text.or_else(|| told.calls.is_empty().then(String::new)),
                reasoning_content: told.thought,
                tool_calls: (!told.calls.is_empty()).then_some(told.calls),
                refusal: None,
            },
            finish_reason: told.finish,
            logprobs: told.log_probs,
            token_ids: told.ids,
        }
    }

    fn chunk(&self, index: usize, part: Part) -> ChatChunk {
        let told = self.told(part);
        let calls = told.calls.into_iter().enumerate().map(|(index, call)| CallDelta { index, call });
        let calls: Vec<CallDelta> = calls.collect();
        let delta = Delta {
            role: None,
            content: told.text,
            reasoning_content: told.thought,
            tool_calls: (!calls.is_empty()).then_some(calls),
        };
        let choice = ChunkChoice {
            index,
            delta,
            finish_reason: told.finish,
            logprobs: told.log_probs,
            token_ids: told.ids,
        };
        self.around(vec![choice])
    }

    fn around(&self, choices: Vec<ChunkChoice>) -> ChatChunk {
        ChatChunk {
            id: self.id.clone(),
            object: "chat.completion.chunk",
            created: self.created,
            model: self.loaded.card.id.clone(),
            choices,
            usage: None,
            prompt_token_ids: None,
        }
    }

    fn told(&self, part: Part) -> Fields {
        let mut told = Fields { finish: part.finish.map(super::writer::Finish::name), ..Fields::default() };
        let ids = part.ids();
        for piece in part.pieces {
            match piece {
                Piece::Text(text) => told.text.get_or_insert_default().push_str(&text),
                Piece::Thought(text) => told.thought.get_or_insert_default().push_str(&text),
                Piece::Call(written) => told.calls.push(ToolCall::read(&written, &self.tools)),
            }
        }
        if self.ids {
            told.ids = Some(ids);
        }
        if self.log_probs {
            let content = part.steps.iter().map(|step| TokenLogProb::new(step, &self.loaded.bpe)).collect();
            told.log_probs = Some(ChatLogProbs { content });
        }
        told
    }
}

/// A part of an answer in the fields of the API.
#[derive(Default)]
struct Fields {
    text: Option<String>,
    thought: Option<String>,
    calls: Vec<ToolCall>,
    finish: Option<&'static str>,
    log_probs: Option<ChatLogProbs>,
    ids: Option<Vec<u32>>,
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
