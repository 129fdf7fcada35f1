//! `regex`: what a pattern finds.

use regex::{Regex, RegexBuilder};
use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{meta, right_if};
use crate::{Error, Result, Verifier};

/// The whole of what is said, spaces around it aside, fits a pattern. Matching takes time in proportion to text and
/// pattern, whatever they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatternSettings {
    /// The pattern; without one, each problem's answer is its own.
    pub pattern: Option<String>,
    /// Whether it is enough that the pattern is found somewhere.
    pub anywhere: bool,
}

/// [`PatternSettings`] made ready. A problem whose own pattern cannot be used is not judged.
///
/// What scores 1 cannot be told from a pattern: it is the problem's `{"example": …}`, else its answer.
#[derive(Clone, Debug)]
pub struct Pattern {
    given: Option<Regex>,
    anywhere: bool,
}

/// Bytes of a pattern, of its program, and brackets within brackets, at most.
const LONGEST: usize = 4_096;
const LARGEST: usize = 1 << 20;
const DEEPEST: u32 = 32;

impl Pattern {
    /// Compiles the pattern of the settings.
    pub fn new(settings: &PatternSettings) -> Result<Self> {
        let compiled = settings.pattern.as_ref().map(|pattern| compile(pattern, settings.anywhere));
        Ok(Self { given: compiled.transpose()?, anywhere: settings.anywhere })
    }
}

fn compile(pattern: &str, anywhere: bool) -> Result<Regex> {
    let error = |why: String| Error::Pattern { pattern: pattern.chars().take(80).collect(), why };
    if pattern.len() > LONGEST {
        return Err(error(format!("it has more than {LONGEST} bytes")));
    }
    let limits = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder.size_limit(LARGEST).dfa_size_limit(LARGEST).nest_limit(DEEPEST).build()
    };
    // by itself first: `a)|(b` must not borrow the brackets around it
    let found = limits(pattern).map_err(|why| error(why.to_string()))?;
    if anywhere {
        return Ok(found);
    }
    limits(&format!(r"\A(?:{pattern})\z")).map_err(|why| error(why.to_string()))
}

impl Verifier for Pattern {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let said = answer.text.trim();
        match &self.given {
            Some(pattern) => right_if(pattern.is_match(said)),
            None if problem.answer.is_empty() => None,
            None => right_if(compile(&problem.answer, self.anywhere).ok()?.is_match(said)),
        }
    }

    fn gold(&self, problem: &Problem) -> String {
        let example = meta(problem).and_then(|meta| Some(meta.get("example")?.as_str()?.to_owned()));
        example.unwrap_or_else(|| problem.answer.clone())
    }

    fn needs_answer(&self) -> bool {
        self.given.is_none()
    }
}

#[cfg(test)]
mod tests {
    use rl::Problem;

    use super::{Pattern, PatternSettings};
    use crate::Verifier;

    fn verify(pattern: &str, anywhere: bool, said: &str) -> Option<f32> {
        let settings = PatternSettings { pattern: Some(pattern.to_owned()), anywhere };
        Pattern::new(&settings).unwrap().verify(&Problem::default(), &said.into())
    }

    #[test]
    fn the_whole_fits_or_a_part() {
        assert_eq!(verify("a|b+", false, " bbb "), Some(1.0));
        assert_eq!(verify("a|b+", false, "ab"), Some(0.0));
        assert_eq!(verify("a|b+", true, "cab"), Some(1.0));
        assert_eq!(verify("a|ab", false, "ab"), Some(1.0));
    }

    #[test]
    fn a_problem_may_bring_its_own_and_a_bad_one_is_not_judged() {
        let own = Pattern::new(&PatternSettings::default()).unwrap();
        let of = |pattern: &str| {
            own.verify(&Problem { answer: pattern.to_owned(), ..Problem::default() }, &"42".into())
        };
        assert_eq!(of(r"\d+"), Some(1.0));
        assert_eq!(of("(a{999}){999}"), None);
        assert_eq!(of("a)|(b"), None);
        assert_eq!(of(&"(".repeat(3_000)), None);
        assert_eq!(of(""), None);
    }
}
