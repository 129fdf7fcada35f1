//! Verifiers by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Abstains, Choice, Contains, Countdown, Counting, Exact, FirstNumber, Format, Length, Math, Numeric,
    OfProblem, Pattern, PatternSettings, Repetition, Spelling, TicTacToe,
};
use crate::{Error, Result, Verifier};

/// A verifier as a pipeline file names it: `"numeric"`, or `{ length = { most = 256 } }` where one has settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerifierKind {
    /// What the verifier says that the problem names.
    OfProblem,
    /// The same words.
    Exact,
    /// The same number.
    Numeric,
    /// The same mathematics.
    Math,
    /// The right choice.
    Choice,
    /// What fits a pattern.
    Regex(PatternSettings),
    /// Thoughts and answer in their tags.
    Format(Format),
    /// Given numbers that reach a target.
    Countdown,
    /// A best move.
    TicTacToe,
    /// Letter by letter.
    Spelling,
    /// The same whole number.
    Counting,
    /// The same number, the first one of the result.
    FirstNumber,
    /// One of several words.
    Contains,
    /// Not to know.
    Abstains,
    /// A guard against words without end.
    Length(Length),
    /// A guard against saying the same again.
    Repetition(Repetition),
}

impl VerifierKind {
    /// One of each, those with settings as they are by default.
    pub fn all() -> [Self; 16] {
        [
            Self::OfProblem,
            Self::Exact,
            Self::Numeric,
            Self::Math,
            Self::Choice,
            Self::Regex(PatternSettings::default()),
            Self::Format(Format::default()),
            Self::Countdown,
            Self::TicTacToe,
            Self::Spelling,
            Self::Counting,
            Self::FirstNumber,
            Self::Contains,
            Self::Abstains,
            Self::Length(Length::default()),
            Self::Repetition(Repetition::default()),
        ]
    }

    /// As problems and pipeline files call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OfProblem => "of-problem",
            Self::Exact => "exact",
            Self::Numeric => "numeric",
            Self::Math => "math",
            Self::Choice => "choice",
            Self::Regex(_) => "regex",
            Self::Format(_) => "format",
            Self::Countdown => "countdown",
            Self::TicTacToe => "tic-tac-toe",
            Self::Spelling => "spelling",
            Self::Counting => "counting",
            Self::FirstNumber => "first-number",
            Self::Contains => "contains",
            Self::Abstains => "abstains",
            Self::Length(_) => "length",
            Self::Repetition(_) => "repetition",
        }
    }

    /// The verifier itself.
    pub fn verifier(&self) -> Result<Box<dyn Verifier>> {
        Ok(match self {
            Self::OfProblem => Box::new(OfProblem),
            Self::Exact => Box::new(Exact),
            Self::Numeric => Box::new(Numeric),
            Self::Math => Box::new(Math),
            Self::Choice => Box::new(Choice),
            Self::Regex(settings) => Box::new(Pattern::new(settings)?),
            Self::Format(format) => Box::new(format.clone()),
            Self::Countdown => Box::new(Countdown),
            Self::TicTacToe => Box::new(TicTacToe),
            Self::Spelling => Box::new(Spelling),
            Self::Counting => Box::new(Counting),
            Self::FirstNumber => Box::new(FirstNumber),
            Self::Contains => Box::new(Contains),
            Self::Abstains => Box::new(Abstains),
            Self::Length(length) => Box::new(*length),
            Self::Repetition(repetition) => Box::new(*repetition),
        })
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Result<Self> {
        let kinds = Self::all();
        let known = kinds.iter().map(Self::name).collect();
        let found = kinds.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| Error::UnknownVerifier { name: name.to_owned(), known })
    }
}

/// The verifier of that name, with its settings as they are by default; nothing where none is called so.
///
/// ```
/// let numeric = grpo::verifiers::by_name("numeric").expect("there is one");
/// let problem = rl::Problem { answer: "1/2".to_owned(), ..rl::Problem::default() };
/// assert_eq!(numeric.verify(&problem, &"The answer is 50 %.".into()), Some(1.0));
/// ```
pub fn by_name(name: &str) -> Option<Box<dyn Verifier>> {
    VerifierKind::named(name).and_then(|kind| kind.verifier()).ok()
}

#[cfg(test)]
mod tests {
    use super::{VerifierKind, by_name};

    #[test]
    fn a_file_spells_every_kind_as_it_is_named() {
        for kind in VerifierKind::all() {
            let json = serde_json::to_value(&kind).unwrap();
            let spelled = json.as_str().or_else(|| json.as_object()?.keys().next().map(String::as_str));
            assert_eq!(spelled, Some(kind.name()));
            assert_eq!(serde_json::from_value::<VerifierKind>(json.clone()).unwrap(), kind);
            assert_eq!(VerifierKind::named(kind.name()).unwrap(), kind);
            assert!(by_name(kind.name()).is_some());
        }
        assert!(by_name("taste").is_none());
        let error = VerifierKind::named("taste").unwrap_err().to_string();
        assert!(error.contains("\"taste\"") && error.contains("tic-tac-toe"), "{error}");
    }
}
