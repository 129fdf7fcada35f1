//! Whoever says whether an answer is right, and two guards.
//!
//! | name | right is |
//! |---|---|
//! | `exact` | the same words |
//! | `numeric` | the same number: `1/2`, `0.5`, `50 %` |
//! | `math` | the same mathematics, in LaTeX or as people write it |
//! | `choice` | the right choice, by letter or by words |
//! | `regex` | what fits a pattern |
//! | `format` | thoughts and answer, each in its tags |
//! | `countdown` | an expression of given numbers that reaches a target |
//! | `tic-tac-toe` | a best move |
//! | `spelling` | letter by letter |
//! | `counting` | the same whole number |
//! | `first-number` | as `numeric`, for the first number of the result |
//! | `contains` | one of several words, somewhere |
//! | `abstains` | to say that one does not know |
//! | `length`, `repetition` | guards: from 0 down to −1 |
//! | `of-problem` | what the verifier says that the problem names |
//!
//! All but `contains`, `spelling`, `abstains`, `regex`, `format` and the guards look at the *result* of an answer. It
//! is looked for within the last `<answer>…</answer>` or behind the last `</think>`, and in there it is what the last
//! `\boxed{…}` holds, else what stands behind the last `####` on its line, else behind the last `answer is`, else all.
//!
//! Answers are hostile. Numbers are fractions of 128-bit integers whose every operation is checked, lengths and depths
//! are bounded by constants beside each reader, and what is beyond them is wrong; nothing is ever executed.

mod abstains;
mod choice;
mod contains;
mod countdown;
mod counting;
mod exact;
mod first_number;
mod format;
mod kind;
mod length;
mod math;
mod numeric;
mod of_problem;
mod pattern;
mod quantity;
mod rational;
mod repetition;
mod result;
mod spelling;
mod tic_tac_toe;
mod words;

use rl::Problem;

pub use abstains::Abstains;
pub use choice::Choice;
pub use contains::Contains;
pub use countdown::Countdown;
pub use counting::Counting;
pub use exact::Exact;
pub use first_number::FirstNumber;
pub use format::Format;
pub use kind::{VerifierKind, by_name};
pub use length::Length;
pub use math::Math;
pub use numeric::Numeric;
pub use of_problem::OfProblem;
pub use pattern::{Pattern, PatternSettings};
pub use repetition::Repetition;
pub use spelling::Spelling;
pub use tic_tac_toe::{Game, Side, TicTacToe};

/// 1 for right, 0 for wrong.
#[expect(clippy::unnecessary_wraps, reason = "it is what a verifier says")]
fn right_if(right: bool) -> Option<f32> {
    Some(f32::from(u8::from(right)))
}

/// Nothing where nobody knows what is right.
fn has_answer(problem: &Problem) -> Option<()> {
    (!problem.answer.trim().is_empty()).then_some(())
}

/// What a problem says besides; nothing where that is no JSON.
fn meta(problem: &Problem) -> Option<serde_json::Value> {
    serde_json::from_str(problem.meta.as_deref()?).ok()
}
