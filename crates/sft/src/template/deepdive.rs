//! Our own protocol: every special token is one of [`bpe::SPECIAL_TOKENS`], and no word of it is text.
//!
//! `<|bos|>` once, then of each message its start, content and end, with nothing between. The answer of a tool stands in the
//! turn of the assistant who called it, whichever way the conversation is told: as a part of its message, or as a message
//! of the tool between two of the assistant's.

use bpe::{Tokenizer, Vocabulary};

use super::pen::Pen;
use super::{Kind, MediaTokens, Rendered, Template, ToolTokens, joined, runs, special};
use crate::{Message, Part, Result, Role, check};

const NAME: &str = "the deepdive protocol";

/// A start and an end.
type Pair = (u32, u32);

pub(super) struct Deepdive {
    bos: u32,
    system: Pair,
    user: Pair,
    assistant: Pair,
    thought: Pair,
    call: Pair,
    output: Pair,
    image: Pair,
    audio: Pair,
}

impl Deepdive {
    pub(super) fn new(vocabulary: &Vocabulary) -> Result<Self> {
        let pair = |name: &str| -> Result<Pair> {
            let start = special(vocabulary, NAME, &format!("<|{name}_start|>"))?;
            Ok((start, special(vocabulary, NAME, &format!("<|{name}_end|>"))?))
        };
        Ok(Self {
            bos: special(vocabulary, NAME, "<|bos|>")?,
            system: pair("system")?,
            user: pair("user")?,
            assistant: pair("assistant")?,
            thought: pair("think")?,
            call: pair("tool")?,
            output: pair("output")?,
            image: pair("image")?,
            audio: pair("audio")?,
        })
    }

    fn parts(&self, at: usize, content: &[Part<'_>], pen: &mut Pen<'_>) -> Result<()> {
        runs(content).try_for_each(|run| match run {
            [part] => self.part(at, part, pen),
            texts => self.part(at, &Part::Text(&joined(texts)), pen),
        })
    }

    fn part(&self, at: usize, part: &Part<'_>, pen: &mut Pen<'_>) -> Result<()> {
        let mut between = |(start, end): Pair, learn: bool, kind: Kind, text: &str| {
            pen.special(start, learn);
            pen.text(kind, text, learn);
            pen.special(end, learn);
        };
        match *part {
            Part::Text(text) => pen.text(Kind::Text, text, true),
            Part::Thought(text) => between(self.thought, true, Kind::Thought, text),
            Part::ToolCall(text) => between(self.call, true, Kind::ToolCall, text),
            Part::ToolOutput(text) => between(self.output, false, Kind::ToolOutput, text),
            Part::Image(ids) => {
                pen.special(self.image.0, true);
                pen.codes(Kind::Image, at, ids)?;
                pen.special(self.image.1, true);
            }
            Part::Audio(ids) => {
                pen.special(self.audio.0, true);
                pen.codes(Kind::Audio, at, ids)?;
                pen.special(self.audio.1, true);
            }
        }
        Ok(())
    }
}

impl Template for Deepdive {
    fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()> {
        check(messages)?;
        let mut pen = Pen::new(tokenizer, out);
        pen.special(self.bos, false);
        for (at, message) in messages.iter().enumerate() {
            (pen.role, pen.learn) = (message.role, message.is_learned());
            let role_of = |at: Option<usize>| at.and_then(|at| messages.get(at)).map(|other| other.role);
            match message.role {
                Role::System | Role::User => {
                    let (start, end) = if message.role == Role::System { self.system } else { self.user };
                    pen.special(start, false);
                    self.parts(at, &message.content, &mut pen)?;
                    pen.special(end, true);
                }
                Role::Assistant => {
                    if role_of(at.checked_sub(1)) != Some(Role::Tool) {
                        pen.special(self.assistant.0, false);
                    }
                    self.parts(at, &message.content, &mut pen)?;
                    if role_of(at.checked_add(1)) != Some(Role::Tool) {
                        pen.special(self.assistant.1, true);
                    }
                }
                Role::Tool => {
                    pen.learn = false;
                    for text in message.content.iter().filter_map(Part::as_text) {
                        self.part(at, &Part::ToolOutput(text), &mut pen)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&self, tokenizer: &dyn Tokenizer, out: &mut Rendered) {
        // who called a tool goes on in the same turn
        if out.spans.last().is_some_and(|last| last.role == Role::Tool) {
            return;
        }
        let mut pen = Pen::new(tokenizer, out);
        pen.role = Role::Assistant;
        pen.special(self.assistant.0, false);
    }

    fn ends(&self) -> &[u32] {
        std::slice::from_ref(&self.assistant.1)
    }

    fn tool_tokens(&self) -> Option<ToolTokens> {
        Some(ToolTokens { call: self.call, output: self.output })
    }

    fn thought_tokens(&self) -> Option<(u32, u32)> {
        Some(self.thought)
    }

    fn media_tokens(&self) -> Option<MediaTokens> {
        Some(MediaTokens { image: self.image, audio: self.audio })
    }

    fn jinja(&self) -> Option<&str> {
        Some(include_str!("deepdive.jinja"))
    }
}
