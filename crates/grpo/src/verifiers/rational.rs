//! Exact numbers, so that 0.1 is one tenth and not nearly so.

/// A fraction in lowest terms with a positive denominator. Every operation may overflow, and then says nothing.
///
/// The order is one for tables, not that of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rational {
    pub(super) over: i128,
    pub(super) under: i128,
}

impl Rational {
    pub(super) const ZERO: Self = Self::whole(0);
    pub(super) const ONE: Self = Self::whole(1);

    pub(super) const fn whole(number: i64) -> Self {
        Self { over: number as i128, under: 1 }
    }

    pub(super) fn new(over: i128, under: i128) -> Option<Self> {
        // the smallest i128 has no opposite
        let divisor = i128::try_from(gcd(over.unsigned_abs(), under.unsigned_abs())).ok()?;
        if under == 0 || over == i128::MIN || under == i128::MIN {
            return None;
        }
        let divisor = divisor * under.signum();
        Some(Self { over: over / divisor, under: under / divisor })
    }

    /// `12`, `0.5`, `.25`; zeros before and behind say nothing.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let is_number = digits.bytes().any(|byte| byte.is_ascii_digit());
        let all = [whole, fraction].concat();
        if !is_number || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let under = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let over = if all.is_empty() { 0 } else { all.parse().ok()? };
        Self::new(over, under)
    }

    /// Ten to the power of `exponent`.
    pub(super) fn ten(exponent: i64) -> Option<Self> {
        let power = 10_i128.checked_pow(u32::try_from(exponent.unsigned_abs()).ok()?)?;
        if exponent < 0 { Self::new(1, power) } else { Self::new(power, 1) }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let shared = i128::try_from(gcd(self.under.unsigned_abs(), other.under.unsigned_abs())).ok()?;
        let left = self.over.checked_mul(other.under / shared)?;
        let right = other.over.checked_mul(self.under / shared)?;
        Self::new(left.checked_add(right)?, self.under.checked_mul(other.under / shared)?)
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        // crosswise first, so that what cancels does not overflow
        let (left, right) = (Self::new(self.over, other.under)?, Self::new(other.over, self.under)?);
        Self::new(left.over.checked_mul(right.over)?, left.under.checked_mul(right.under)?)
    }

    pub(super) fn negated(self) -> Self {
        Self { over: -self.over, ..self }
    }

    /// 1 over it; nothing for 0.
    pub(super) fn inverse(self) -> Option<Self> {
        Self::new(self.under, self.over)
    }

    pub(super) fn power(self, exponent: i32) -> Option<Self> {
        let base = if exponent < 0 { self.inverse()? } else { self };
        let times = exponent.unsigned_abs();
        Self::new(base.over.checked_pow(times)?, base.under.checked_pow(times)?)
    }

    pub(super) fn is_zero(self) -> bool {
        self.over == 0
    }

    /// The whole number that it is.
    pub(super) fn as_whole(self) -> Option<i128> {
        (self.under == 1).then_some(self.over)
    }
}

/// Euclid's algorithm; 1 where both are 0.
pub(super) fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Rational;

    fn small() -> impl Strategy<Value = Rational> {
        (-1_000_000_i128..1_000_000, 1_i128..10_000)
            .prop_map(|(over, under)| Rational::new(over, under).expect("small"))
    }

    proptest! {
        #[test]
        fn sums_and_products_keep_the_laws(a in small(), b in small(), c in small()) {
            prop_assert_eq!(a.plus(b), b.plus(a));
            prop_assert_eq!(a.times(b), b.times(a));
            let (left, right) = (a.plus(b).unwrap().times(c), a.times(c).unwrap().plus(b.times(c).unwrap()));
            prop_assert_eq!(left, right);
            prop_assert_eq!(a.plus(a.negated()), Some(Rational::ZERO));
            if !a.is_zero() {
                prop_assert_eq!(a.times(a.inverse().unwrap()), Some(Rational::ONE));
            }
        }

        #[test]
        fn nothing_overflows(over in any::<i128>(), under in any::<i128>(), exponent in any::<i32>()) {
            if let Some(number) = Rational::new(over, under) {
                prop_assert!(number.under > 0);
                for other in [number, number.negated()] {
                    let _ = (number.plus(other), number.times(other), number.power(exponent));
                }
                let _ = number.inverse();
            }
        }
    }

    #[test]
    fn digits_are_exact() {
        for (digits, over, under) in [("007", 7, 1), ("0.50", 1, 2), (".25", 1, 4), ("3.", 3, 1), ("0", 0, 1)]
        {
            assert_eq!(Rational::parse(digits), Rational::new(over, under), "{digits}");
        }
        for digits in ["", ".", "1.2.3", "-1", "x", &"9".repeat(60)] {
            assert_eq!(Rational::parse(digits), None, "{digits}");
        }
    }
}
