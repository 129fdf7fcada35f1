//! What to see in a curve, said in figures of the curve itself.

use super::plot::number;
use super::training::Curve;

/// The sentences under a chart. `curve` has a point; `guess` is what a blind guess would score; a drawn point is the
/// mean of `span` values.
pub(super) fn of(
    name: &str,
    curve: &Curve,
    held_out: Option<&Curve>,
    guess: Option<f64>,
    span: usize,
) -> String {
    let mut said = match name {
        "loss" => loss(curve, held_out, guess),
        "validation_bits_per_byte" => vec![
            from_to(curve),
            "These are the bits that the model still needs for each byte of text it never saw.".to_owned(),
            "Lower is better, eight is no knowledge at all, and the vocabulary does not matter.".to_owned(),
        ],
        "grad_norm" => {
            vec![from_to(curve), largest(curve), "Spikes late in training would mean trouble.".to_owned()]
        }
        _ => vec![from_to(curve), largest(curve)],
    };
    if let Some(&(_, held_out)) = held_out.and_then(|curve| curve.last()).filter(|_| name != "loss") {
        said.push(format!("On held-out problems it ends at {}.", number(held_out)));
    }
    said.extend(meaning(name).map(str::to_owned));
    if span > 1 {
        said.push(format!("Drawn as means of {span} values."));
    }
    said.join(" ")
}

/// What a figure of reinforcement learning says.
fn meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "reward" => {
            "It rises when learning works, and when the reward can be tricked: compare it with held-out problems."
        }
        "right_in_group" => "A problem that nobody of a group answers right teaches nothing.",
        "zero_variance" => {
            "Groups whose answers all earn the same teach nothing: too hard at first, too easy in the end."
        }
        "truncated" => "Answers that ran out of room earn nothing for what they would have said.",
        "gold" => {
            "Nobody learns from this. Where it falls while the reward rises, the reward has stopped to mean anything."
        }
        "explained_variance" => "Below 0 the critic is worse than somebody who always says the mean.",
        "kl_weight" => "What a nat of distance costs.",
        "entropy" => "What remains of chance in the policy: at 0 it finds nothing new.",
        "self_corrections" => "The share of answers with a word like `wait` or `check` in them.",
        "log_prob_difference" => {
            "The largest difference between what sampler and trainer think of a token: 0 is the same policy, to the bit."
        }
        _ => return None,
    })
}

fn loss(curve: &Curve, held_out: Option<&Curve>, guess: Option<f64>) -> Vec<String> {
    let mut said = vec![from_to(curve)];
    if let Some(guess) = guess {
        said.push(format!(
            "A blind guess among all tokens costs {}: what lies below is learned.",
            number(guess)
        ));
    }
    if let Some(&(_, held_out)) = held_out.and_then(|curve| curve.last()) {
        let tail = &curve[curve.len() - curve.len().div_ceil(10)..];
        let mean = tail.iter().map(|(_, value)| value).sum::<f64>() / tail.len() as f64;
        said.push(format!(
            "On text it never saw the model ends at {}; the last {} training batches average {}.",
            number(held_out),
            tail.len(),
            number(mean)
        ));
        said.push("The wider that gap, the more was learned by heart.".to_owned());
    }
    said
}

fn from_to(curve: &Curve) -> String {
    let [(begin, first), (end, last)] = [curve[0], curve[curve.len() - 1]];
    format!("From {} at step {begin} to {} at step {end}.", number(first), number(last))
}

fn largest(curve: &Curve) -> String {
    let (step, value) =
        curve.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap_or_default();
    format!("Largest at step {step}, with {}.", number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_curve() {
        let curve: Curve = (1..=20).map(|step| (f64::from(step), 40.0 / f64::from(step))).collect();
        let said = of("loss", &curve, Some(&vec![(20.0, 2.5)]), None, 1);
        assert!(said.starts_with("From 40 at step 1 to 2 at step 20."), "{said}");
        assert!(said.contains("ends at 2.5; the last 2 training batches average 2.053."), "{said}");
        assert_eq!(
            of("lr", &vec![(1.0, 0.1), (2.0, 0.3), (3.0, 0.2)], None, None, 2),
            "From 0.1 at step 1 to 0.2 at step 3. Largest at step 2, with 0.3. Drawn as means of 2 values."
        );
    }
}
