//! The one error type of the crate.

/// What keeps a run from being rewarded as it was meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody can say what is right.
    #[error("problem {problem} has no answer to compare with")]
    NoAnswer {
        /// Its number.
        problem: u64,
    },
    /// A verifier gave what is no number.
    #[error("verifier {verifier} gave {got} to problem {problem}: expected a finite number")]
    NotANumber {
        /// The verifier.
        verifier: String,
        /// The problem's number.
        problem: u64,
        /// What it gave.
        got: f32,
    },
    /// A verifier does not judge as it should what is known to be right, or empty.
    #[error(
        "verifier {verifier} on problem {problem}: expected {expected} for the answer {answer:?}, got {}",
        got.map_or_else(|| "nothing".to_owned(), |got| got.to_string())
    )]
    SelfTest {
        /// The verifier.
        verifier: String,
        /// The problem's number.
        problem: u64,
        /// What was said: the right answer, or nothing.
        answer: String,
        /// What that is worth.
        expected: f32,
        /// What the verifier gave.
        got: Option<f32>,
    },
    /// No verifier is called so.
    #[error("no verifier is called {name:?}; there are {}", known.join(", "))]
    UnknownVerifier {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// A pattern that cannot be used.
    #[error("the pattern {pattern:?} cannot be used: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// A setting that nobody could have meant.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// What would be right.
        expected: String,
        /// What was there.
        got: String,
    },
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// One word for tables, under which problems are counted that were left out.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoAnswer { .. } => "no_answer",
            Self::NotANumber { .. } => "not_a_number",
            Self::SelfTest { .. } => "self_test",
            Self::UnknownVerifier { .. } => "unknown_verifier",
            Self::Pattern { .. } => "pattern",
            Self::Setting { .. } => "setting",
        }
    }
}
