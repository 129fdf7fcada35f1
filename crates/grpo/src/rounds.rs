//! Rounds of answers as batches of training: problems drawn, answered, scored, and learned from.

use std::collections::VecDeque;

use model::{Batches, CausalLm, Cursor};
use rl::{Answer, Batch, Drawing, Group, Problem, RewardFn, Rollout, Scored, roll_out};

use crate::{Asked, Curriculum, Recipe};

/// How a round is made and how often it is learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Problems of a round.
    pub problems: usize,
    /// How they are answered.
    pub drawing: Drawing,
    /// What answers become.
    pub recipe: Recipe,
    /// Passes over the answers of a round; in all but the first step they are of an older policy.
    pub passes: usize,
    /// Steps of a pass, each on another part of the problems.
    pub steps: usize,
    /// Whether answers that ran out of room are learned from.
    pub truncated: Truncated,
    /// Most tokens of a batch; a step averages over as many batches as it takes.
    pub tokens_per_batch: usize,
}

/// What becomes of answers that ran out of room.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Truncated {
    /// They are learned from like others: what has no end is wrong.
    #[default]
    Learn,
    /// They count in their group and are not learned from (Yu et al. 2025, arXiv 2503.14476, section 3.4).
    LeaveOut,
}

/// What a round came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// Its number, counted from 0.
    pub number: u64,
    /// Groups to learn from.
    pub asked: Vec<Asked>,
    /// Groups of equal rewards that others were drawn for.
    pub redrawn: Vec<Asked>,
}

/// Answers of the policy as it is, as a source of batches.
///
/// A round follows from the seed, its number, the weights and the curriculum's memory, so a run that is killed and told what it
/// had learned of problems goes on with the same answers.
pub struct Rounds<'a> {
    /// Who answers: the very model that learns, without gradients.
    pub policy: &'a dyn CausalLm,
    /// Whom it is held to, where anybody.
    pub reference: Option<&'a dyn CausalLm>,
    /// What is asked.
    pub problems: &'a [Problem],
    /// Who says what answers are worth.
    pub rewards: &'a dyn RewardFn,
    /// Ids to words.
    pub decode: &'a dyn Fn(&[u32]) -> String,
    /// How.
    pub plan: Plan,
    /// What comes next.
    pub curriculum: Curriculum,
    /// Told of every round before it is learned from; its error ends the run.
    pub watch: &'a mut dyn FnMut(&Round) -> rl::Result<()>,
    /// The round that is learned from, and the reference's log-probabilities of it.
    present: Option<(Round, Vec<Vec<Vec<f32>>>)>,
    /// Batches of the step that is being dealt.
    dealt: Option<(u64, VecDeque<Batch>)>,
    done: u64,
}

impl<'a> Rounds<'a> {
    /// A source that has dealt nothing yet.
    pub fn new(
        policy: &'a dyn CausalLm,
        problems: &'a [Problem],
        rewards: &'a dyn RewardFn,
        decode: &'a dyn Fn(&[u32]) -> String,
        plan: Plan,
        curriculum: Curriculum,
        watch: &'a mut dyn FnMut(&Round) -> rl::Result<()>,
    ) -> Self {
        Self {
            policy,
            reference: None,
            problems,
            rewards,
            decode,
            plan,
            curriculum,
            watch,
            present: None,
            dealt: None,
            done: 0,
        }
    }

    /// Optimizer steps of a round.
    pub fn steps_per_round(&self) -> u64 {
        (self.plan.passes * self.plan.steps).max(1) as u64
    }

    /// Draws, answers and scores a round.
    fn draw(&mut self, number: u64) -> rl::Result<Round> {
        let mut round = Round { number, ..Round::default() };
        for redraw in 0..=self.plan.recipe.redraws {
            let missing = self.plan.problems - round.asked.len();
            let before = round.asked.iter().chain(&round.redrawn).map(|asked| asked.problem).collect();
            let chosen = self.curriculum.draw(missing, &before);
            for asked in self.ask(&chosen, number)? {
                self.curriculum.learn(asked.problem, asked.right(), asked.group.answers.len());
                let again = asked.is_flat() && redraw < self.plan.recipe.redraws;
                if again { round.redrawn.push(asked) } else { round.asked.push(asked) }
            }
            if round.asked.len() >= self.plan.problems || round.redrawn.is_empty() {
                break;
            }
        }
        Ok(round)
    }

    fn ask(&self, chosen: &[usize], number: u64) -> rl::Result<Vec<Asked>> {
        let problems: Vec<&Problem> = chosen.iter().map(|&at| &self.problems[at]).collect();
        let groups = roll_out(self.policy, &problems, &self.plan.drawing, number)?;
        chosen.iter().zip(groups).map(|(&problem, group)| self.scored(problem, group)).collect()
    }

    fn scored(&self, problem: usize, group: Group) -> rl::Result<Asked> {
        let texts: Vec<String> = group.answers.iter().map(|answer| (self.decode)(answer.said())).collect();
        let answers: Vec<Answer<'_>> =
            group.answers.iter().zip(&texts).map(|(of, text)| answer(of, text)).collect();
        let rewards = rl::score(self.rewards, &self.problems[problem], &answers)?;
        let totals: Vec<Option<f64>> = rewards.iter().map(|reward| reward.total).collect();
        let mut advantages = self.plan.recipe.advantage.of_group(&totals);
        for (advantage, answer) in advantages.iter_mut().zip(&group.answers) {
            if self.plan.truncated == Truncated::LeaveOut && !answer.ended {
                *advantage = 0.0;
            }
        }
        Ok(Asked { problem, group, texts, rewards, advantages })
    }

    /// The batches of a step: its share of the round's groups, without what teaches nothing.
    fn deal(&self, within: u64) -> VecDeque<Batch> {
        let Some((round, references)) = &self.present else { return VecDeque::new() };
        let (steps, asked) = (self.plan.steps.max(1), &round.asked);
        let part = (within as usize) % steps;
        let range = part * asked.len() / steps..(part + 1) * asked.len() / steps;
        let terms = &self.plan.recipe.terms;
        let learns = |asked: &Asked, at: usize| {
            let counts = asked.rewards[at].total.is_some()
                && (self.plan.truncated == Truncated::Learn || asked.group.answers[at].ended);
            // held to a reference, everybody has a slope
            (counts, counts && (asked.advantages[at] != 0.0 || terms.kl_weight > 0.0))
        };
        let mut batches = VecDeque::from([Batch { fresh: within == 0, ..Batch::default() }]);
        for (asked, reference) in asked[range.clone()].iter().zip(references[range.clone()].iter()) {
            let mut first = 0;
            while first < asked.group.answers.len() {
                let batch = batches.back_mut().expect("there is always one");
                let room = self.plan.tokens_per_batch.saturating_sub(batch.layout.len());
                let run = run(asked, first, room, batch.layout.is_empty());
                if run == first {
                    batches.push_back(Batch { fresh: within == 0, ..Batch::default() });
                    continue;
                }
                let chosen: Vec<usize> = (first..run).filter(|&at| learns(asked, at).1).collect();
                for at in (first..run).filter(|&at| learns(asked, at) == (true, false)) {
                    batch.weightless += terms.aggregation.weight(asked.group.answers[at].ids.len()).1;
                }
                add(batch, asked, &chosen, reference, self.problems[asked.problem].id);
                first = run;
            }
        }
        batches.retain(|batch| batch.layout.learned() > 0 || batch.weightless > 0.0);
        // where all problems were asked and all rewards are equal, nothing but what was redrawn is there
        let first = asked[range].first().or(asked.first()).or(round.redrawn.first());
        self.with_something_to_compute(batches, first, within)
    }

    /// A batch whose answers have no slope at all still has to be one: an answer of `first` stays, with an advantage of 0.
    fn with_something_to_compute(
        &self,
        mut batches: VecDeque<Batch>,
        first: Option<&Asked>,
        within: u64,
    ) -> VecDeque<Batch> {
        let weightless: f64 =
            batches.iter().filter(|batch| batch.layout.learned() == 0).map(|batch| batch.weightless).sum();
        batches.retain(|batch| batch.layout.learned() > 0);
        if batches.is_empty() {
            let mut batch = Batch { fresh: within == 0, ..Batch::default() };
            if let Some(first) = first {
                add(&mut batch, first, &[0], &[], self.problems[first.problem].id);
                batch.answers.iter_mut().for_each(|answer| answer.advantages.fill(0.0));
            }
            batches.push_back(batch);
        }
        if let Some(batch) = batches.front_mut() {
            batch.weightless += weightless;
        }
        batches
    }
}

/// An answer as those see it who score it.
pub fn answer<'a>(rollout: &Rollout, text: &'a str) -> Answer<'a> {
    Answer { text, tokens: rollout.ids.len(), ended: rollout.ended }
}

/// How many of a group's answers from `first` on fit; one always does where nothing is there yet.
fn run(asked: &Asked, first: usize, room: usize, empty: bool) -> usize {
    let mut tokens = asked.group.prompt.len();
    let mut end = first;
    while end < asked.group.answers.len() {
        tokens += asked.group.answers[end].ids.len();
        if tokens > room && !(empty && end == first) {
            break;
        }
        end += 1;
    }
    end
}

/// Lays the chosen answers of a group down.
fn add(batch: &mut Batch, asked: &Asked, chosen: &[usize], reference: &[Vec<f32>], problem: u64) {
    if chosen.is_empty() {
        return;
    }
    let answers = &asked.group.answers;
    batch.layout.push(&asked.group.prompt, chosen.iter().map(|&at| &answers[at]));
    let exact = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| f64::from(value)).collect() };
    for &at in chosen {
        let old = exact(&answers[at].log_probs);
        batch.answers.push(Scored {
            problem,
            reference: reference.get(at).map(|values| exact(values)).unwrap_or_default(),
            advantages: vec![asked.advantages[at]; old.len()],
            old,
        });
    }
}

impl Batches for Rounds<'_> {
    type Batch = Batch;

    /// The next batch of a step, and nothing when the step has no more: the next step begins with the next call.
    fn next(&mut self, step: u64) -> model::Result<Option<Batch>> {
        if let Some((dealt, batches)) = &mut self.dealt
            && *dealt == step
        {
            return Ok(batches.pop_front());
        }
        let (number, within) = (step / self.steps_per_round(), step % self.steps_per_round());
        if self.present.as_ref().is_none_or(|(round, _)| round.number != number) {
            let round = self.draw(number)?;
            (self.watch)(&round)?;
            let groups: Vec<&Group> = round.asked.iter().map(|asked| &asked.group).collect();
            let references = match self.reference {
                Some(reference) => rl::log_probs(reference, &groups, self.plan.tokens_per_batch)?,
                None => vec![vec![]; groups.len()],
            };
            self.present = Some((round, references));
            self.done = number + 1;
        }
        let mut batches = self.deal(within);
        let first = batches.pop_front();
        self.dealt = Some((step, batches));
        Ok(first)
    }

    fn cursor(&self) -> Cursor {
        Cursor { epoch: self.curriculum.drawn(), row: self.done }
    }

    fn seek(&mut self, cursor: &Cursor) -> model::Result<()> {
        self.curriculum.seek(cursor.epoch);
        self.done = cursor.row;
        (self.present, self.dealt) = (None, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use model::{Batches, Config, Decoder, Params};
    use rl::{Answer, Drawing, Problem, Reward, RewardFn};

    use super::{Plan, Round, Rounds, Truncated};
    use crate::{Algorithm, Curriculum, Method, Order};

    /// Whom nothing pleases.
    struct Strict;

    impl RewardFn for Strict {
        fn score(&self, _: &Problem, answers: &[Answer<'_>]) -> rl::Result<Vec<Reward>> {
            Ok(answers.iter().map(|_| Reward { total: Some(0.0), parts: vec![] }).collect())
        }
    }

    #[test]
    fn where_nobody_is_left_to_ask_instead_there_is_still_a_batch() {
        let config =
            Config { vocabulary: 8, context: 8, width: 16, layers: 1, hidden: 32, ..Config::default() };
        let policy = Decoder::new(&config, &Params::new(1), "").unwrap().detached();
        let problems = [0, 1].map(|id| Problem { id, ids: vec![1, 2], ..Problem::default() });
        let plan = Plan {
            problems: 2,
            drawing: Drawing { group: 2, tokens: 3, context: 8, stop: vec![0], at_once: 0, seed: 1 },
            recipe: Method { algorithm: Algorithm::Dapo, ..Method::default() }.recipe(3),
            passes: 1,
            steps: 1,
            truncated: Truncated::Learn,
            tokens_per_batch: 64,
        };
        let redrawn = Cell::new(0);
        let mut watch = |round: &Round| -> rl::Result<()> {
            redrawn.set(round.redrawn.len());
            Ok(())
        };
        let (decode, curriculum) = (|_: &[u32]| String::new(), Curriculum::new(Order::Shuffled, 2, 1));
        let mut rounds = Rounds::new(&policy, &problems, &Strict, &decode, plan, curriculum, &mut watch);
        let batch = rounds.next(0).unwrap().unwrap();
        assert!(batch.layout.learned() > 0);
        assert!(
            batch.answers.iter().flat_map(|answer| &answer.advantages).all(|advantage| *advantage == 0.0)
        );
        assert!(rounds.next(0).unwrap().is_none());
        assert_eq!(redrawn.get(), 2);
    }
}
