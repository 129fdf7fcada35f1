//! How wrong a critic is.

/// `½ max((V − R)², (clip(V, V_old ± range) − R)²)`: the critic gains nothing by moving further than `range` in one round
/// (Schulman et al. 2017's implementation; Engstrom et al. 2020, arXiv 2005.12729, section 3). Its value, its slope with
/// respect to V, and whether it was cut off.
pub fn value_loss(value: f64, old: f64, target: f64, range: f64) -> (f64, f64, bool) {
    let clipped = value.clamp(old - range, old + range);
    let (free, bounded) = (value - target, clipped - target);
    if free * free >= bounded * bounded {
        (0.5 * free * free, free, false)
    } else {
        (0.5 * bounded * bounded, 0.0, true)
    }
}

#[cfg(test)]
mod tests {
    use super::value_loss;

    #[test]
    fn a_critic_that_ran_ahead_is_not_pushed_further() {
        // towards the target, beyond the range: nothing to gain
        assert_eq!(value_loss(1.0, 0.0, 2.0, 0.2), (0.5 * 1.8 * 1.8, 0.0, true));
        // away from the target: to be taken back
        assert_eq!(value_loss(-1.0, 0.0, 2.0, 0.2), (4.5, -3.0, false));
        assert_eq!(value_loss(0.1, 0.0, 2.0, 0.2), (0.5 * 1.9 * 1.9, -1.9, false));
    }
}
