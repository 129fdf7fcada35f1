//! What a model wrote, in the fields of a chat's answers.

use std::sync::Arc;

use super::shapes::{CallDelta, ChatChoice, ChatChunk, ChunkChoice, Delta, Reply};
use crate::serve::models::Loaded;
use crate::serve::senses::Medium;
use crate::serve::v1::answer::Part;
use crate::serve::v1::log_probs::{ChatLogProbs, TokenLogProb};
use crate::serve::v1::tool_calls::{Tool, ToolCall};
use crate::serve::v1::writer::{Finish, Piece};

/// How answers to one request are told.
pub(super) struct Shape {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) log_probs: bool,
    pub(super) ids: bool,
    pub(super) tools: Vec<Tool>,
    pub(super) loaded: Arc<Loaded>,
}

impl Shape {
    pub(super) fn choice(&self, index: usize, part: Part) -> ChatChoice {
        let told = self.told(part);
        ChatChoice {
            index,
            message: Reply {
                role: Some("assistant"),
                // an answer that only calls says nothing; any other says something, if only ""
                content: told.text.or_else(|| told.calls.is_empty().then(String::new)),
                reasoning_content: told.thought,
                media: (!told.media.is_empty()).then_some(told.media),
                tool_calls: (!told.calls.is_empty()).then_some(told.calls),
                refusal: None,
            },
            finish_reason: told.finish,
            logprobs: told.log_probs,
            token_ids: told.ids,
        }
    }

    pub(super) fn chunk(&self, index: usize, part: Part) -> ChatChunk {
        let told = self.told(part);
        let calls = told.calls.into_iter().enumerate().map(|(index, call)| CallDelta { index, call });
        let calls: Vec<CallDelta> = calls.collect();
        let delta = Delta {
            role: None,
            content: told.text,
            reasoning_content: told.thought,
            media: (!told.media.is_empty()).then_some(told.media),
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

    pub(super) fn around(&self, choices: Vec<ChunkChoice>) -> ChatChunk {
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
        let mut told = Fields { finish: part.finish.map(Finish::name), ..Fields::default() };
        let ids = part.ids();
        for piece in part.pieces {
            match piece {
                Piece::Text(text) => told.text.get_or_insert_default().push_str(&text),
                Piece::Thought(text) => told.thought.get_or_insert_default().push_str(&text),
                Piece::Call(written) => told.calls.push(ToolCall::read(&written, &self.tools)),
                Piece::Medium(medium) => told.media.push(medium),
                // whoever let it grow has seen to it
                Piece::Codes(_) => {}
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
    media: Vec<Medium>,
    calls: Vec<ToolCall>,
    finish: Option<&'static str>,
    log_probs: Option<ChatLogProbs>,
    ids: Option<Vec<u32>>,
}
