//! What a run asks its verifiers before its first step: is gold worth 1, and nothing 0?

use rl::Problem;

use crate::verifiers::OfProblem;
use crate::{Error, Result, Rewards, Verifier};

/// Whether a verifier gives 1 to the right answer of a problem and 0 to an empty one. A guard has to give 0 at best.
///
/// ```
/// use grpo::{Error, self_test, verifiers::Exact};
/// use rl::Problem;
///
/// let problem = Problem { answer: "owl".to_owned(), ..Problem::default() };
/// assert!(self_test(&Exact, "exact", &problem).is_ok());
/// let error = self_test(&Exact, "exact", &Problem::default()).unwrap_err();
/// assert!(matches!(error, Error::NoAnswer { .. }));
/// ```
pub fn self_test(verifier: &dyn Verifier, name: &str, problem: &Problem) -> Result<()> {
    if verifier.needs_answer() && problem.answer.trim().is_empty() {
        return Err(Error::NoAnswer { problem: problem.id });
    }
    let (gold, highest) = (verifier.gold(problem), if verifier.is_guard() { 0.0 } else { 1.0 });
    for (answer, expected) in [(gold.as_str(), highest), ("", 0.0)] {
        let got = verifier.verify(problem, &answer.into());
        if let Some(got) = got.filter(|got| !got.is_finite()) {
            return Err(Error::NotANumber { verifier: name.to_owned(), problem: problem.id, got });
        }
        let fits = if verifier.is_guard() { got <= Some(0.0) } else { got == Some(expected) };
        if !fits {
            let (verifier, answer) = (name.to_owned(), answer.to_owned());
            return Err(Error::SelfTest { verifier, problem: problem.id, answer, expected, got });
        }
    }
    Ok(())
}

impl Rewards {
    /// [`self_test`] of every part.
    pub fn self_test(&self, problem: &Problem) -> Result<()> {
        self.parts.iter().try_for_each(|part| self_test(&*part.verifier, &part.name, problem))
    }
}

impl OfProblem {
    /// [`self_test`] of the verifier that a problem names; a name that nobody has is an error.
    pub fn self_test(problem: &Problem) -> Result<()> {
        let kind = crate::verifiers::VerifierKind::named(&problem.verifier)?;
        self_test(&*kind.verifier()?, kind.name(), problem)
    }
}
