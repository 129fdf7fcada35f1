//! How a policy does by the reward model, by the judge who knows, and how far it went for that.

use model::CausalLm;
use rl::{Drawing, Problem, roll_out};
use rlhf_reward::{Asked, PreferenceModel};

use super::Gold;
use crate::stages::interval;
use crate::stages::training::Curves;

/// Requests held out, and who judges the answers.
pub(in crate::stages) struct Probe<'a> {
    pub(in crate::stages) problems: &'a [Problem],
    /// Who knows.
    pub(in crate::stages) gold: Option<Gold>,
    /// Who stands for people: the *proxy*.
    pub(in crate::stages) proxy: Option<&'a dyn PreferenceModel>,
    /// Where the policy came from.
    pub(in crate::stages) reference: &'a dyn CausalLm,
    pub(in crate::stages) decode: &'a dyn Fn(&[u32]) -> String,
    /// How answers are drawn; the same random numbers every time.
    pub(in crate::stages) drawing: Drawing,
}

/// What a measurement came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::stages) struct Point {
    /// The mean of what the judge says who knows, where there is one.
    pub(in crate::stages) gold: Option<f64>,
    /// Nats from the reference, an answer.
    pub(in crate::stages) divergence: f64,
}

impl Probe<'_> {
    /// Draws answers to all requests and notes how good they are.
    pub(in crate::stages) fn measure(
        &self,
        policy: &dyn CausalLm,
        step: u64,
        curves: &mut Curves,
    ) -> anyhow::Result<Point> {
        let (mut gold, mut proxy, mut divergence) = (vec![], vec![], vec![]);
        let (mut tokens, mut ended, mut count) = (0, 0, 0);
        let problems: Vec<&Problem> = self.problems.iter().collect();
        for problems in problems.chunks(AT_ONCE.div_ceil(self.drawing.group.max(1))) {
            let groups = roll_out(policy, problems, &self.drawing, 0)?;
            let reference =
                rl::log_probs(self.reference, &groups.iter().collect::<Vec<_>>(), TOKENS_AT_ONCE)?;
            if let Some(model) = self.proxy {
                let asked: Vec<Asked<'_>> = groups.iter().map(Asked::from).collect();
                proxy.extend(model.score_all(&asked)?.into_iter().flatten());
            }
            for ((problem, group), reference) in problems.iter().zip(&groups).zip(&reference) {
                if let Some(judge) = self.gold {
                    gold.extend(judge.scores(problem, group, self.decode).into_iter().flatten());
                }
                for (answer, reference) in group.answers.iter().zip(reference) {
                    let pairs = answer.log_probs.iter().zip(reference);
                    divergence.push(pairs.map(|(own, other)| f64::from(*own) - f64::from(*other)).sum());
                    (tokens, count) = (tokens + answer.ids.len(), count + 1);
                    ended += usize::from(answer.ended);
                }
            }
        }
        for (name, values) in [("gold", &gold), ("proxy", &proxy)] {
            if !values.is_empty() {
                let (mean, low, high) = interval::mean(values);
                curves.push(step, &format!("validation_{name}"), mean)?;
                curves.push(step, &format!("validation_{name}_low"), low)?;
                curves.push(step, &format!("validation_{name}_high"), high)?;
            }
        }
        let answers = f64::from(count.max(1) as u32);
        let point = Point {
            gold: (!gold.is_empty()).then(|| gold.iter().sum::<f64>() / gold.len() as f64),
            divergence: divergence.iter().sum::<f64>() / answers,
        };
        curves.push(step, "validation_kl", point.divergence)?;
        curves.push(step, "validation_length", tokens as f64 / answers)?;
        curves.push(step, "validation_ended", ended as f64 / answers)?;
        Ok(point)
    }
}

/// Answers that grow at once.
const AT_ONCE: usize = 512;
/// Tokens that the reference reads at once.
const TOKENS_AT_ONCE: usize = 4_096;
