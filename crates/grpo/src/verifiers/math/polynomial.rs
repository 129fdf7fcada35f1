//! Sums of products, so that `x + 1` and `1 + x` are one thing, and `\sqrt 8` and `2\sqrt 2`.

use std::collections::BTreeMap;

use super::super::rational::{Rational, gcd};

/// What cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    /// A prime, or what no small prime divides, under a root.
    Prime(i128),
    /// The root of −1.
    Imaginary,
    Symbol(String),
    /// A sum under a root.
    Sum(Polynomial),
    /// A function, or a power whose exponent is no number, of what is written so.
    Call(String, Vec<(Polynomial, Polynomial)>),
}

/// Atoms, each with its exponent above 0.
type Monomial = BTreeMap<Atom, Rational>;

/// Products and what each is multiplied with, never 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Polynomial(BTreeMap<Monomial, Rational>);

/// What may still be reckoned, in products of two terms: a bound on the time that any answer takes.
pub(super) struct Work(pub(super) u32);

impl Work {
    fn spend(&mut self, products: usize) -> Option<()> {
        self.0 = self.0.checked_sub(u32::try_from(products).ok()?)?;
        Some(())
    }
}

/// Terms of a sum, at most.
const MOST_TERMS: usize = 400;
/// Exponents without and with several terms, at most.
const LARGEST_EXPONENT: u32 = 10_000;
const LARGEST_EXPONENT_OF_SUM: u32 = 64;
/// Divisors that are looked for under a root.
const LARGEST_DIVISOR: i128 = 2_000;

impl Polynomial {
    pub(super) fn number(number: Rational) -> Self {
        Self::term(Monomial::new(), number)
    }

    pub(super) fn atom(atom: Atom) -> Self {
        Self::term(Monomial::from([(atom, Rational::ONE)]), Rational::ONE)
    }

    fn term(monomial: Monomial, factor: Rational) -> Self {
        Self(if factor.is_zero() { BTreeMap::new() } else { BTreeMap::from([(monomial, factor)]) })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number that it is.
    pub(super) fn as_number(&self) -> Option<Rational> {
        match self.0.first_key_value() {
            None => Some(Rational::ZERO),
            Some((monomial, factor)) => (self.0.len() == 1 && monomial.is_empty()).then_some(*factor),
        }
    }

    /// What the first term is multiplied with.
    pub(super) fn leading(&self) -> Option<Rational> {
        self.0.first_key_value().map(|(_, factor)| *factor)
    }

    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        let mut sum = self.clone();
        sum.add(other)?;
        Some(sum)
    }

    fn add(&mut self, other: &Self) -> Option<()> {
        for (monomial, factor) in &other.0 {
            let total = self.0.get(monomial).map_or(Some(*factor), |before| before.plus(*factor))?;
            if total.is_zero() {
                self.0.remove(monomial);
            } else {
                self.0.insert(monomial.clone(), total);
            }
        }
        (self.0.len() <= MOST_TERMS).then_some(())
    }

    pub(super) fn scaled(&self, by: Rational) -> Option<Self> {
        if by.is_zero() {
            return Some(Self::default());
        }
        let scaled = self.0.iter().map(|(monomial, factor)| Some((monomial.clone(), factor.times(by)?)));
        scaled.collect::<Option<_>>().map(Self)
    }

    pub(super) fn times(&self, other: &Self, work: &mut Work) -> Option<Self> {
        let mut product = Self::default();
        for (left, one) in &self.0 {
            for (right, two) in &other.0 {
                work.spend(1 + left.len() + right.len())?;
                let mut both = left.clone();
                for (atom, exponent) in right {
                    let before = both.get(atom).copied().unwrap_or(Rational::ZERO);
                    both.insert(atom.clone(), before.plus(*exponent)?);
                }
                product.add(&settled(both, one.times(*two)?, work)?)?;
            }
        }
        Some(product)
    }

    /// To a whole power.
    pub(super) fn power(&self, exponent: u32, work: &mut Work) -> Option<Self> {
        if let (1, Some((monomial, factor))) = (self.0.len(), self.0.first_key_value()) {
            (exponent <= LARGEST_EXPONENT).then_some(())?;
            let times = Rational::whole(i64::from(exponent));
            let monomial = monomial.iter().map(|(atom, of)| Some((atom.clone(), of.times(times)?)));
            let monomial: Monomial = monomial.collect::<Option<_>>()?;
            let monomial = if exponent == 0 { Monomial::new() } else { monomial };
            return settled(monomial, factor.power(i32::try_from(exponent).ok()?)?, work);
        }
        (exponent <= LARGEST_EXPONENT_OF_SUM).then_some(())?;
        (0..exponent).try_fold(Self::number(Rational::ONE), |power, _| power.times(self, work))
    }

    /// Its root, over what has to be divided by: `√(1/2)` is `√1 / √2`.
    pub(super) fn root(&self, degree: u32, work: &mut Work) -> Option<(Self, Self)> {
        let one = Self::number(Rational::ONE);
        let exponent = Rational::new(1, i128::from(degree))?;
        let Some((monomial, factor)) = self.0.first_key_value() else { return Some((Self::default(), one)) };
        if self.0.len() == 1 {
            let monomial = monomial.iter().map(|(atom, of)| Some((atom.clone(), of.times(exponent)?)));
            let monomial: Monomial = monomial.collect::<Option<_>>()?;
            // nobody means the root of i
            (!monomial.contains_key(&Atom::Imaginary)).then_some(())?;
            let atoms = settled(monomial, Rational::ONE, work)?;
            let over = root_of_whole(factor.over, degree, work)?.times(&atoms, work)?;
            return Some((over, root_of_whole(factor.under, degree, work)?));
        }
        let content = self.content()?;
        let inside = self.scaled(content.inverse()?)?;
        let sum = settled(Monomial::from([(Atom::Sum(inside), exponent)]), Rational::ONE, work)?;
        let over = root_of_whole(content.over, degree, work)?.times(&sum, work)?;
        Some((over, root_of_whole(content.under, degree, work)?))
    }

    /// The largest number above 0 whose multiples all factors are.
    pub(super) fn content(&self) -> Option<Rational> {
        let (mut over, mut under) = (0_u128, 1_u128);
        for factor in self.0.values() {
            over = if over == 0 { factor.over.unsigned_abs() } else { gcd(over, factor.over.unsigned_abs()) };
            let next = factor.under.unsigned_abs();
            under = (under / gcd(under, next)).checked_mul(next)?;
        }
        Rational::new(i128::try_from(over).ok()?, i128::try_from(under).ok()?)
    }
}

/// A product whose roots are below their degree: `√2 · √2` is 2, `i · i` is −1.
fn settled(mut monomial: Monomial, mut factor: Rational, work: &mut Work) -> Option<Polynomial> {
    let mut sums = vec![];
    for (atom, exponent) in &mut monomial {
        let whole = exponent.over.div_euclid(exponent.under);
        let times = u32::try_from(whole).ok()?;
        match atom {
            Atom::Prime(prime) if whole > 0 => {
                factor = factor.times(Rational::new(*prime, 1)?.power(i32::try_from(whole).ok()?)?)?;
            }
            Atom::Sum(sum) if whole > 0 => sums.push((sum.clone(), times)),
            Atom::Imaginary if exponent.under == 1 => {
                if whole % 4 >= 2 {
                    factor = factor.negated();
                }
                *exponent = Rational::whole(i64::from(times % 2));
                continue;
            }
            _ => continue,
        }
        *exponent = exponent.plus(Rational::new(-whole, 1)?)?;
    }
    monomial.retain(|_, exponent| !exponent.is_zero());
    let mut product = Polynomial::term(monomial, factor);
    for (sum, times) in sums {
        product = product.times(&sum.power(times, work)?, work)?;
    }
    Some(product)
}

/// `√8` is `2√2`, `√-1` is i.
fn root_of_whole(number: i128, degree: u32, work: &mut Work) -> Option<Polynomial> {
    let mut monomial = Monomial::new();
    let mut factor = Rational::ONE;
    if number < 0 {
        match degree {
            2 => drop(monomial.insert(Atom::Imaginary, Rational::ONE)),
            degree if degree % 2 == 1 => factor = factor.negated(),
            _ => return None,
        }
    }
    let (mut rest, mut divisor) = (number.checked_abs()?, 2);
    (rest > 0).then_some(())?;
    let mut count = |prime: i128, times: i128| {
        let exponent = Rational::new(times, i128::from(degree));
        exponent.map(|exponent| monomial.insert(Atom::Prime(prime), exponent))
    };
    while divisor <= LARGEST_DIVISOR && divisor * divisor <= rest {
        let mut times = 0;
        while rest % divisor == 0 {
            rest /= divisor;
            times += 1;
        }
        if times > 0 {
            count(divisor, times)?;
        }
        divisor += 1;
    }
    work.spend(200)?;
    // what is left is a prime, a square of a large one, or left as it is
    let side = rest.isqrt();
    match rest {
        1 => {}
        _ if side * side == rest => drop(count(side, 2)?),
        _ => drop(count(rest, 1)?),
    }
    settled(monomial, factor, work)
}
