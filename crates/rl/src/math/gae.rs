//! Advantages of single places, where a critic guesses what is still to come.

/// What [`gae`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates {
    /// How much better each place's token was than what the critic expected; 0 where nothing was chosen.
    pub advantages: Vec<f64>,
    /// What the critic should have said, advantage and its guess together; 0 where nothing was chosen.
    pub returns: Vec<f64>,
}

/// Generalised advantage estimation: `Âₜ = Σ (γ λ)ˡ δₜ₊ₗ` with `δₜ = rₜ + γ Vₜ₊₁ − Vₜ` (Schulman et al. 2016,
/// arXiv 1506.02438, equation 16).
///
/// All slices are of one answer. Places that are not `chosen`, such as the words of a tool, are stepped over: the next chosen
/// place follows. Nothing is to come after the last one.
pub fn gae(rewards: &[f64], values: &[f64], chosen: &[bool], gamma: f64, lambda: f64) -> Estimates {
    let mut advantages = vec![0.0; rewards.len()];
    let (mut next_value, mut next_advantage) = (0.0, 0.0);
    for at in (0..rewards.len()).rev().filter(|&at| chosen[at]) {
        let delta = rewards[at] + gamma * next_value - values[at];
        advantages[at] = delta + gamma * lambda * next_advantage;
        (next_value, next_advantage) = (values[at], advantages[at]);
    }
    let returns =
        (0..rewards.len()).map(|at| if chosen[at] { advantages[at] + values[at] } else { 0.0 }).collect();
    Estimates { advantages, returns }
}

#[cfg(test)]
mod tests {
    use super::gae;

    #[test]
    fn its_ends_are_the_whole_return_and_one_step() {
        let (rewards, values) = ([0.0, -0.1, 0.0, 1.0], [0.5, 0.2, 0.9, 0.4]);
        let all = [true; 4];
        // λ = 1: what came, less what was expected
        let whole = gae(&rewards, &values, &all, 1.0, 1.0);
        for (got, expected) in whole.advantages.iter().zip([0.4, 0.7, 0.1, 0.6]) {
            assert!((got - expected).abs() < 1e-12);
        }
        // λ = 0: one step's surprise
        let step = gae(&rewards, &values, &all, 0.5, 0.0);
        assert!((step.advantages[1] - (-0.1 + 0.45 - 0.2)).abs() < 1e-12);
        // who is not chosen is not there
        let with = gae(&[0.0, 7.0, 1.0], &[0.5, 9.0, 0.4], &[true, false, true], 0.9, 0.8);
        let without = gae(&[0.0, 1.0], &[0.5, 0.4], &[true; 2], 0.9, 0.8);
        assert_eq!([with.advantages[0], with.advantages[2]], without.advantages[..]);
        assert_eq!(with.advantages[1], 0.0);
    }
}
