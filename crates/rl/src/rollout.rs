//! Answers drawn from a policy.

use model::{CausalLm, Decoding, Draw, End, Limits, Prompt, Random};

use crate::{Error, Problem, Result};

/// An answer that a policy drew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    /// Its tokens; the one that ended it is the last of them, for a policy must learn to end.
    pub ids: Vec<u32>,
    /// log π of each, as it was drawn.
    pub log_probs: Vec<f32>,
    /// Whether the policy ended it; otherwise there was no room for more.
    pub ended: bool,
}

impl Rollout {
    /// Its words: all tokens but the one that ended it.
    pub fn said(&self) -> &[u32] {
        &self.ids[..self.ids.len() - usize::from(self.ended)]
    }
}

/// Answers to one problem, which are compared with one another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What all of them continue.
    pub prompt: Vec<u32>,
    /// Answer `i` was drawn with the numbers of `(seed, step, problem, i)`.
    pub answers: Vec<Rollout>,
}

/// How a policy answers.
///
/// There is no temperature and nothing is cut off: answers come from the very distribution whose log-probabilities are
/// trained, which any setting of that kind would change behind the trainer's back.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Answers to each problem.
    pub group: usize,
    /// Most tokens of an answer.
    pub tokens: usize,
    /// The model's context.
    pub context: usize,
    /// Ids that end an answer.
    pub stop: Vec<u32>,
    /// Most answers that grow at once; 0 for all. Others wait until a group's worth has ended.
    pub at_once: usize,
    /// Where the random numbers come from.
    pub seed: u64,
}

impl Drawing {
    /// The seed of one answer: another's numbers do not depend on it, nor on the order in which they are drawn.
    fn seed_of(&self, step: u64, problem: u64, answer: usize) -> u64 {
        let name = format!("step {step}, problem {problem}, answer {answer}");
        Random::new(self.seed, &name).below(u64::MAX)
    }
}

/// Answers every problem in a group. A group's prompt is read once, the answers of all groups grow together, and those that
/// have ended leave.
///
/// # Errors
/// [`Error::NoPrompt`] and [`Error::TooLong`] for problems that cannot be answered.
pub fn roll_out(
    policy: &dyn CausalLm,
    problems: &[&Problem],
    drawing: &Drawing,
    step: u64,
) -> Result<Vec<Group>> {
    for problem in problems {
        check(problem, drawing.context)?;
    }
    let blank = |problem: &&Problem| Group {
        prompt: problem.ids.clone(),
        answers: vec![Rollout::default(); drawing.group],
    };
    let mut groups: Vec<Group> = problems.iter().map(blank).collect();
    if drawing.tokens == 0 || drawing.group == 0 {
        return Ok(groups);
    }
    let limits = Limits {
        new_tokens: drawing.tokens,
        context: drawing.context,
        stop: drawing.stop.clone(),
        ..Limits::default()
    };
    let most = if drawing.at_once == 0 { usize::MAX } else { drawing.at_once.max(drawing.group) };
    let draw = Draw::default();
    let mut decoding = Decoding::new(policy);
    let mut waiting = problems.iter();
    loop {
        while decoding.len() + drawing.group <= most {
            let Some(problem) = waiting.next() else { break };
            for answer in 0..drawing.group {
                let seed = drawing.seed_of(step, problem.id, answer);
                decoding.join(Prompt { ids: problem.ids.clone(), seed }, &draw, limits.clone())?;
            }
        }
        if decoding.is_empty() {
            return Ok(groups);
        }
        for drawn in decoding.step()? {
            // rows are numbered as they joined: group by group
            let row = drawn.row as usize;
            let answer = &mut groups[row / drawing.group].answers[row % drawing.group];
            answer.ids.push(drawn.id);
            answer.log_probs.push(drawn.log_prob);
            answer.ended = drawn.end == Some(End::Stop);
        }
    }
}

/// Whether a problem can be answered in a context.
pub fn check(problem: &Problem, context: usize) -> Result<()> {
    match problem.ids.len() {
        0 => Err(Error::NoPrompt { problem: problem.id }),
        tokens if tokens >= context => Err(Error::TooLong { problem: problem.id, tokens, context }),
        _ => Ok(()),
    }
}
