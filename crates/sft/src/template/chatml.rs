//! ChatML (OpenAI 2023): `<|im_start|>role`, a newline, the content, `<|im_end|>`, a newline.
//!
//! 1. Header and content of those who are read are one text, as a Jinja template has them: a content that begins with a
//!    newline shares a token with the header's. The header of an assistant stands alone, for that is what a model
//!    continues when it answers.
//! 2. Thoughts and calls stand in tags, as Qwen and Hermes write them; what a tool answers is a turn of its own.

use bpe::{Tokenizer, Vocabulary};

use super::pen::Pen;
use super::{Kind, Rendered, Template, joined, runs, sort, special, words};
use crate::{Error, Message, Part, Result, Role, check};

const NAME: &str = "ChatML";

pub(super) struct ChatMl {
    start: u32,
    end: u32,
}

impl ChatMl {
    pub(super) fn new(vocabulary: &Vocabulary) -> Result<Self> {
        let [start, end] = ["<|im_start|>", "<|im_end|>"];
        Ok(Self { start: special(vocabulary, NAME, start)?, end: special(vocabulary, NAME, end)? })
    }

    fn begin(&self, role: Role, pen: &mut Pen<'_>) {
        pen.role = role;
        pen.special(self.start, false);
    }

    fn end(&self, learn: bool, pen: &mut Pen<'_>) {
        pen.special(self.end, learn);
        pen.frame("\n");
    }

    /// A whole turn of somebody who is read.
    fn read(&self, role: Role, text: &str, learn: bool, pen: &mut Pen<'_>) {
        self.begin(role, pen);
        pen.text(Kind::Text, &format!("{}\n{text}", role.name()), learn);
        self.end(learn, pen);
    }

    fn answer(&self, at: usize, message: &Message<'_>, pen: &mut Pen<'_>) -> Result<()> {
        let learn = message.is_learned();
        let mut open = false;
        for run in runs(&message.content) {
            let part = &run[0];
            if let Part::ToolOutput(text) = part {
                if open {
                    self.end(true, pen);
                }
                pen.learn = false;
                self.read(Role::Tool, text, false, pen);
                (pen.learn, open) = (learn, false);
                continue;
            }
            if !open {
                self.open_turn(pen);
                open = true;
            }
            match part {
                Part::Text(_) => pen.text(Kind::Text, &joined(run), true),
                Part::Thought(text) => {
                    pen.text(Kind::Thought, &format!("<think>\n{text}\n</think>\n\n"), true);
                }
                Part::ToolCall(text) => {
                    pen.text(Kind::ToolCall, &format!("<tool_call>\n{text}\n</tool_call>"), true);
                }
                other => return Err(Error::NoTokens { template: NAME, at, what: sort(other) }),
            }
        }
        if open {
            self.end(true, pen);
        }
        Ok(())
    }

    fn open_turn(&self, pen: &mut Pen<'_>) {
        self.begin(Role::Assistant, pen);
        pen.frame("assistant\n");
    }
}

impl Template for ChatMl {
    fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()> {
        check(messages)?;
        let mut pen = Pen::new(tokenizer, out);
        for (at, message) in messages.iter().enumerate() {
            pen.learn = message.is_learned();
            match message.role {
                Role::Assistant => self.answer(at, message, &mut pen)?,
                role => self.read(role, &words(NAME, at, message)?, message.is_learned(), &mut pen),
            }
        }
        Ok(())
    }

    fn open(&self, tokenizer: &dyn Tokenizer, out: &mut Rendered) {
        self.open_turn(&mut Pen::new(tokenizer, out));
    }

    fn ends(&self) -> &[u32] {
        std::slice::from_ref(&self.end)
    }

    fn jinja(&self) -> Option<&str> {
        Some(include_str!("chatml.jinja"))
    }
}
