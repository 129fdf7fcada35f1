//! `repetition`: a guard against saying the same again and again.

use std::collections::BTreeSet;

use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Verifier;

/// Minus the share of runs of `words` words that stood there before: 0 where nothing is repeated, towards −1 for one
/// word without end. Case and what is said of it count not.
///
/// ```
/// use grpo::{Verifier, verifiers::Repetition};
/// use rl::Problem;
///
/// let repetition = Repetition { words: 2 };
/// let of = |text: &str| repetition.verify(&Problem::default(), &text.into());
/// assert_eq!(of("one and one is two"), Some(0.0));
/// assert_eq!(of("so so so so so"), Some(-0.75));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Repetition {
    /// How many words make a run.
    #[schemars(extend("unit" = "words"))]
    pub words: usize,
}

impl Default for Repetition {
    fn default() -> Self {
        Self { words: 4 }
    }
}

/// Words that are looked at, so that no answer costs more than it is worth.
const MOST_WORDS: usize = 8_192;

impl Verifier for Repetition {
    fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let text = answer.text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
        // runs longer than this are as good as never repeated, and dear to compare
        let runs = words.windows(self.words.clamp(1, 64));
        let (all, different) = (runs.len(), runs.collect::<BTreeSet<_>>().len());
        Some(-((all - different) as f32 / all.max(1) as f32))
    }

    fn is_guard(&self) -> bool {
        true
    }
}
