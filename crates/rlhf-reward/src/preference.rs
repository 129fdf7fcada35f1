//! Answers to one prompt, and which of them somebody likes better.

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
        if self.prompt.is_empty() {
            return Err(Error::EmptyPrompt { id });
        }
        let longest = self.answers.iter().map(Vec::len).max().unwrap_or(0);
        let tokens = self.prompt.len() + longest;
        if tokens > context {
            return Err(Error::TooLong { id, tokens, context });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Preference;
    use crate::Error;

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
        assert_eq!(refused(|of| of.prompt = vec![]), "empty_prompt");
        assert_eq!(refused(|of| of.answers[1] = vec![5; 3]), "too_long");
        assert!(matches!(good.check(2), Err(Error::TooLong { id: 4, tokens: 3, context: 2 })));
    }
}
