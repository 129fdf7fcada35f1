//! A talk as it goes on: what was said, and what of it a model can still read.

use bpe::Tokenizer;
use sft::{Message, Part, Rendered, Result, Role, Template};

/// A talk between a user and a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    system: Option<String>,
    turns: Vec<Turn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    role: Role,
    content: Vec<Said>,
}

/// A piece of what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Words.
    Text(String),
    /// What the model thought.
    Thought(String),
    /// What it asked of a tool.
    Call(String),
    /// What the tool answered.
    Output(String),
    /// A picture, as ids.
    Image(Vec<u32>),
    /// A sound, as ids.
    Audio(Vec<u32>),
}

impl Said {
    pub(crate) fn part(&self) -> Part<'_> {
        match self {
            Self::Text(text) => Part::Text(text),
            Self::Thought(text) => Part::Thought(text),
            Self::Call(text) => Part::ToolCall(text),
            Self::Output(text) => Part::ToolOutput(text),
            Self::Image(ids) => Part::Image(ids),
            Self::Audio(ids) => Part::Audio(ids),
        }
    }

    fn is_silent(&self) -> bool {
        match self {
            Self::Text(text) | Self::Thought(text) | Self::Call(text) | Self::Output(text) => {
                text.trim().is_empty()
            }
            Self::Image(ids) | Self::Audio(ids) => ids.is_empty(),
        }
    }
}

impl Session {
    /// Nothing was said yet, but for a word of the system, if there is one.
    pub fn new(system: Option<String>) -> Self {
        Self { system, turns: vec![] }
    }

    /// Notes what the user says.
    pub fn ask(&mut self, text: &str) {
        self.turns.push(Turn { role: Role::User, content: vec![Said::Text(text.to_owned())] });
    }

    /// Notes an answer. One that says nothing is noted as an ellipsis, so that the next question has its turn.
    pub fn answer(&mut self, ids: &[u32], template: &dyn Template, tokenizer: &dyn Tokenizer) {
        let mut content = said(ids, template, tokenizer);
        if content.iter().all(Said::is_silent) {
            content = vec![Said::Text("…".to_owned())];
        }
        self.turns.push(Turn { role: Role::Assistant, content });
    }

    /// Forgets the last question, if it was not answered.
    pub fn take_back(&mut self) {
        if self.turns.last().is_some_and(|turn| turn.role == Role::User) {
            self.turns.pop();
        }
    }

    /// Forgets all that was said; the word of the system stays.
    pub fn clear(&mut self) {
        self.turns.clear();
    }

    /// Everything, in order.
    pub fn messages(&self) -> Vec<Message<'_>> {
        let system = self.system.iter().map(|text| Message::text(Role::System, text));
        let turns = self.turns.iter().map(|turn| Message {
            role: turn.role,
            content: turn.content.iter().map(Said::part).collect(),
            learn: None,
        });
        system.chain(turns).collect()
    }

    /// What the model continues when it answers, in at most `room` tokens, and how many messages had to be forgotten for
    /// that, the oldest first.
    ///
    /// # Errors
    /// The template's; [`sft::Error::TooLong`] where the last question alone has no room.
    pub fn prompt(
        &mut self,
        template: &dyn Template,
        tokenizer: &dyn Tokenizer,
        room: usize,
    ) -> Result<(Rendered, usize)> {
        let mut forgotten = 0;
        loop {
            let mut rendered = Rendered::default();
            template.render(&self.messages(), tokenizer, &mut rendered)?;
            template.open(tokenizer, &mut rendered);
            if rendered.ids.len() <= room {
                return Ok((rendered, forgotten));
            }
            if self.turns.len() < 3 {
                return Err(sft::Error::TooLong { tokens: rendered.ids.len(), context: room });
            }
            self.turns.drain(..2);
            forgotten += 2;
        }
    }
}

/// The words of an answer, without thoughts, calls and what tools said.
#[cfg(feature = "serve")]
pub(crate) fn visible(ids: &[u32], template: &dyn Template, tokenizer: &dyn Tokenizer) -> String {
    let said = said(ids, template, tokenizer).into_iter();
    let words = said.filter_map(|said| if let Said::Text(text) = said { Some(text) } else { None });
    words.collect()
}

/// Takes an answer's tokens apart at the tokens of thoughts, tools, pictures and sounds.
fn said(ids: &[u32], template: &dyn Template, tokenizer: &dyn Tokenizer) -> Vec<Said> {
    let text = |ids: &[u32]| {
        let mut bytes = vec![];
        tokenizer.decode(ids, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    type Make<'a> = &'a dyn Fn(&[u32]) -> Said;
    let (tools, media) = (template.tool_tokens(), template.media_tokens());
    let pairs: [(Option<(u32, u32)>, Make<'_>); 5] = [
        (template.thought_tokens(), &|ids| Said::Thought(text(ids))),
        (tools.map(|tools| tools.call), &|ids| Said::Call(text(ids))),
        (tools.map(|tools| tools.output), &|ids| Said::Output(text(ids))),
        (media.map(|media| media.image), &|ids| Said::Image(ids.to_vec())),
        (media.map(|media| media.audio), &|ids| Said::Audio(ids.to_vec())),
    ];
    let (mut content, mut rest) = (vec![], ids);
    while !rest.is_empty() {
        let begins = |id: u32| pairs.iter().find(|(pair, _)| pair.is_some_and(|(start, _)| start == id));
        let at = rest.iter().position(|&id| begins(id).is_some()).unwrap_or(rest.len());
        if at > 0 {
            content.push(Said::Text(text(&rest[..at])));
        }
        let Some((Some((_, end)), make)) = rest.get(at).and_then(|&id| begins(id)) else { break };
        let within = &rest[at + 1..];
        let close = within.iter().position(|id| id == end).unwrap_or(within.len());
        content.push(make(&within[..close]));
        rest = within.get(close + 1..).unwrap_or_default();
    }
    content
}
