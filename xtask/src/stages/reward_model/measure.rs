//! How often a reward model agrees with rankings, how sure it is of it, and what else it looks at.

use rlhf_reward::math::{calibration, correlation, log_sigmoid};
use rlhf_reward::{Asked, Preference, PreferenceModel};

use crate::stages::scores::Sheet;

/// What a reward model says of rankings.
#[derive(Default)]
pub(super) struct Measured {
    /// Of each pair that differs in rank: the better one's score less the worse one's, and its length less the other's.
    pairs: Vec<Pair>,
    /// Of each answer.
    scores: Vec<f64>,
    lengths: Vec<f64>,
}

struct Pair {
    difference: f64,
    longer: i64,
    /// By how much the labeler says it is better.
    margin: Option<f64>,
}

/// The name of the scores.
const BENCHMARK: &str = "reward-model";
/// Steps from unsure to sure.
const BINS: usize = 5;
/// Margins from which a pair is of the next sort.
const MARGINS: [(f64, &str); 3] = [(0.0, "near"), (1.0, "apart"), (2.0, "far")];

impl Measured {
    pub(super) fn of(model: &dyn PreferenceModel, preferences: &[Preference]) -> anyhow::Result<Self> {
        let mut found = Self::default();
        let asked: Vec<Asked<'_>> = preferences
            .iter()
            .map(|of| Asked { prompt: &of.prompt, answers: of.answers.iter().map(Vec::as_slice).collect() })
            .collect();
        for (preference, scores) in preferences.iter().zip(model.score_all(&asked)?) {
            let Preference { answers, ranks, margins, .. } = preference;
            for better in 0..answers.len() {
                for worse in (0..answers.len()).filter(|worse| ranks[better] < ranks[*worse]) {
                    found.pairs.push(Pair {
                        difference: scores[better] - scores[worse],
                        longer: answers[better].len() as i64 - answers[worse].len() as i64,
                        margin: margins.as_ref().map(|margins| margins[better] - margins[worse]),
                    });
                }
            }
            found.lengths.extend(answers.iter().map(|answer| answer.len() as f64));
            found.scores.extend(scores);
        }
        Ok(found)
    }

    /// The mean of −log σ over all pairs.
    pub(super) fn loss(&self) -> f64 {
        let sum: f64 = self.pairs.iter().map(|pair| -log_sigmoid(pair.difference)).sum();
        sum / self.pairs.len().max(1) as f64
    }

    /// The share of pairs in the right order; equal scores are half right.
    pub(super) fn accuracy(&self) -> f64 {
        self.pairs.iter().map(|pair| order(pair.difference)).sum::<f64>() / self.pairs.len().max(1) as f64
    }

    /// Writes all of it down.
    pub(super) fn note(&self, item: &str, sheet: &mut Sheet) {
        let all = self.pairs.len() as u64;
        let right = |of: &dyn Fn(&Pair) -> f64| self.pairs.iter().map(of).sum::<f64>().round() as u64;
        sheet.figure(BENCHMARK, item, "pairs", all as f64);
        sheet.share(BENCHMARK, item, "accuracy", right(&|pair| order(pair.difference)), all);
        // who is for the longer answer, and nothing else
        sheet.share(BENCHMARK, item, "longer_is_better", right(&|pair| order(pair.longer as f64)), all);
        sheet.figure(BENCHMARK, item, "correlation_with_length", correlation(&self.scores, &self.lengths));
        sheet.figure(BENCHMARK, item, "loss", self.loss());
        for (at, (from, name)) in MARGINS.iter().enumerate() {
            let to = MARGINS.get(at + 1).map_or(f64::INFINITY, |next| next.0);
            let within = |pair: &&Pair| pair.margin.is_some_and(|margin| (*from..to).contains(&margin));
            let own: Vec<&Pair> = self.pairs.iter().filter(within).collect();
            let hits = own.iter().map(|pair| order(pair.difference)).sum::<f64>().round() as u64;
            sheet.share(BENCHMARK, &format!("{item}/{name}"), "accuracy", hits, own.len() as u64);
        }
        let differences: Vec<f64> = self.pairs.iter().map(|pair| pair.difference).collect();
        for (at, bin) in calibration(&differences, BINS).iter().enumerate().filter(|(_, bin)| bin.pairs > 0) {
            let item = format!("{item}/sure-{}", at + 1);
            sheet.figure(BENCHMARK, &item, "sure", bin.sure);
            let hits = (bin.right * bin.pairs as f64).round() as u64;
            sheet.share(BENCHMARK, &item, "right", hits, bin.pairs as u64);
        }
    }
}

/// 1 for the right order, 0 for the wrong one, a half for none.
fn order(difference: f64) -> f64 {
    if difference > 0.0 {
        1.0
    } else if difference < 0.0 {
        0.0
    } else {
        0.5
    }
}
