//! The one error type of the crate.

/// What keeps preferences from being learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing can be compared.
    #[error("preference {id}: {answers} answers and {ranks} ranks; expected two or more, and a rank each")]
    Incomplete {
        /// Its number.
        id: u64,
        /// Answers that there are.
        answers: usize,
        /// Ranks that there are.
        ranks: usize,
    },
    /// Nobody is better than anybody.
    #[error("preference {id}: all answers have the same rank")]
    AllTied {
        /// Its number.
        id: u64,
    },
    /// Answers that are the same cannot be better than each other.
    #[error("preference {id}: answers {first} and {second} are the same and ranked apart")]
    EqualAnswers {
        /// Its number.
        id: u64,
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
    },
    /// An answer says nothing.
    #[error("preference {id}: answer {answer} is empty")]
    EmptyAnswer {
        /// Its number.
        id: u64,
        /// Which one.
        answer: usize,
    },
    /// Nothing is answered.
    #[error("preference {id}: the prompt is empty")]
    EmptyPrompt {
        /// Its number.
        id: u64,
    },
    /// Prompt and answer do not fit.
    #[error("preference {id}: {tokens} tokens, in a context of {context}")]
    TooLong {
        /// Its number.
        id: u64,
        /// Tokens of the prompt and its longest answer.
        tokens: usize,
        /// Those of the model.
        context: usize,
    },
    /// A folder holds a model that cannot judge.
    #[error("no tensor {tensor}: this is no reward model; expected the output of the stage that trains one")]
    NoHead {
        /// The head's name.
        tensor: &'static str,
    },
    /// A folder holds a model that judges already.
    #[error("there is a tensor {tensor}: this is a reward model; expected a language model to start from")]
    HasHead {
        /// The head's name.
        tensor: &'static str,
    },
    /// A setting makes no sense.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What would be right.
        expected: String,
        /// What was there.
        got: String,
    },
    /// Answers could not be laid down or drawn.
    #[error(transparent)]
    Policy(#[from] rl::Error),
    /// The model refused.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// So did a tensor.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One word for tables, under which preferences are counted that were left out.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Incomplete { .. } => "incomplete",
            Self::AllTied { .. } => "all_tied",
            Self::EqualAnswers { .. } => "equal_answers",
            Self::EmptyAnswer { .. } => "empty_answer",
            Self::EmptyPrompt { .. } => "empty_prompt",
            Self::TooLong { .. } => "too_long",
            Self::NoHead { .. } => "no_head",
            Self::HasHead { .. } => "has_head",
            Self::Setting { .. } => "setting",
            Self::Policy(_) => "policy",
            Self::Model(_) => "model",
            Self::Tensor(_) => "tensor",
        }
    }
}

/// For objectives and sources of batches, whose errors are the model's.
impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Model(error) | Error::Policy(rl::Error::Model(error)) => error,
            Error::Tensor(error) => error.into(),
            error => Self::Other(error.into()),
        }
    }
}
