//! One polynomial over another: what most mathematics of answers comes down to.
//!
//! Two fractions are the same where the products crosswise are: a/b = c/d as ad = cb. So nothing need be cancelled,
//! and `1/(1 + √2)` is `√2 − 1`.

use super::super::rational::Rational;
use super::node::Node;
use super::polynomial::{Atom, Polynomial, Work};

/// `over / under`, `under` not being 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) over: Polynomial,
    pub(super) under: Polynomial,
}

/// The largest number whose factorial is reckoned.
const LARGEST_FACTORIAL: i128 = 33;

impl Fraction {
    fn new(over: Polynomial, under: Polynomial) -> Option<Self> {
        (!under.is_zero()).then_some(())?;
        match under.as_number() {
            // most are no fractions at all
            Some(number) => {
                Some(Self { over: over.scaled(number.inverse()?)?, under: Polynomial::number(Rational::ONE) })
            }
            None => Some(Self { over, under }),
        }
    }

    fn whole(over: Polynomial) -> Self {
        Self { over, under: Polynomial::number(Rational::ONE) }
    }

    pub(super) fn number(number: Rational) -> Self {
        Self::whole(Polynomial::number(number))
    }

    /// The number that it is.
    pub(super) fn as_number(&self) -> Option<Rational> {
        self.over.as_number().filter(|_| self.under.as_number() == Some(Rational::ONE))
    }

    pub(super) fn plus(&self, other: &Self, work: &mut Work) -> Option<Self> {
        if self.under == other.under {
            return Self::new(self.over.plus(&other.over)?, self.under.clone());
        }
        let left = self.over.times(&other.under, work)?;
        let right = other.over.times(&self.under, work)?;
        Self::new(left.plus(&right)?, self.under.times(&other.under, work)?)
    }

    pub(super) fn negated(&self) -> Option<Self> {
        Some(Self { over: self.over.scaled(Rational::whole(-1))?, under: self.under.clone() })
    }

    pub(super) fn times(&self, other: &Self, work: &mut Work) -> Option<Self> {
        Self::new(self.over.times(&other.over, work)?, self.under.times(&other.under, work)?)
    }

    fn inverse(self) -> Option<Self> {
        Self::new(self.under, self.over)
    }

    fn power(self, exponent: Rational, work: &mut Work) -> Option<Self> {
        let base = if exponent.over < 0 { self.inverse()? } else { self };
        let times = u32::try_from(exponent.over.unsigned_abs()).ok()?;
        let power = Self::new(base.over.power(times, work)?, base.under.power(times, work)?)?;
        let degree = u32::try_from(exponent.under).ok()?;
        if degree == 1 {
            return Some(power);
        }
        let (over, divisor) = power.over.root(degree, work)?;
        let (under, factor) = power.under.root(degree, work)?;
        Self::new(over.times(&factor, work)?, under.times(&divisor, work)?)
    }

    /// Whether both are the same; nothing where that is too much to reckon.
    pub(super) fn equals(&self, other: &Self, work: &mut Work) -> Option<bool> {
        Some(self.over.times(&other.under, work)? == other.over.times(&self.under, work)?)
    }

    /// One way to write it, for what is within functions.
    fn pair(self) -> Option<(Polynomial, Polynomial)> {
        let scale = self.under.leading()?.inverse()?;
        Some((self.over.scaled(scale)?, self.under.scaled(scale)?))
    }

    /// Reckons what is written; nothing where it is no number and no expression, or too much.
    pub(super) fn of(node: &Node, work: &mut Work) -> Option<Self> {
        match node {
            Node::Number(number) => Some(Self::number(*number)),
            Node::Symbol(name) if name == "i" => Some(Self::whole(Polynomial::atom(Atom::Imaginary))),
            Node::Symbol(name) => Some(Self::whole(Polynomial::atom(Atom::Symbol(name.clone())))),
            Node::Negative(inside) => Self::of(inside, work)?.negated(),
            Node::Percent(inside) => {
                Self::of(inside, work)?.times(&Self::number(Rational::new(1, 100)?), work)
            }
            Node::Sum(terms) => terms.iter().try_fold(Self::number(Rational::ZERO), |sum, term| {
                let term = Self::of(term, work)?;
                sum.plus(&term, work)
            }),
            Node::Product(factors) => {
                factors.iter().try_fold(Self::number(Rational::ONE), |product, factor| {
                    let factor = Self::of(factor, work)?;
                    product.times(&factor, work)
                })
            }
            Node::Quotient(over, under) => {
                let under = Self::of(under, work)?.inverse()?;
                Self::of(over, work)?.times(&under, work)
            }
            Node::Power(base, exponent) => {
                let (base, exponent) = (Self::of(base, work)?, Self::of(exponent, work)?);
                match exponent.as_number() {
                    Some(number) => base.power(number, work),
                    None => Self::call("power", vec![base, exponent]),
                }
            }
            Node::Call(name, of) => {
                let of = of.iter().map(|node| Self::of(node, work)).collect::<Option<Vec<_>>>()?;
                known(name, &of).map_or_else(|| Self::call(name, of), |number| Some(Self::number(number)))
            }
            Node::Tuple(..)
            | Node::Set(_)
            | Node::List(_)
            | Node::Matrix(_)
            | Node::Union(_)
            | Node::Chain(..) => None,
        }
    }

    fn call(name: &str, of: Vec<Self>) -> Option<Self> {
        let of = of.into_iter().map(Self::pair).collect::<Option<_>>()?;
        Some(Self::whole(Polynomial::atom(Atom::Call(name.to_owned(), of))))
    }
}

/// What a function of numbers comes to, where that is a number.
fn known(name: &str, of: &[Fraction]) -> Option<Rational> {
    let number = of.first()?.as_number()?;
    match name {
        "abs" => Rational::new(number.over.checked_abs()?, number.under),
        "factorial" => {
            let last = number.as_whole().filter(|last| (0..=LARGEST_FACTORIAL).contains(last))?;
            Rational::new((1..=last).product(), 1)
        }
        "floor" => Rational::new(number.over.div_euclid(number.under), 1),
        "ceil" => Rational::new(number.negated().over.div_euclid(number.under).checked_neg()?, 1),
        "binom" => {
            let (from, take) = (number.as_whole()?, of.get(1)?.as_number()?.as_whole()?);
            ((0..=60).contains(&from) && (0..=from).contains(&take)).then_some(())?;
            let ways =
                (0..take).try_fold(1_i128, |ways, at| Some(ways.checked_mul(from - at)? / (at + 1)))?;
            Rational::new(ways, 1)
        }
        _ => None,
    }
}
