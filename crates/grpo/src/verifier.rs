//! The seam between a policy's answers and whoever says how right they are.

use rl::{Answer, Problem};

/// Says how right an answer is. No code of an answer is ever executed.
///
/// Somebody who wants short words:
///
/// ```
/// use grpo::Verifier;
/// use rl::{Answer, Problem};
///
/// struct ShortWords;
///
/// impl Verifier for ShortWords {
///     fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
///         let words = answer.text.split_whitespace();
///         Some(f32::from(u8::from(words.clone().all(|word| word.len() < 6))))
///     }
/// }
///
/// assert_eq!(ShortWords.verify(&Problem::default(), &"a cat sat".into()), Some(1.0));
/// ```
pub trait Verifier: Send + Sync {
    /// From 0 for wrong to 1 for right, and below 0 from a [guard](Verifier::is_guard); nothing where it cannot say,
    /// which leaves the answer out of this reward.
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32>;

    /// An answer to which [`verify`](Verifier::verify) gives 1: what a run tests its verifiers with before it begins.
    fn gold(&self, problem: &Problem) -> String {
        problem.answer.clone()
    }

    /// Whether it punishes what no answer should do, instead of saying which are right: 0 is the best that it gives.
    fn is_guard(&self) -> bool {
        false
    }

    /// Whether it can say nothing of a problem without an answer.
    fn needs_answer(&self) -> bool {
        !self.is_guard()
    }
}
