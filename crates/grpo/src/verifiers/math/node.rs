//! Mathematics as it is written.

use super::super::rational::Rational;

/// A piece of mathematics, read but not yet reckoned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Number(Rational),
    /// A variable, a constant such as `\pi`, words, or digits that are too many.
    Symbol(String),
    Negative(Box<Node>),
    Sum(Vec<Node>),
    Product(Vec<Node>),
    Quotient(Box<Node>, Box<Node>),
    Power(Box<Node>, Box<Node>),
    Percent(Box<Node>),
    /// `\sin`, `abs`, `factorial`, a number with its `base` and the like.
    Call(String, Vec<Node>),
    /// A point or an interval, with its brackets.
    Tuple(char, Vec<Node>, char),
    Set(Vec<Node>),
    /// What commas or `and` stand between, without brackets.
    List(Vec<Node>),
    Matrix(Vec<Vec<Node>>),
    Union(Vec<Node>),
    /// `a < b = c`.
    Chain(Vec<Relation>, Vec<Node>),
}

/// What stands between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    In,
    Ratio,
}

impl Relation {
    /// The same, read from right to left.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::LessOrEqual => Self::MoreOrEqual,
            Self::More => Self::Less,
            Self::MoreOrEqual => Self::LessOrEqual,
            other => other,
        }
    }
}
