//! Rounds of PPO as batches of training: answers drawn from the policy as it is, paid, judged by the critic, learned from.

use std::collections::VecDeque;

use model::{Batches, CausalLm, Cursor, Packed};
use rl::math::Estimates;
use rl::{Batch, Drawing, Group, Layout, Problem, Scored, roll_out};

use crate::math::KlTarget;
use crate::shuffled::order;
use crate::{Critic, Pay, PpoBatch, Result, whiten_all};

/// How a round is made and how often it is learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Problems of a round.
    pub problems: usize,
    /// How they are answered; mostly once each, for the critic says what to compare with.
    pub drawing: Drawing,
    /// What answers are paid.
    pub pay: Pay,
    /// The distance at which the weight of the distance is held, where it finds itself.
    pub target: Option<KlTarget>,
    /// Passes over the answers of a round; in all but the first step they are an older policy's.
    pub passes: usize,
    /// Steps of a pass, each on another part of the answers.
    pub steps: usize,
    /// Most tokens of a batch; a step averages over as many batches as it takes.
    pub tokens_per_batch: usize,
    /// Where the order of problems comes from.
    pub seed: u64,
}

/// Answers to a problem, and all that is known of them.
#[derive(Clone, Debug, Default)]
pub struct Paid {
    /// The problem's place in the list.
    pub problem: usize,
    /// The answers.
    pub group: Group,
    /// What the reward says of each.
    pub scores: Vec<f64>,
    /// log π of the reference, answer by answer.
    pub reference: Vec<Vec<f32>>,
    /// What the critic expects before each token, answer by answer.
    pub values: Vec<Vec<f64>>,
    /// Advantages, white over the whole round, and returns.
    pub estimates: Vec<Estimates>,
}

impl Paid {
    /// How far an answer is from the reference, by its own tokens: Σ log π − log π_ref, in nats.
    pub fn divergence(&self, answer: usize) -> f64 {
        let pairs = self.group.answers[answer].log_probs.iter().zip(&self.reference[answer]);
        pairs.map(|(policy, reference)| f64::from(*policy) - f64::from(*reference)).sum()
    }
}

/// What a round came to.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Its number, counted from 0.
    pub number: u64,
    /// Groups to learn from.
    pub paid: Vec<Paid>,
    /// What a nat of distance cost.
    pub kl_weight: f64,
}

impl Round {
    /// The mean over answers of something.
    pub fn mean(&self, of: impl Fn(&Paid, usize) -> f64) -> f64 {
        let (mut sum, mut count) = (0.0, 0_usize);
        for paid in &self.paid {
            for answer in 0..paid.group.answers.len() {
                (sum, count) = (sum + of(paid, answer), count + 1);
            }
        }
        sum / count.max(1) as f64
    }
}

/// What scores the answers to problems, named by their places in the list: a reward model, or anybody else.
pub type Rewarder<'a> = dyn Fn(&[usize], &[Group]) -> Result<Vec<Vec<f64>>> + 'a;

/// Refuses what cannot be learned from: lists of another length, scores that are no numbers.
fn check(scores: &[Vec<f64>], problems: &[&Problem], groups: &[Group]) -> Result<()> {
    let (given, wanted) = (scores.iter().map(Vec::len), groups.iter().map(|group| group.answers.len()));
    if !given.clone().eq(wanted.clone()) {
        let (rewards, answers) = (given.sum(), wanted.sum());
        return Err(rl::Error::Rewards { rewards, answers }.into());
    }
    for (problem, scores) in problems.iter().zip(scores) {
        if let Some((sample, &value)) = scores.iter().enumerate().find(|(_, score)| !score.is_finite()) {
            return Err(rl::Error::NotANumber { problem: problem.id, sample, value }.into());
        }
    }
    Ok(())
}

/// The players of PPO besides the policy that learns.
pub struct Cast<'a> {
    /// Who answers: the very model that learns, without gradients.
    pub policy: &'a dyn CausalLm,
    /// Whom it is held to, and measured against.
    pub reference: &'a dyn CausalLm,
    /// Who expects; it learns as well.
    pub critic: Critic<'a>,
    /// Who pays.
    pub rewarder: &'a Rewarder<'a>,
}

/// Answers of the policy as it is, as a source of batches.
///
/// A round follows from the seed, its number, the weights and the weight of the distance, all of which a checkpoint keeps.
pub struct Rounds<'a> {
    /// The players.
    pub cast: Cast<'a>,
    /// What is asked.
    pub problems: &'a [Problem],
    /// How.
    pub plan: Plan,
    /// Text that the policy is not to forget, one batch beside each of answers.
    pub pretraining: Option<Packed>,
    /// Told of every round before it is learned from; its error ends the run.
    pub watch: &'a mut dyn FnMut(&Round) -> Result<()>,
    present: Option<Round>,
    dealt: Option<(u64, VecDeque<PpoBatch>)>,
    /// Of the next round.
    kl_weight: f64,
    /// Batches of text that were dealt.
    told: u64,
}

impl<'a> Rounds<'a> {
    /// A source that has dealt nothing yet.
    pub fn new(
        cast: Cast<'a>,
        problems: &'a [Problem],
        plan: Plan,
        watch: &'a mut dyn FnMut(&Round) -> Result<()>,
    ) -> Self {
        let kl_weight = plan.pay.kl_weight;
        Self {
            cast,
            problems,
            plan,
            pretraining: None,
            watch,
            present: None,
            dealt: None,
            kl_weight,
            told: 0,
        }
    }

    /// Optimizer steps of a round.
    pub fn steps_per_round(&self) -> u64 {
        (self.plan.passes * self.plan.steps).max(1) as u64
    }

    /// Draws, pays and judges a round.
    fn draw(&self, number: u64) -> Result<Round> {
        let chosen = order(self.problems.len(), self.plan.problems, self.plan.seed, number);
        let problems: Vec<&Problem> = chosen.iter().map(|&at| &self.problems[at]).collect();
        let groups = roll_out(self.cast.policy, &problems, &self.plan.drawing, number)?;
        let all: Vec<&Group> = groups.iter().collect();
        let references = rl::log_probs(self.cast.reference, &all, self.plan.tokens_per_batch)?;
        let values = self.expected(&groups)?;
        let scores = (self.cast.rewarder)(&chosen, &groups)?;
        check(&scores, &problems, &groups)?;
        let pay = Pay { kl_weight: self.kl_weight, ..self.plan.pay };
        let (mut paid, mut estimates) = (vec![], vec![]);
        let known = references.into_iter().zip(values).zip(scores);
        for ((problem, group), ((reference, values), scores)) in chosen.into_iter().zip(groups).zip(known) {
            for (at, answer) in group.answers.iter().enumerate() {
                let rewards = pay.rewards(answer, &reference[at], scores[at]);
                estimates.push(pay.estimates(&rewards, &values[at]));
            }
            paid.push(Paid { problem, group, scores, reference, values, estimates: vec![] });
        }
        whiten_all(&mut estimates);
        let mut estimates = estimates.into_iter();
        for paid in &mut paid {
            paid.estimates = estimates.by_ref().take(paid.group.answers.len()).collect();
        }
        Ok(Round { number, paid, kl_weight: self.kl_weight })
    }

    /// What the critic expects before each token of every answer.
    fn expected(&self, groups: &[Group]) -> Result<Vec<Vec<Vec<f64>>>> {
        let mut found: Vec<f32> = vec![];
        let mut layout = Layout::default();
        for (at, group) in groups.iter().enumerate() {
            layout.push(&group.prompt, &group.answers);
            if layout.len() >= self.plan.tokens_per_batch || at + 1 == groups.len() {
                if layout.learned() > 0 {
                    found.extend(self.cast.critic.values(&layout)?.to_vec1::<f32>()?);
                }
                layout = Layout::default();
            }
        }
        let mut rest = found.into_iter().map(f64::from);
        let mut of_group = |group: &Group| {
            group.answers.iter().map(|answer| rest.by_ref().take(answer.ids.len()).collect()).collect()
        };
        Ok(groups.iter().map(&mut of_group).collect())
    }

    /// The batches of a step: its share of the round's answers.
    fn deal(&self, round: &Round, within: u64) -> VecDeque<PpoBatch> {
        let (steps, groups) = (self.plan.steps.max(1), round.paid.len());
        let part = within as usize % steps;
        let blank =
            || PpoBatch { answers: Batch { fresh: within == 0, ..Batch::default() }, ..PpoBatch::default() };
        let mut batches = VecDeque::from([blank()]);
        for paid in &round.paid[part * groups / steps..(part + 1) * groups / steps] {
            let tokens = paid.group.answers.iter().map(|answer| answer.ids.len()).sum::<usize>();
            let full = |batch: &PpoBatch| {
                let laid = batch.answers.layout.len();
                laid > 0 && laid + paid.group.prompt.len() + tokens > self.plan.tokens_per_batch
            };
            if batches.back().is_some_and(full) {
                batches.push_back(blank());
            }
            let batch = batches.back_mut().expect("there is always one");
            batch.push(paid, self.problems[paid.problem].id);
        }
        batches.retain(|batch| batch.answers.layout.learned() > 0);
        batches
    }
}

impl PpoBatch {
    /// Takes the answers to a problem in.
    pub fn push(&mut self, paid: &Paid, problem: u64) {
        let answers = &paid.group.answers;
        self.answers.layout.push(&paid.group.prompt, answers);
        let exact = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| f64::from(value)).collect() };
        for (at, answer) in answers.iter().enumerate().filter(|(_, answer)| !answer.ids.is_empty()) {
            self.answers.answers.push(Scored {
                problem,
                old: exact(&answer.log_probs),
                reference: exact(&paid.reference[at]),
                advantages: paid.estimates[at].advantages.clone(),
            });
            self.old_values.extend_from_slice(&paid.values[at]);
            self.returns.extend_from_slice(&paid.estimates[at].returns);
        }
    }
}

impl Batches for Rounds<'_> {
    type Batch = PpoBatch;

    /// The next batch of a step, and nothing when the step has no more: the next step begins with the next call.
    fn next(&mut self, step: u64) -> model::Result<Option<PpoBatch>> {
        if let Some((dealt, batches)) = &mut self.dealt
            && *dealt == step
        {
            return Ok(batches.pop_front());
        }
        let (number, within) = (step / self.steps_per_round(), step % self.steps_per_round());
        if self.present.as_ref().is_none_or(|round| round.number != number) {
            let round = self.draw(number)?;
            (self.watch)(&round)?;
            if let Some(target) = self.plan.target {
                let answers = round.paid.iter().map(|paid| paid.group.answers.len()).sum();
                self.kl_weight = target.next(self.kl_weight, round.mean(Paid::divergence), answers);
            }
            self.present = Some(round);
        }
        let mut batches = self.present.as_ref().map(|round| self.deal(round, within)).unwrap_or_default();
        if let Some(text) = &mut self.pretraining {
            for batch in &mut batches {
                batch.pretraining = text.next(step)?;
                self.told += 1;
            }
        }
        let first = batches.pop_front();
        self.dealt = Some((step, batches));
        Ok(first)
    }

    /// How many batches of text were dealt, and in place of an epoch, which the rounds' numbers imply, the bits of the weight of
    /// the distance.
    fn cursor(&self) -> Cursor {
        Cursor { epoch: self.kl_weight.to_bits(), row: self.told }
    }

    fn seek(&mut self, cursor: &Cursor) -> model::Result<()> {
        self.kl_weight = f64::from_bits(cursor.epoch);
        self.told = cursor.row;
        if let Some(text) = &mut self.pretraining {
            text.seek(&Cursor::default())?;
            for _ in 0..self.told {
                text.next(0)?;
            }
        }
        (self.present, self.dealt) = (None, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rl::{Error as Policy, Group, Problem, Rollout};

    use super::check;
    use crate::Error;

    #[test]
    fn what_no_policy_can_learn_from_is_refused() {
        let problem = Problem { id: 7, ..Problem::default() };
        let groups = [Group { answers: vec![Rollout::default(); 2], ..Group::default() }];
        let checked = |scores: &[f64]| check(&[scores.to_vec()], &[&problem], &groups);
        assert!(checked(&[1.0, -2.0]).is_ok());
        let few = checked(&[1.0]);
        assert!(matches!(few, Err(Error::Policy(Policy::Rewards { rewards: 1, answers: 2 }))), "{few:?}");
        let none = checked(&[1.0, f64::NAN]);
        assert!(
            matches!(none, Err(Error::Policy(Policy::NotANumber { problem: 7, sample: 1, .. }))),
            "{none:?}"
        );
    }
}
