//! What one wants to know of a round of answers.

use std::collections::BTreeMap;

use rl::{Group, Reward};

/// Answers to one problem, scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Which of the problems.
    pub problem: usize,
    /// The answers.
    pub group: Group,
    /// Their words.
    pub texts: Vec<String>,
    /// Their rewards.
    pub rewards: Vec<Reward>,
    /// How much better each was than the others; 0 for an answer that is not learned from.
    pub advantages: Vec<f64>,
}

impl Asked {
    /// Right answers: the first part of a reward says whether an answer is right, the total where there are no parts.
    pub fn right(&self) -> usize {
        self.rewards.iter().filter(|reward| is_right(reward)).count()
    }

    /// Whether all rewards are equal, so that there is nothing to learn.
    pub fn is_flat(&self) -> bool {
        let mut totals = self.rewards.iter().filter_map(|reward| reward.total);
        let first = totals.next();
        totals.all(|total| Some(total) == first)
    }
}

/// Whether an answer is right.
pub fn is_right(reward: &Reward) -> bool {
    let right = reward.parts.first().copied().unwrap_or(reward.total);
    right.is_some_and(|right| right >= 1.0)
}

/// Figures by name, over the groups of a round.
pub fn figures(round: &[Asked], parts: &[String]) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let rewards: Vec<&Reward> = round.iter().flat_map(|asked| &asked.rewards).collect();
    let totals: Vec<f64> = rewards.iter().filter_map(|reward| reward.total).collect();
    let mut note = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            found.insert(name.to_owned(), value);
        }
    };
    let reward = mean(&totals);
    note("reward", reward);
    let squares: Vec<f64> = totals
        .iter()
        .map(|total| (total - reward.unwrap_or(0.0)) * (total - reward.unwrap_or(0.0)))
        .collect();
    note("reward_deviation", mean(&squares).map(libm::sqrt));
    for (at, part) in parts.iter().enumerate() {
        let known: Vec<f64> =
            rewards.iter().filter_map(|reward| reward.parts.get(at).copied().flatten()).collect();
        note(&format!("reward_{part}"), mean(&known));
    }
    let share = |of: &dyn Fn(&Asked) -> bool| {
        mean(&round.iter().map(|asked| f64::from(u8::from(of(asked)))).collect::<Vec<_>>())
    };
    note("right", share_of(rewards.iter().copied(), is_right));
    note("right_in_group", share(&|asked| asked.right() > 0));
    note("zero_variance", share(&Asked::is_flat));
    note("excluded", share_of(rewards.iter().copied(), |reward| reward.total.is_none()));

    let answers = || round.iter().flat_map(|asked| &asked.group.answers);
    let lengths = |all: bool| -> Vec<f64> {
        answers().filter(|answer| all || answer.ended).map(|answer| answer.ids.len() as f64).collect()
    };
    note("length", mean(&lengths(true)));
    note("ended_length", mean(&lengths(false)));
    note("truncated", share_of(answers(), |answer| !answer.ended));
    // −log π of what was drawn is the entropy, on average
    let surprises: Vec<f64> =
        answers().flat_map(|answer| &answer.log_probs).map(|log_prob| -f64::from(*log_prob)).collect();
    note("entropy", mean(&surprises));
    let texts = || round.iter().flat_map(|asked| &asked.texts);
    note("self_corrections", share_of(texts(), |text| corrects_itself(text)));
    note("duplicates", duplicates(round));
    found
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn share_of<T>(items: impl Iterator<Item = T>, is: impl Fn(T) -> bool) -> Option<f64> {
    mean(&items.map(|item| f64::from(u8::from(is(item)))).collect::<Vec<_>>())
}

/// The share of answers that an earlier one of their group says word for word.
fn duplicates(round: &[Asked]) -> Option<f64> {
    let repeated = |asked: &Asked| -> Vec<f64> {
        let answers = &asked.group.answers;
        let is = |at: usize| answers[..at].iter().any(|other| other.ids == answers[at].ids);
        (0..answers.len()).map(|at| f64::from(u8::from(is(at)))).collect()
    };
    mean(&round.iter().flat_map(repeated).collect::<Vec<_>>())
}

/// What people say who notice a mistake of their own, or look for one (DeepSeek-AI 2025, arXiv 2501.12948, section 2.2.3).
const CORRECTING: [&str; 7] = ["wait", "recheck", "recompute", "actually", "correction", "mistake", "check"];

/// Whether somebody corrects or checks himself while he answers.
fn corrects_itself(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphabetic());
    words.any(|word| CORRECTING.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use rl::{Group, Reward, Rollout};

    use super::{Asked, corrects_itself, figures};

    fn asked(rewards: &[Option<f64>]) -> Asked {
        let answer = |at: usize| Rollout {
            ids: vec![at as u32 % 2; at + 1],
            log_probs: vec![-0.5; at + 1],
            ended: at > 0,
        };
        Asked {
            group: Group { prompt: vec![1], answers: (0..rewards.len()).map(answer).collect() },
            texts: vec!["Wait, no.".to_owned(); rewards.len()],
            rewards: rewards.iter().map(|&total| Reward { total, parts: vec![total, Some(0.25)] }).collect(),
            ..Asked::default()
        }
    }

    #[test]
    fn figures_are_what_their_names_say() {
        let round = [asked(&[Some(1.0), Some(0.0)]), asked(&[Some(0.0), Some(0.0), None])];
        let found = figures(&round, &["right".to_owned(), "format".to_owned()]);
        let expected = [
            ("reward", 0.25),
            ("reward_deviation", libm::sqrt(0.1875)),
            ("reward_right", 0.25),
            ("reward_format", 0.25),
            ("right", 0.2),
            ("right_in_group", 0.5),
            ("zero_variance", 0.5),
            ("excluded", 0.2),
            ("length", 9.0 / 5.0),
            ("ended_length", 7.0 / 3.0),
            ("truncated", 0.4),
            ("entropy", 0.5),
            ("self_corrections", 1.0),
            ("duplicates", 0.0),
        ];
        for (name, value) in expected {
            assert!((found[name] - value).abs() < 1e-12, "{name}: {}", found[name]);
        }
        assert_eq!(found.len(), expected.len());
        let mut same = asked(&[Some(1.0), Some(0.0)]);
        same.group.answers[1] = same.group.answers[0].clone();
        assert_eq!(figures(&[same], &[])["duplicates"], 0.5);
    }

    #[test]
    fn who_looks_again_is_noticed() {
        assert!(corrects_itself("7 + 8 = 16. Wait, 15.") && corrects_itself("Let me CHECK: 15"));
        assert!(!corrects_itself("The waiter checks in.") && !corrects_itself(""));
    }
}
