//! Who says what, and in which order.

use crate::{Error, Result};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever set the assistant up.
    System,
    /// Who asks.
    User,
    /// Who answers; the only one whose words are learned by default.
    Assistant,
    /// A tool that the assistant called.
    Tool,
}

impl Role {
    const ALL: [Self; 4] = [Self::System, Self::User, Self::Assistant, Self::Tool];

    /// `system`, `user`, `assistant` or `tool`.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// The role of that name.
    ///
    /// # Errors
    /// [`Error::UnknownRole`] for any other name.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| Error::UnknownRole { name: name.to_owned() })
    }
}

/// A piece of what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Words.
    Text(&'a str),
    /// What the assistant thinks before it answers.
    Thought(&'a str),
    /// What the assistant asks of a tool.
    ToolCall(&'a str),
    /// What the tool answers: forced into the context, never learned.
    ToolOutput(&'a str),
    /// A picture, as ids.
    Image(&'a [u32]),
    /// A sound, as ids.
    Audio(&'a [u32]),
}

impl Part<'_> {
    fn is_empty(&self) -> bool {
        match self {
            // a tool may well answer nothing
            Self::ToolOutput(_) => false,
            Self::Text(text) | Self::Thought(text) | Self::ToolCall(text) => text.trim().is_empty(),
            Self::Image(ids) | Self::Audio(ids) => ids.is_empty(),
        }
    }

    /// Its text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Thought(text) | Self::ToolCall(text) | Self::ToolOutput(text) => {
                Some(text)
            }
            Self::Image(_) | Self::Audio(_) => None,
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said, in pieces.
    pub content: Vec<Part<'a>>,
    /// Whether it is learned; where nothing is said, the role decides.
    pub learn: Option<bool>,
}

impl<'a> Message<'a> {
    /// A message of nothing but words.
    pub fn text(role: Role, text: &'a str) -> Self {
        Self { role, content: vec![Part::Text(text)], learn: None }
    }

    /// Whether it is learned.
    pub fn is_learned(&self) -> bool {
        self.learn.unwrap_or(self.role == Role::Assistant)
    }
}

/// Refuses what is no conversation: system first if at all, then user and assistant in turn, tools where an assistant
/// called one, and everybody says something.
///
/// # Errors
/// [`Error::Order`] or [`Error::EmptyMessage`], with the number of the message.
pub fn check(messages: &[Message<'_>]) -> Result<()> {
    let mut before: Option<&Message<'_>> = None;
    for (at, message) in messages.iter().enumerate() {
        let expected = follows(before);
        if !expected.contains(&message.role) {
            let names: Vec<&str> = expected.iter().map(|role| role.name()).collect();
            return Err(Error::Order { at, expected: names.join(" or "), got: message.role.name() });
        }
        if message.content.iter().all(Part::is_empty) {
            return Err(Error::EmptyMessage { at, role: message.role.name() });
        }
        before = Some(message);
    }
    if messages.is_empty() {
        return Err(Error::Order { at: 0, expected: "user".into(), got: "nothing" });
    }
    Ok(())
}

/// Who may speak after `before`.
fn follows(before: Option<&Message<'_>>) -> &'static [Role] {
    let Some(before) = before else { return &[Role::System, Role::User] };
    match before.role {
        Role::User => &[Role::Assistant],
        Role::Assistant if matches!(before.content.last(), Some(Part::ToolCall(_))) => {
            &[Role::Tool, Role::User]
        }
        Role::System | Role::Assistant => &[Role::User],
        Role::Tool => &[Role::Tool, Role::Assistant],
    }
}
