//! Drawing from the model's distribution, sharpened and cut.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Greedy, Sampler};
use crate::Random;
use crate::buffer::Buffer;
use crate::ops::{Real, max, simd};

/// Settings of a draw. They act in the order in which they stand here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Draw {
    /// Added to the scores of single tokens, by id; minus infinity forbids one.
    pub bias: BTreeMap<u32, f32>,
    /// Scores of tokens that the row already has are divided by it, or multiplied where they are negative (Keskar et al.
    /// 2019, arXiv 1909.05858, section 4.1); 1 for no penalty.
    pub repetition_penalty: f64,
    /// Scores are divided by it; 0 makes the choice greedy.
    pub temperature: f64,
    /// Only this many of the most likely tokens; 0 for all.
    pub top_k: usize,
    /// Only the most likely tokens that together reach this probability (Holtzman et al. 2019,
    /// arXiv 1904.09751, section 3.1); 1 for all.
    pub top_p: f64,
    /// Only tokens that are at least this many times as likely as the likeliest (Nguyen et al. 2024,
    /// arXiv 2407.01082, section 3); 0 for all.
    pub min_p: f64,
}

impl Default for Draw {
    fn default() -> Self {
        Self {
            bias: BTreeMap::new(),
            repetition_penalty: 1.0,
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
        }
    }
}

/// A token that may be drawn, and its share of the draw.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    id: u32,
    score: f32,
    weight: f32,
}

impl Candidate {
    /// The likelier first, of equals the one with the smaller id: a draw must not depend on a sort's whims.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        other.score.total_cmp(&self.score).then(self.id.cmp(&other.id))
    }
}

impl Draw {
    /// Scores with bias and penalty.
    fn adjusted<'a>(&self, logits: &'a [f32], before: &[u32]) -> Cow<'a, [f32]> {
        let mut scores = Cow::Borrowed(logits);
        for (&id, bias) in self.bias.iter().filter(|(id, _)| (**id as usize) < logits.len()) {
            scores.to_mut()[id as usize] += bias;
        }
        if self.repetition_penalty != 1.0 {
            let penalty = self.repetition_penalty as f32;
            let seen: BTreeSet<u32> = before.iter().copied().collect();
            for id in seen.into_iter().filter(|id| (*id as usize) < logits.len()) {
                let score = &mut scores.to_mut()[id as usize];
                *score = if *score > 0.0 { *score / penalty } else { *score * penalty };
            }
        }
        scores
    }

    /// Every token's share of the draw, as many times that of the likeliest.
    fn weights(&self, scores: &[f32]) -> Buffer {
        let (most, sharpness) = (max(scores), (1.0 / self.temperature) as f32);
        let mut weights = Buffer::new(scores.len());
        simd(
            #[inline(always)]
            || {
                for (weight, &score) in weights.iter_mut().zip(scores) {
                    *weight = Real::exp((score - most) * sharpness);
                }
            },
        );
        weights
    }

    /// Whether no token is left out for being unlikely.
    fn takes_all(&self, vocabulary: usize) -> bool {
        !(1..vocabulary).contains(&self.top_k) && self.top_p >= 1.0 && self.min_p <= 0.0
    }

    /// All tokens that may be drawn.
    fn candidates(&self, scores: &[f32]) -> Vec<Candidate> {
        let weights = self.weights(scores);
        let numbered = (0..).zip(scores.iter().zip(weights.iter()));
        let mut all: Vec<Candidate> =
            numbered.map(|(id, (&score, &weight))| Candidate { id, score, weight }).collect();
        if (1..all.len()).contains(&self.top_k) {
            all.select_nth_unstable_by(self.top_k - 1, Candidate::order);
            all.truncate(self.top_k);
            // ids in their order again, so that sums have one order
            all.sort_unstable_by_key(|candidate| candidate.id);
        }
        if self.top_p < 1.0 {
            self.nucleus(&mut all);
        }
        // the likeliest has a weight of 1
        all.retain(|candidate| f64::from(candidate.weight) >= self.min_p.min(1.0));
        all
    }

    /// Keeps the fewest of the likeliest that together reach `top_p`.
    fn nucleus(&self, all: &mut Vec<Candidate>) {
        let (total, p) = (total(all), self.top_p.max(0.0));
        // all below this together are less than 1 − p, so none of them is needed; the rest is short and soon sorted
        let never = (1.0 - p) * total / all.len() as f64;
        all.retain(|candidate| f64::from(candidate.weight) >= never);
        all.sort_unstable_by(Candidate::order);
        let mut sum = 0.0;
        let reached = all.iter().position(|candidate| {
            sum += f64::from(candidate.weight);
            sum >= p * total
        });
        all.truncate(reached.map_or(all.len(), |last| last + 1));
    }
}

fn total(candidates: &[Candidate]) -> f64 {
    candidates.iter().map(|candidate| f64::from(candidate.weight)).sum()
}

impl Draw {
    /// Every token's share of the draw: how likely [`pick`](Sampler::pick) takes it, by id. Together they are 1.
    ///
    /// ```
    /// let draw = model::Draw { top_k: 2, ..Default::default() };
    /// assert_eq!(draw.shares(&[1.0, 1.0, 0.5], &[]), [0.5, 0.5, 0.0]);
    /// ```
    pub fn shares(&self, logits: &[f32], before: &[u32]) -> Vec<f64> {
        if logits.is_empty() {
            return vec![];
        }
        let scores = self.adjusted(logits, before);
        let mut shares = vec![0.0; scores.len()];
        if self.temperature > 0.0 && self.takes_all(scores.len()) {
            for (share, weight) in shares.iter_mut().zip(self.weights(&scores).iter()) {
                *share = f64::from(weight.max(0.0));
            }
        } else if self.temperature > 0.0 {
            for candidate in self.candidates(&scores) {
                shares[candidate.id as usize] = f64::from(candidate.weight);
            }
        }
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            for share in &mut shares {
                *share /= total;
            }
        } else {
            // where nothing is drawn, the likeliest is taken
            shares[Greedy.pick(&scores, before, &mut Random::new(0, "")) as usize] = 1.0;
        }
        shares
    }
}

impl Sampler for Draw {
    fn pick(&self, logits: &[f32], before: &[u32], random: &mut Random) -> u32 {
        let scores = self.adjusted(logits, before);
        if self.temperature <= 0.0 {
            return Greedy.pick(&scores, before, random);
        }
        let drawn = if self.takes_all(scores.len()) {
            let weights = self.weights(&scores);
            // what is no number weighs nothing
            draw(weights.iter().enumerate().map(|(id, weight)| (id as u32, weight.max(0.0))), random)
        } else {
            let candidates = self.candidates(&scores);
            draw(candidates.iter().map(|candidate| (candidate.id, candidate.weight)), random)
        };
        // scores that are no numbers leave nobody
        drawn.unwrap_or_else(|| Greedy.pick(&scores, before, random))
    }
}

/// One of the ids, as often as its weight says.
fn draw(weights: impl DoubleEndedIterator<Item = (u32, f32)> + Clone, random: &mut Random) -> Option<u32> {
    let total: f64 = weights.clone().map(|(_, weight)| f64::from(weight)).sum();
    let mut left = random.uniform() * total;
    let drawn = weights.clone().find(|(_, weight)| {
        left -= f64::from(*weight);
        left < 0.0
    });
    // rounding may leave a rest behind the last
    let last = || weights.rev().find(|(_, weight)| *weight > 0.0);
    drawn.or_else(last).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Draw;
    use crate::{Random, Sampler};

    /// The definitions, one after the other, on probabilities.
    fn allowed(draw: &Draw, scores: &[f32]) -> Vec<u32> {
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let weight = |id: &u32| libm::exp(f64::from(scores[*id as usize] - most) / draw.temperature);
        let mut ids: Vec<u32> = (0..scores.len() as u32).collect();
        ids.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
        if draw.top_k > 0 {
            ids.truncate(draw.top_k);
        }
        let total: f64 = ids.iter().map(weight).sum();
        let mut sum = 0.0;
        let nucleus = ids.iter().take_while(|id| {
            let before = sum;
            sum += weight(id);
            draw.top_p >= 1.0 || before < draw.top_p * total
        });
        let mut ids: Vec<u32> = nucleus.copied().collect();
        ids.retain(|id| weight(id) >= draw.min_p);
        ids.sort_unstable();
        ids
    }

    proptest! {
        #[test]
        fn who_may_be_drawn_is_what_the_definitions_say(
            scores in prop::collection::vec(-40_i8..40, 1..200),
            temperature in 0.3..2.0, top_k in 0..30_usize, top_p in 0.05..1.2, min_p in 0.0..0.5,
        ) {
            // eighths: equal scores are frequent, and no weight lies where rounding decides
            let scores: Vec<f32> = scores.iter().map(|&score| f32::from(score) / 8.0).collect();
            let draw = Draw { temperature, top_k, top_p, min_p, ..Draw::default() };
            let mut ids: Vec<u32> = draw.candidates(&scores).iter().map(|candidate| candidate.id).collect();
            ids.sort_unstable();
            prop_assert_eq!(&ids, &allowed(&draw, &scores));
            let drawn = draw.pick(&scores, &[], &mut Random::new(1, "draw"));
            prop_assert!(ids.contains(&drawn));
        }

        /// A draw walks along the shares, those of the likeliest first where some are cut off, until it has as much as was
        /// drawn: what `pick` takes must be where the shares put it.
        #[test]
        fn shares_are_what_is_drawn_by(
            scores in prop::collection::vec(-40_i8..40, 1..60),
            before in prop::collection::vec(0..70_u32, 0..8),
            temperature in prop_oneof![Just(0.0), 0.3..2.0], top_k in 0..30_usize, top_p in 0.05..1.2, min_p in 0.0..0.5,
            repetition_penalty in prop_oneof![Just(1.0), 0.5..2.0],
            seed in 0..1000_u64,
        ) {
            let scores: Vec<f32> = scores.iter().map(|&score| f32::from(score) / 8.0).collect();
            let draw = Draw { repetition_penalty, temperature, top_k, top_p, min_p, ..Draw::default() };
            let shares = draw.shares(&scores, &before);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let drawn = draw.pick(&scores, &before, &mut Random::new(seed, "draw")) as usize;
            prop_assert!(shares[drawn] > 0.0, "{drawn} of {shares:?}");
            if temperature == 0.0 {
                prop_assert_eq!(shares[drawn], 1.0);
            } else {
                let adjusted = draw.adjusted(&scores, &before);
                let order: Vec<usize> = if draw.takes_all(scores.len()) {
                    (0..scores.len()).collect()
                } else {
                    draw.candidates(&adjusted).iter().map(|candidate| candidate.id as usize).collect()
                };
                let place = order.iter().position(|&id| id == drawn).unwrap();
                let behind: f64 = order[..place].iter().map(|&id| shares[id]).sum();
                let uniform = Random::new(seed, "draw").uniform();
                let slack = 1e-6;
                prop_assert!(behind - slack <= uniform && uniform <= behind + shares[drawn] + slack);
            }
        }
    }

    #[test]
    fn scores_that_are_no_numbers_have_shares_too() {
        for scores in [[f32::NAN; 3], [f32::NEG_INFINITY; 3], [f32::INFINITY; 3]] {
            for top_p in [0.5, 1.0] {
                let draw = Draw { top_p, ..Draw::default() };
                assert_eq!(draw.shares(&scores, &[]).iter().sum::<f64>(), 1.0);
            }
        }
        assert!(Draw::default().shares(&[], &[]).is_empty());
    }

    #[test]
    fn tokens_are_drawn_as_often_as_they_are_likely() {
        let (draw, scores) = (Draw { temperature: 0.5, ..Draw::default() }, [1.0, 0.0, 0.5, -2.0]);
        let mut random = Random::new(3, "draw");
        let mut counts = [0.0; 4];
        for _ in 0..40_000 {
            counts[draw.pick(&scores, &[], &mut random) as usize] += 1.0;
        }
        let weights = scores.map(|score: f32| libm::exp(f64::from(score) / 0.5));
        let total: f64 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(weights) {
            let expected: f64 = 40_000.0 * weight / total;
            // four standard deviations
            assert!((count - expected).abs() < 4.0 * expected.sqrt(), "{counts:?}");
        }
    }

    #[test]
    fn bias_forbids_and_a_penalty_holds_for_what_was_said() {
        let pick = |draw: &Draw, before: &[u32]| {
            draw.pick(&[2.0, 1.9, -1.0, -1.1], before, &mut Random::new(1, "draw"))
        };
        let greedy = Draw { temperature: 0.0, ..Draw::default() };
        assert_eq!(pick(&greedy, &[0, 0]), 0);
        let wary = Draw { repetition_penalty: 1.2, ..greedy.clone() };
        assert_eq!((pick(&wary, &[0, 2]), pick(&wary, &[0, 1, 1]), pick(&wary, &[9])), (1, 0, 0));
        let forbidden = [(0, f32::NEG_INFINITY), (1, f32::NEG_INFINITY), (7, 3.0)].into();
        assert_eq!(pick(&Draw { bias: forbidden, ..greedy }, &[]), 2);
    }

    #[test]
    fn scores_that_are_no_numbers_still_give_a_token() {
        for scores in [[f32::NAN; 3], [f32::NEG_INFINITY; 3], [f32::INFINITY; 3]] {
            for top_p in [0.5, 1.0] {
                let draw = Draw { top_p, ..Draw::default() };
                assert!(draw.pick(&scores, &[], &mut Random::new(1, "draw")) < 3);
            }
        }
    }
}
