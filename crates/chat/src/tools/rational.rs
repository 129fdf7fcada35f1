//! Exact numbers, so that 9.11 − 9.9 is −0.79 and not nearly so.

use std::fmt;

/// A fraction in lowest terms with a positive denominator. Every operation may overflow, and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rational {
    over: i128,
    under: i128,
}

impl Rational {
    pub(super) fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 {
            return None;
        }
        let divisor = gcd(over.unsigned_abs(), under.unsigned_abs()).max(1);
        let divisor = i128::try_from(divisor).ok()?;
        let (over, under) = (over / divisor, under / divisor);
        if under < 0 {
            Some(Self { over: over.checked_neg()?, under: under.checked_neg()? })
        } else {
            Some(Self { over, under })
        }
    }

    /// `12`, `0.5`, `.25`.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let under = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let read = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
        Self::new(read(whole)?.checked_mul(under)?.checked_add(read(fraction)?)?, under)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let over = self.over.checked_mul(other.under)?.checked_add(other.over.checked_mul(self.under)?)?;
        Self::new(over, self.under.checked_mul(other.under)?)
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::new(self.over.checked_mul(other.over)?, self.under.checked_mul(other.under)?)
    }

    pub(super) fn negated(self) -> Option<Self> {
        Some(Self { over: self.over.checked_neg()?, ..self })
    }

    /// 1 over it; nothing for 0.
    pub(super) fn inverse(self) -> Option<Self> {
        Self::new(self.under, self.over)
    }
}

/// Euclid's algorithm.
fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Digits behind the point at most.
const DIGITS: usize = 9;

impl fmt::Display for Rational {
    /// As a decimal number, rounded towards 0 where it does not end within nine digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.over < 0 { "-" } else { "" };
        let (over, under) = (self.over.unsigned_abs(), self.under.unsigned_abs());
        let mut fraction = String::new();
        let mut rest = over % under;
        while rest > 0 && fraction.len() < DIGITS {
            let Some(ten) = rest.checked_mul(10) else { break };
            fraction.push(char::from(b'0' + (ten / under) as u8));
            rest = ten % under;
        }
        let fraction = fraction.trim_end_matches('0');
        match (over / under, fraction) {
            (0, "") => write!(out, "0"),
            (whole, "") => write!(out, "{sign}{whole}"),
            (whole, fraction) => write!(out, "{sign}{whole}.{fraction}"),
        }
    }
}
