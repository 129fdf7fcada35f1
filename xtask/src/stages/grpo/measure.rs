//! How well the policy does on problems that it never learns from.

use grpo::{Rewards, answer, is_right};
use model::CausalLm;
use rl::{Answer, Drawing, Problem, roll_out};

use super::Grpo;
use crate::stages::training::Curves;

/// Problems held out, and who says how right answers are.
pub(super) struct Held<'a> {
    pub(super) problems: &'a [Problem],
    pub(super) rewards: &'a Rewards,
    pub(super) decode: &'a dyn Fn(&[u32]) -> String,
    pub(super) drawing: &'a Drawing,
    pub(super) grpo: &'a Grpo,
}

impl Held<'_> {
    /// Draws answers, with the same random numbers every time, and notes how many are right; nothing where there are no
    /// problems.
    pub(super) fn measure(
        &self,
        policy: &dyn CausalLm,
        round: u64,
        curves: &mut Curves,
    ) -> anyhow::Result<Option<f64>> {
        let most = if self.grpo.measure_most == 0 { usize::MAX } else { self.grpo.measure_most };
        let problems: Vec<&Problem> = self.problems.iter().take(most).collect();
        if problems.is_empty() {
            return Ok(None);
        }
        let group = self.grpo.measure_group;
        let drawing = Drawing { group, seed: !self.drawing.seed, ..self.drawing.clone() };
        let (mut right, mut solved, mut tokens, mut ended) = (0, 0, 0, 0);
        for problems in problems.chunks(AT_ONCE.div_ceil(group)) {
            for (problem, drawn) in problems.iter().zip(roll_out(policy, problems, &drawing, 0)?) {
                let texts: Vec<String> =
                    drawn.answers.iter().map(|drawn| (self.decode)(drawn.said())).collect();
                let answers: Vec<Answer<'_>> =
                    drawn.answers.iter().zip(&texts).map(|(drawn, text)| answer(drawn, text)).collect();
                let rewards = rl::score(self.rewards, problem, &answers)?;
                let rights = rewards.iter().filter(|reward| is_right(reward)).count();
                right += rights;
                solved += usize::from(rights > 0);
                tokens += drawn.answers.iter().map(|drawn| drawn.ids.len()).sum::<usize>();
                ended += drawn.answers.iter().filter(|drawn| drawn.ended).count();
            }
        }
        let answers = (problems.len() * group) as f64;
        curves.push(round, "validation_right", right as f64 / answers)?;
        curves.push(round, "validation_right_in_group", solved as f64 / problems.len() as f64)?;
        curves.push(round, "validation_length", tokens as f64 / answers)?;
        curves.push(round, "validation_ended", ended as f64 / answers)?;
        Ok(Some(right as f64 / answers))
    }
}

/// Answers that grow at once.
const AT_ONCE: usize = 512;
