//! A conversation told as a text, for a base model to continue.

use bpe::{Tokenizer, Vocabulary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Message, Part, Rendered, Result, Role, Template};

use crate::stages::special;

/// A conversation told as a text, which a base model continues to the end of the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transcript {
    /// What stands above: how such a conversation goes, with examples.
    pub before: String,
    /// What stands before a question.
    pub question: String,
    /// What stands before an answer.
    pub answer: String,
}

impl Default for Transcript {
    fn default() -> Self {
        Self { before: String::new(), question: "Question: ".to_owned(), answer: "\nAnswer:".to_owned() }
    }
}

/// The transcript as a template: nothing in it is learned.
pub(in crate::stages) struct Lines<'a> {
    transcript: &'a Transcript,
    /// The token that begins a text, and so ends the one before.
    begin: u32,
}

impl<'a> Lines<'a> {
    pub(in crate::stages) fn new(
        transcript: &'a Transcript,
        vocabulary: &Vocabulary,
    ) -> anyhow::Result<Self> {
        Ok(Self { transcript, begin: special::id(vocabulary, "<|bos|>")? })
    }
}

impl Template for Lines<'_> {
    fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()> {
        sft::check(messages)?;
        let mut text = self.transcript.before.clone();
        for message in messages {
            let before = match message.role {
                Role::Assistant => &self.transcript.answer,
                _ => &self.transcript.question,
            };
            text.push_str(before);
            message.content.iter().filter_map(Part::as_text).for_each(|part| text.push_str(part));
            if message.role == Role::Assistant {
                text.push('\n');
            }
        }
        text.push_str(&self.transcript.answer);
        out.ids.push(self.begin);
        tokenizer.encode(&text, &mut out.ids);
        out.learn.resize(out.ids.len(), false);
        Ok(())
    }

    fn open(&self, _: &dyn Tokenizer, _: &mut Rendered) {}

    fn ends(&self) -> &[u32] {
        std::slice::from_ref(&self.begin)
    }
}

/// The first line of what was said, and whether it ended there.
pub(in crate::stages) fn first_line(said: &str) -> (&str, bool) {
    match said.trim_start().split_once('\n') {
        Some((line, _)) => (line.trim_end(), true),
        None => (said.trim(), false),
    }
}
