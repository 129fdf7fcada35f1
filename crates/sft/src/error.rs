//! The one error type of the crate.

/// What keeps a conversation from being learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is called so.
    #[error("unknown role `{name}`: expected system, user, assistant or tool")]
    UnknownRole {
        /// The name.
        name: String,
    },
    /// The wrong one speaks.
    #[error("message {at}: expected {expected}, got {got}")]
    Order {
        /// Number of the message, from 0.
        at: usize,
        /// Whose turn it is.
        expected: String,
        /// Who speaks.
        got: &'static str,
    },
    /// Somebody says nothing.
    #[error("message {at}: {role} says nothing")]
    EmptyMessage {
        /// Number of the message, from 0.
        at: usize,
        /// Who it is.
        role: &'static str,
    },
    /// A template has no way to write this.
    #[error("message {at}: {template} has no tokens for {what}")]
    NoTokens {
        /// The template.
        template: &'static str,
        /// Number of the message, from 0.
        at: usize,
        /// A sort of content.
        what: &'static str,
    },
    /// A picture or a sound that nobody encoded.
    #[error("message {at}: a picture or a sound without ids")]
    NotEncoded {
        /// Number of the message, from 0.
        at: usize,
    },
    /// An id of a picture or a sound is none of the vocabulary.
    #[error("message {at}: id {id} is outside of the vocabulary of {vocabulary}")]
    Id {
        /// Number of the message, from 0.
        at: usize,
        /// The id.
        id: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// A text spells a token that only a template may set. It would be plain text, but seldom is meant so.
    #[error("message {at}: the text spells the special token {name}")]
    SpellsSpecial {
        /// Number of the message, from 0.
        at: usize,
        /// The token.
        name: String,
    },
    /// The tokenizer lacks a token of the template.
    #[error("the tokenizer has no token {name}, which {template} needs")]
    NoSpecial {
        /// The template.
        template: &'static str,
        /// The token.
        name: String,
    },
    /// No token of a conversation is learned.
    #[error("nothing is learned from it: no assistant speaks, or `train` is false everywhere")]
    EmptyMask,
    /// More tokens than the context has.
    #[error("{tokens} tokens, in a context of {context}")]
    TooLong {
        /// Tokens of the conversation.
        tokens: usize,
        /// Those of the model.
        context: usize,
    },
    /// Training has nothing to train on.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What would be right.
        expected: String,
        /// What was there.
        got: String,
    },
    /// The model refused.
    #[error(transparent)]
    Model(#[from] model::Error),
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One word for tables, under which conversations are counted that were left out.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownRole { .. } => "unknown_role",
            Self::Order { .. } => "role_order",
            Self::EmptyMessage { .. } => "empty_message",
            Self::NoTokens { .. } => "no_tokens_for_it",
            Self::NotEncoded { .. } => "not_encoded",
            Self::Id { .. } => "id_out_of_range",
            Self::SpellsSpecial { .. } => "spells_special_token",
            Self::NoSpecial { .. } => "no_special_token",
            Self::EmptyMask => "nothing_to_learn",
            Self::TooLong { .. } => "too_long",
            Self::Setting { .. } => "setting",
            Self::Model(_) => "model",
        }
    }
}
