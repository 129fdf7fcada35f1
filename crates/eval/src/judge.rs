//! The seam between two answers and whoever says which is better.

use crate::Result;

/// Two answers to one prompt, whose writers a judge does not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contest<'a> {
    /// The prompt's number, for judges that know more of it.
    pub id: u64,
    /// The prompt, as people read it.
    pub asked: &'a str,
    /// One answer.
    pub left: &'a str,
    /// The other.
    pub right: &'a str,
}

/// How a contest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The left answer is better.
    Left,
    /// The right one is.
    Right,
    /// Neither is.
    Tie,
}

impl Outcome {
    /// What the left side gets: 1, 0, or half a point.
    pub fn score(self) -> f64 {
        match self {
            Self::Left => 1.0,
            Self::Right => 0.0,
            Self::Tie => 0.5,
        }
    }
}

/// Says which of two answers is better.
///
/// # Someone else's judge
///
/// Who comes to the point?
///
/// ```
/// use eval::{Contest, Judge, Outcome, Result};
///
/// struct Brevity;
///
/// impl Judge for Brevity {
///     fn prefer(&self, contest: &Contest<'_>) -> Result<Option<Outcome>> {
///         let [left, right] = [contest.left, contest.right].map(|answer| answer.split_whitespace().count());
///         Ok(Some(match left.cmp(&right) {
///             std::cmp::Ordering::Less => Outcome::Left,
///             std::cmp::Ordering::Equal => Outcome::Tie,
///             std::cmp::Ordering::Greater => Outcome::Right,
///         }))
///     }
/// }
///
/// let judge: Box<dyn Judge> = Box::new(Brevity);
/// let contest = Contest { asked: "2+2?", left: "It is four, I think.", right: "4", ..Contest::default() };
/// assert_eq!(judge.prefer(&contest)?, Some(Outcome::Right));
/// # Ok::<(), eval::Error>(())
/// ```
pub trait Judge {
    /// Who won; nothing where it cannot say, and then there was no battle.
    ///
    /// A judge should not care for sides: with the answers exchanged the other side should win.
    fn prefer(&self, contest: &Contest<'_>) -> Result<Option<Outcome>>;
}
