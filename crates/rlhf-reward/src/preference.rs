//! Answers to one prompt, and which of them somebody likes better.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, Result};

/// A ranking of answers, as tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preference {
    /// Its number.
    pub id: u64,
    /// What is answered.
    pub prompt: Vec<u32>,
    /// The answers, each with the token that ends it.
    pub answers: Vec<Vec<u32>>,
    /// The rank of each, 1 the best; equal ranks are a tie.
    pub ranks: Vec<i32>,
    /// How much better each is than the worst, where somebody said so.
    pub margins: Option<Vec<f64>>,
}

impl Preference {
    /// Refuses what cannot be learned from, by name.
    pub fn check(&self, context: usize) -> Result<()> {
        let (id, answers, ranks) = (self.id, self.answers.len(), self.ranks.len());
        if answers < 2 || answers != ranks || self.margins.as_ref().is_some_and(|m| m.len() != answers) {
            return Err(Error::Incomplete { id, answers, ranks });
        }
        if self.ranks.iter().all(|rank| *rank == self.ranks[0]) {
            return Err(Error::AllTied { id });
        }
        if let Some(answer) = self.answers.iter().position(Vec::is_empty) {
            return Err(Error::EmptyAnswer { id, answer });
        }
        for second in 0..answers {
            let same = |first: &usize| {
                self.answers[*first] == self.answers[second] && self.ranks[*first] != self.ranks[second]
            };
            if let Some(first) = (0..second).find(same) {
                return Err(Error::EqualAnswers { id, first, second });
            }
        }
        let longest = self.answers.iter().map(Vec::len).max().unwrap_or(0);
        let tokens = self.prompt.len() + longest;
        if self.prompt.is_empty() || tokens > context {
            return Err(Error::TooLong { id, tokens, context });
        }
        Ok(())
    }
}

/// Who was preferred to whom, of things that have names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// Who judged.
    pub labeler: String,
    /// The better one.
    pub better: String,
    /// The worse one.
    pub worse: String,
}

/// How often labellers who judged the same pair agree: agreeing pairs of labellers, and all of them.
pub fn agreement(verdicts: &[Verdict]) -> (u64, u64) {
    let mut judged: BTreeMap<(&str, &str), Vec<bool>> = BTreeMap::new();
    for Verdict { better, worse, .. } in verdicts {
        let forward = better <= worse;
        let pair =
            if forward { (better.as_str(), worse.as_str()) } else { (worse.as_str(), better.as_str()) };
        judged.entry(pair).or_default().push(forward);
    }
    judged.values().fold((0, 0), |(agreed, all), votes| {
        let (yes, n) = (votes.iter().filter(|vote| **vote).count() as u64, votes.len() as u64);
        let no = n - yes;
        (agreed + yes * yes.saturating_sub(1) / 2 + no * no.saturating_sub(1) / 2, all + n * (n - 1) / 2)
    })
}

/// Names that are preferred to themselves by way of others: no score can agree with all of these verdicts.
///
/// Whoever is in a circle is reached from whom he reaches (the strongly connected components of more than one).
pub fn in_circles(verdicts: &[Verdict]) -> BTreeSet<&str> {
    let mut beaten: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Verdict { better, worse, .. } in verdicts {
        beaten.entry(better).or_default().insert(worse);
        beaten.entry(worse).or_default();
    }
    // who neither beats nor is beaten by anybody left is in no circle, and goes
    loop {
        let beats: BTreeSet<&str> =
            beaten.iter().filter(|(_, worse)| !worse.is_empty()).map(|(name, _)| *name).collect();
        let is_beaten: BTreeSet<&str> = beaten.values().flatten().copied().collect();
        let stays: BTreeSet<&str> = beats.intersection(&is_beaten).copied().collect();
        if stays.len() == beaten.len() {
            break;
        }
        beaten.retain(|name, _| stays.contains(name));
        beaten.values_mut().for_each(|worse| worse.retain(|name| stays.contains(name)));
    }
    // what is left may still only lead from one circle to another
    let reached = |from: &'_ str| {
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(name) = open.pop() {
            for next in beaten.get(name).into_iter().flatten() {
                if found.insert(*next) {
                    open.push(next);
                }
            }
        }
        found.contains(from)
    };
    beaten.keys().copied().filter(|name| reached(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Preference, Verdict, agreement, in_circles};
    use crate::Error;

    fn verdict(labeler: &str, better: &str, worse: &str) -> Verdict {
        let [labeler, better, worse] = [labeler, better, worse].map(str::to_owned);
        Verdict { labeler, better, worse }
    }

    #[test]
    fn what_cannot_be_learned_is_refused_by_name() {
        let good = Preference {
            id: 4,
            prompt: vec![1],
            answers: vec![vec![2, 0], vec![3, 0], vec![2, 0]],
            ranks: vec![1, 2, 1],
            margins: None,
        };
        assert!(good.check(3).is_ok());
        let refused = |change: fn(&mut Preference)| {
            let mut preference = good.clone();
            change(&mut preference);
            preference.check(3).unwrap_err().reason()
        };
        assert_eq!(refused(|of| of.ranks = vec![1, 1, 1]), "all_tied");
        assert_eq!(refused(|of| of.ranks = vec![1, 2]), "incomplete");
        assert_eq!(refused(|of| of.margins = Some(vec![1.0])), "incomplete");
        assert_eq!(refused(|of| of.ranks = vec![1, 2, 3]), "equal_answers");
        assert_eq!(refused(|of| of.answers[1] = vec![]), "empty_answer");
        assert_eq!(refused(|of| of.answers[1] = vec![5; 3]), "too_long");
        assert!(matches!(good.check(2), Err(Error::TooLong { id: 4, tokens: 3, context: 2 })));
    }

    #[test]
    fn labellers_agree_or_not() {
        let verdicts =
            [verdict("a", "x", "y"), verdict("b", "x", "y"), verdict("c", "y", "x"), verdict("a", "x", "z")];
        assert_eq!(agreement(&verdicts), (1, 3));
        assert_eq!(agreement(&[]), (0, 0));
    }

    #[test]
    fn circles_are_found_and_what_leads_to_them_is_none() {
        let straight = [verdict("a", "x", "y"), verdict("a", "y", "z"), verdict("a", "x", "z")];
        assert!(in_circles(&straight).is_empty());
        let circle = [
            verdict("a", "x", "y"),
            verdict("a", "y", "z"),
            verdict("a", "z", "x"),
            verdict("a", "z", "bridge"),
            verdict("a", "bridge", "p"),
            verdict("a", "p", "q"),
            verdict("b", "q", "p"),
            verdict("a", "top", "x"),
        ];
        assert_eq!(in_circles(&circle).into_iter().collect::<Vec<_>>(), ["p", "q", "x", "y", "z"]);
    }
}
