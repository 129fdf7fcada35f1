//! The objective of a batch of answers: its value, and its slope at every token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Aggregation, Clip, Kl, Ratio};

/// Tokens of one answer. All slices are equally long.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// log π of each token under the present weights.
    pub new: &'a [f64],
    /// The same when the answer was drawn.
    pub old: &'a [f64],
    /// The same under the reference; empty where nothing holds the policy back.
    pub reference: &'a [f64],
    /// How much better than expected each token was.
    pub advantages: &'a [f64],
}

/// What is minimised: `− gain + weight · KL`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// Whose probability is compared with what it was.
    pub ratio: Ratio,
    /// How far that may go.
    pub clip: Clip,
    /// The mean over answers and tokens.
    pub aggregation: Aggregation,
    /// The estimate of the distance from the reference.
    pub kl: Kl,
    /// How much that distance counts; 0 for no reference at all.
    pub kl_weight: f64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ratio: Ratio::Token,
            clip: Clip::default(),
            aggregation: Aggregation::TokenMean,
            kl: Kl::K3,
            kl_weight: 0.0,
        }
    }
}

/// The objective and what one wants to know of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surrogate {
    /// The mean to minimise.
    pub value: f64,
    /// What the mean is over: answers or tokens. Batches of a step are averaged in proportion.
    pub weight: f64,
    /// Its slope with respect to log π of each token, answer by answer.
    pub slopes: Vec<f64>,
    /// Tokens.
    pub tokens: usize,
    /// Tokens whose ratio was below its bound, where that cut the slope off.
    pub clipped_low: usize,
    /// Tokens whose ratio was above its bound, where that cut the slope off.
    pub clipped_high: usize,
    /// The sum over tokens of the distance from the reference, estimated by k3.
    pub kl: f64,
    /// The largest |log π − log π_old|.
    pub furthest: f64,
}

impl Terms {
    /// The objective of answers that all have at least one token.
    pub fn of(&self, rows: &[Row<'_>]) -> Surrogate {
        let mut found = Surrogate::default();
        for row in rows {
            self.add(row, &mut found);
        }
        if found.weight > 0.0 {
            found.value /= found.weight;
            found.slopes.iter_mut().for_each(|slope| *slope /= found.weight);
        }
        found
    }

    /// Adds the sums of one answer.
    fn add(&self, row: &Row<'_>, found: &mut Surrogate) {
        let (token, weight) = self.aggregation.weight(row.new.len());
        let first = found.slopes.len();
        let differences = || row.new.iter().zip(row.old).map(|(new, old)| new - old);
        // of the whole answer, where that is what is compared
        let length = row.new.len() as f64;
        let mean = differences().sum::<f64>() / length;
        // the slope of every token, through the ratio that all share
        let mut shared = 0.0;
        for (at, difference) in differences().enumerate() {
            let (new, advantage) = (row.new[at], row.advantages[at]);
            let (gain, own, ratio, cut) = match self.ratio {
                Ratio::Off => (new * advantage, advantage, 1.0, false),
                Ratio::Token => {
                    let ratio = libm::exp(difference);
                    let (gain, slope, cut) = self.clip.gain(ratio, advantage);
                    (gain, slope, ratio, cut)
                }
                Ratio::Sequence => {
                    let ratio = libm::exp(mean);
                    let (gain, slope, cut) = self.clip.gain(ratio, advantage);
                    shared += token * slope / length;
                    (gain, 0.0, ratio, cut)
                }
                Ratio::Answer => {
                    let ratio = libm::exp(mean * length);
                    let (gain, slope, cut) = self.clip.gain(ratio, advantage);
                    shared += token * slope;
                    (gain, 0.0, ratio, cut)
                }
                Ratio::Weight => {
                    let ratio = libm::exp(difference);
                    let weight = ratio.min(1.0 + self.clip.high);
                    (weight * advantage * new, weight * advantage, ratio, false)
                }
            };
            found.value -= token * gain;
            found.slopes.push(-token * own);
            found.clipped_low += usize::from(cut && ratio < 1.0);
            found.clipped_high += usize::from(cut && ratio > 1.0);
            found.furthest = found.furthest.max(difference.abs());
        }
        found.slopes[first..].iter_mut().for_each(|slope| *slope -= shared);
        for (at, (&new, &reference)) in row.new.iter().zip(row.reference).enumerate() {
            let (distance, slope) = self.kl.estimate(new, reference);
            found.value += token * self.kl_weight * distance;
            found.slopes[first + at] += token * self.kl_weight * slope;
            found.kl += Kl::K3.estimate(new, reference).0;
        }
        found.weight += weight;
        found.tokens += row.new.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Aggregation, Clip, Kl, Ratio};
    use super::{Row, Terms};

    const NEW: [f64; 7] = [-0.5, -1.2, -2.0, -0.1, -0.7, -3.0, -0.9];
    const OLD: [f64; 7] = [-0.6, -1.2, -1.2, -0.4, -0.7, -2.9, -1.4];
    const REFERENCE: [f64; 7] = [-0.4, -1.0, -2.2, -0.3, -0.7, -3.5, -1.0];
    const ADVANTAGES: [f64; 7] = [1.0, 1.0, 1.0, -0.5, -0.5, -0.5, -0.5];

    fn rows(new: &[f64]) -> [Row<'_>; 2] {
        let row = |range: std::ops::Range<usize>| Row {
            new: &new[range.clone()],
            old: &OLD[range.clone()],
            reference: &REFERENCE[range.clone()],
            advantages: &ADVANTAGES[range],
        };
        [row(0..3), row(3..7)]
    }

    fn all_terms() -> Vec<Terms> {
        let mut all = vec![];
        for ratio in [Ratio::Off, Ratio::Token, Ratio::Sequence, Ratio::Answer, Ratio::Weight] {
            for aggregation in [Aggregation::SequenceMean, Aggregation::TokenMean, Aggregation::Constant(16)]
            {
                for kl in [Kl::K1, Kl::K2, Kl::K3] {
                    let clip = Clip { low: 0.2, high: 0.28 };
                    all.push(Terms { ratio, clip, aggregation, kl, kl_weight: 0.3 });
                }
            }
        }
        all
    }

    #[test]
    fn slopes_are_those_of_the_value() {
        for terms in all_terms().into_iter().filter(|terms| terms.ratio != Ratio::Weight) {
            let slopes = terms.of(&rows(&NEW)).slopes;
            for at in 0..NEW.len() {
                let value = |step: f64| {
                    let mut new = NEW;
                    new[at] += step;
                    terms.of(&rows(&new)).value
                };
                let slope = (value(1e-6) - value(-1e-6)) / 2e-6;
                assert!((slope - slopes[at]).abs() < 1e-7, "{terms:?} at {at}: {slope} {}", slopes[at]);
            }
        }
    }

    /// On-policy all ratios are 1, and what is left is REINFORCE.
    #[test]
    fn on_policy_every_ratio_has_the_slope_of_reinforce() {
        // but an answer's, which every one of its tokens moves whole: see `numbers`
        let on_policy = |terms: &Terms| {
            let row = |range: std::ops::Range<usize>| Row {
                new: &NEW[range.clone()],
                old: &NEW[range.clone()],
                reference: &[],
                advantages: &ADVANTAGES[range],
            };
            terms.of(&[row(0..3), row(3..7)]).slopes
        };
        for terms in all_terms().into_iter().filter(|terms| terms.ratio != Ratio::Answer) {
            let expected = on_policy(&Terms { ratio: Ratio::Off, ..terms });
            for (slope, expected) in on_policy(&terms).iter().zip(expected) {
                assert!((slope - expected).abs() < 1e-15, "{terms:?}");
            }
        }
    }

    #[test]
    fn halves_in_proportion_are_the_whole() {
        for terms in all_terms() {
            let [one, two] = rows(&NEW);
            let (whole, one, two) = (terms.of(&[one, two]), terms.of(&[one]), terms.of(&[two]));
            let mean = (one.value * one.weight + two.value * two.weight) / (one.weight + two.weight);
            assert!((whole.value - mean).abs() < 1e-12, "{terms:?}");
        }
    }
}
