//! The one error type of the crate.

/// What keeps a policy from being trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A prompt leaves no room for an answer.
    #[error("problem {problem}: its prompt has {tokens} tokens, in a context of {context}")]
    TooLong {
        /// Its number.
        problem: u64,
        /// Tokens of the prompt.
        tokens: usize,
        /// The model's context.
        context: usize,
    },
    /// A problem asks nothing.
    #[error("problem {problem}: its prompt is empty")]
    NoPrompt {
        /// Its number.
        problem: u64,
    },
    /// Whoever scores answers gave too many or too few rewards.
    #[error("{rewards} rewards for {answers} answers")]
    Rewards {
        /// How many came.
        rewards: usize,
        /// How many were due.
        answers: usize,
    },
    /// A reward is no number.
    #[error("problem {problem}: the reward of answer {sample} is {value}")]
    NotANumber {
        /// The problem's number.
        problem: u64,
        /// The answer's number in its group.
        sample: usize,
        /// The reward.
        value: f64,
    },
    /// Log-probabilities of trainer and sampler differ: the policy that is trained is not the one that answered.
    #[error(
        "the trainer gives a token of problem {problem} the log-probability {trained}, the sampler gave it {sampled}: \
         more than {allowed} apart, so the policy that is trained is not the one that answered"
    )]
    OffPolicy {
        /// The problem's number.
        problem: u64,
        /// By the trainer.
        trained: f64,
        /// By the sampler.
        sampled: f64,
        /// How far they may be apart.
        allowed: f64,
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
    /// Whoever looks on, or scores, ends it.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
    /// The model refused.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// So did a tensor.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// For objectives and sources of batches, whose errors are the model's.
impl From<Error> for model::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Model(error) => error,
            error => Self::Other(error.into()),
        }
    }
}

impl Error {
    /// One word for tables, under which problems are counted that were left out.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::NoPrompt { .. } => "empty_prompt",
            Self::Rewards { .. } => "rewards",
            Self::NotANumber { .. } => "reward_not_a_number",
            Self::OffPolicy { .. } => "off_policy",
            Self::Setting { .. } => "setting",
            Self::Other(_) => "other",
            Self::Model(_) => "model",
            Self::Tensor(_) => "tensor",
        }
    }
}
