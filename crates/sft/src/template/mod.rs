//! Messages to ids, each with its share in the loss.

mod chatml;
mod deepdive;
mod llama3;
mod pen;

use std::borrow::Cow;
use std::ops::Range;

use bpe::{Tokenizer, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::{Error, Message, Part, Result, Role};
use chatml::ChatMl;
use deepdive::Deepdive;
use llama3::Llama3;

/// Writes conversations as tokens.
///
/// It alone sets special tokens, and it alone says what is learned. A protocol of lines, for a model without special
/// tokens:
///
/// ```
/// use bpe::Tokenizer;
/// use sft::{Message, Part, Rendered, Result, Role, Template};
///
/// struct Lines { newline: u32 }
///
/// impl Template for Lines {
///     fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()> {
///         for message in messages {
///             for text in message.content.iter().filter_map(Part::as_text) {
///                 tokenizer.encode(text, &mut out.ids);
///             }
///             out.ids.push(self.newline);
///             out.learn.resize(out.ids.len(), message.is_learned());
///         }
///         Ok(())
///     }
///     fn open(&self, _: &dyn Tokenizer, _: &mut Rendered) {}
///     fn ends(&self) -> &[u32] {
///         std::slice::from_ref(&self.newline)
///     }
/// }
/// ```
pub trait Template: Send + Sync {
    /// Appends a whole conversation, or the beginning of one.
    ///
    /// # Errors
    /// What [`check`](crate::check) refuses, and what the template has no tokens for. `out` may then hold a part of it.
    fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()>;

    /// Appends what stands before an answer of the assistant: what a model continues.
    fn open(&self, tokenizer: &dyn Tokenizer, out: &mut Rendered);

    /// The tokens that end an answer.
    fn ends(&self) -> &[u32];

    /// The tokens around calls of tools and their answers, where an answer may have any.
    fn tool_tokens(&self) -> Option<ToolTokens> {
        None
    }

    /// The tokens around a thought, where there are any.
    fn thought_tokens(&self) -> Option<(u32, u32)> {
        None
    }

    /// The tokens around pictures and around sounds, where there are any.
    fn media_tokens(&self) -> Option<MediaTokens> {
        None
    }

    /// The same in the language of `tokenizer_config.json`, for other programs.
    fn jinja(&self) -> Option<&str> {
        None
    }
}

/// What stands around a call of a tool, and around its answer: start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolTokens {
    /// Written by the model.
    pub call: (u32, u32),
    /// Forced into the context.
    pub output: (u32, u32),
}

/// What stands around the codes of a picture, and of a sound: start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaTokens {
    /// Around pictures.
    pub image: (u32, u32),
    /// Around sounds.
    pub audio: (u32, u32),
}

/// A conversation as tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The tokens.
    pub ids: Vec<u32>,
    /// Whether each is learned. One for each of `ids`.
    pub learn: Vec<bool>,
    /// What they are, from the first to the last.
    pub spans: Vec<Span>,
}

impl Rendered {
    /// Empties it, and keeps its memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.learn.clear();
        self.spans.clear();
    }

    /// Each span with its places.
    pub fn pieces(&self) -> impl Iterator<Item = (Span, Range<usize>)> {
        let starts = std::iter::once(0).chain(self.spans.iter().map(|span| span.end));
        self.spans.iter().zip(starts).map(|(span, start)| (*span, start..span.end))
    }
}

/// Neighbouring tokens of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Whose they are.
    pub role: Role,
    /// What they are.
    pub kind: Kind,
    /// Where they end.
    pub end: usize,
}

/// What tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The protocol's own.
    Frame,
    /// Words.
    Text,
    /// A thought.
    Thought,
    /// A call of a tool.
    ToolCall,
    /// A tool's answer.
    ToolOutput,
    /// A picture.
    Image,
    /// A sound.
    Audio,
}

/// The protocols that are built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Ours: a start and an end token for everyone, nothing between.
    #[default]
    Deepdive,
    /// `<|im_start|>role`, a line each (OpenAI 2023), as SmolLM, Qwen and others speak it.
    Chatml,
    /// `<|start_header_id|>role<|end_header_id|>` (Grattafiori et al. 2024, arXiv 2407.21783, section 4.1.1).
    Llama3,
}

/// The parts of a message, texts side by side together: who reads it sees no seam there, so ids must have none.
fn runs<'m, 'a>(content: &'m [Part<'a>]) -> impl Iterator<Item = &'m [Part<'a>]> {
    content.chunk_by(|one, next| matches!((one, next), (Part::Text(_), Part::Text(_))))
}

/// The words of texts side by side.
fn joined<'m>(texts: &'m [Part<'_>]) -> Cow<'m, str> {
    match texts {
        [Part::Text(text)] => Cow::Borrowed(text),
        several => several.iter().filter_map(Part::as_text).collect(),
    }
}

/// What a part is called in an error.
fn sort(part: &Part<'_>) -> &'static str {
    match part {
        Part::Text(_) => "text",
        Part::Thought(_) => "thoughts",
        Part::ToolCall(_) => "calls of tools",
        Part::ToolOutput(_) => "answers of tools",
        Part::Image(_) => "images",
        Part::Audio(_) => "sounds",
    }
}

/// The words of a message that is read; `at` is its number.
fn words(template: &'static str, at: usize, message: &Message<'_>) -> Result<String> {
    let mut words = String::new();
    for part in &message.content {
        match part {
            Part::Text(text) => words.push_str(text),
            Part::ToolOutput(text) if message.role == Role::Tool => words.push_str(text),
            other => return Err(Error::NoTokens { template, at, what: sort(other) }),
        }
    }
    Ok(words)
}

impl Protocol {
    /// The one whose tokens a vocabulary has; ours where it has those of none.
    pub fn of(vocabulary: &Vocabulary) -> Self {
        let first = [("<|im_start|>", Self::Chatml), ("<|start_header_id|>", Self::Llama3)];
        let found = first.into_iter().find(|(name, _)| vocabulary.special(name).is_some());
        found.map_or(Self::Deepdive, |(_, protocol)| protocol)
    }

    /// The template for a vocabulary.
    ///
    /// # Errors
    /// [`Error::NoSpecial`] where the vocabulary lacks one of its tokens.
    pub fn template(self, vocabulary: &Vocabulary) -> Result<Box<dyn Template>> {
        Ok(match self {
            Self::Deepdive => Box::new(Deepdive::new(vocabulary)?),
            Self::Chatml => Box::new(ChatMl::new(vocabulary)?),
            Self::Llama3 => Box::new(Llama3::new(vocabulary)?),
        })
    }
}

fn special(vocabulary: &Vocabulary, template: &'static str, name: &str) -> Result<u32> {
    vocabulary.special(name).ok_or_else(|| Error::NoSpecial { template, name: name.to_owned() })
}
