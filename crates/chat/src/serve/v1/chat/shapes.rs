//! The shapes of a chat's answers: whole, and in pieces of a stream.

use schemars::JsonSchema;
use serde::Serialize;

use crate::serve::senses::Medium;
use crate::serve::v1::log_probs::ChatLogProbs;
use crate::serve::v1::tool_calls::ToolCall;
use crate::serve::v1::wire::Usage;

/// An answer, or several.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChatCompletion {
    pub(super) id: String,
    /// Always `chat.completion`.
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: String,
    pub(super) choices: Vec<ChatChoice>,
    pub(super) usage: Usage,
    /// Ours: what the model read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_token_ids: Option<Vec<u32>>,
}

/// One answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ChatChoice {
    pub(super) index: usize,
    pub(super) message: Reply,
    /// `stop`, `length` or `tool_calls`.
    pub(super) finish_reason: Option<&'static str>,
    pub(super) logprobs: Option<ChatLogProbs>,
    /// Ours: what the model wrote, the token that ended it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_ids: Option<Vec<u32>>,
}

/// What the assistant says.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    pub(super) content: Option<String>,
    /// What it thought before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    /// Ours: pictures that it drew and sounds that it made, behind its words; `messages` take them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<Vec<Medium>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<Vec<ToolCall>>,
    /// Models here refuse nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<String>,
}

/// A piece of a stream.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct ChatChunk {
    pub(super) id: String,
    /// Always `chat.completion.chunk`.
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: String,
    pub(super) choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_token_ids: Option<Vec<u32>>,
}

/// A piece of an answer.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct ChunkChoice {
    pub(super) index: usize,
    pub(super) delta: Delta,
    pub(super) finish_reason: Option<&'static str>,
    pub(super) logprobs: Option<ChatLogProbs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_ids: Option<Vec<u32>>,
}

/// What is new of it.
#[derive(Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    /// Ours: pictures and sounds that are whole now, or broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<Vec<Medium>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<Vec<CallDelta>>,
}

/// A call in a stream; it comes whole.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct CallDelta {
    pub(super) index: usize,
    #[serde(flatten)]
    pub(super) call: ToolCall,
}
