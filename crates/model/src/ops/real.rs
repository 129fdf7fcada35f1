//! Numbers that the kernels are generic over.

use std::ops::Neg;

use candle_core::WithDType;

/// f32, or f64 where a gradient is checked by finite differences.
pub(crate) trait Real: WithDType + Neg<Output = Self> {
    /// eˣ, equal on every machine because it is made of additions and multiplications only.
    fn exp(self) -> Self;
    /// Natural logarithm; once per row, so its speed matters little.
    fn ln(self) -> Self;
}

impl Real for f32 {
    /// At most 1.5 units in the last place off; results below the smallest normal number are 0.
    ///
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and eʳ by a polynomial. Comparisons, not `min` and `max`, keep a
    /// NaN a NaN; there is no branch, so that the loop around it becomes vector code.
    #[inline(always)]
    fn exp(self) -> Self {
        const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it rounds to a whole number in the low bits
        const LN_2_HIGH: f32 = 0.693_359_4;
        const LN_2_LOW: f32 = -2.121_944_4e-4;
        let shifted = self * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = (self - n * LN_2_HIGH) - n * LN_2_LOW;
        let mut tail = 1.987_569_2e-4;
        for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
            tail = tail * r + coefficient;
        }
        let power_of_two = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
        let value = (tail * (r * r) + r + 1.0) * power_of_two;
        let value = if self < -87.336_54 { 0.0 } else { value };
        if self > 88.02 { f32::INFINITY } else { value }
    }

    fn ln(self) -> Self {
        libm::logf(self)
    }
}

impl Real for f64 {
    fn exp(self) -> Self {
        libm::exp(self)
    }

    fn ln(self) -> Self {
        libm::log(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Real;

    #[test]
    fn exp_is_close_everywhere_and_keeps_the_ends() {
        let mut worst = 0.0f64;
        for i in -870_000..880_000 {
            let x = i as f32 / 10_000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(Real::exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 1.5 * f64::from(f32::EPSILON), "relative error {worst}");
        assert_eq!(Real::exp(0.0f32), 1.0);
        assert_eq!(Real::exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(Real::exp(f32::INFINITY), f32::INFINITY);
        assert!(Real::exp(f32::NAN).is_nan());
    }
}
