//! Examples before the question, with their answers.

use model::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How a question becomes a prompt, and how many others stand before it with their answers
/// (Brown et al. 2020, arXiv 2005.14165, section 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prompting {
    /// Examples before the question, drawn anew for each from the others of its file.
    #[schemars(extend("unit" = "examples"))]
    pub shots: usize,
    /// Stands before every question.
    pub before_question: String,
    /// Stands between a question and its answer.
    #[schemars(extend("source" = "llm-foundry: a space, or \"\\nAnswer: \""))]
    pub before_answer: String,
    /// Stands between an example and what follows.
    #[schemars(extend("source" = "llm-foundry"))]
    pub between: String,
}

impl Default for Prompting {
    fn default() -> Self {
        Self {
            shots: 0,
            before_question: String::new(),
            before_answer: " ".to_owned(),
            between: "\n".to_owned(),
        }
    }
}

/// A question that has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example<'a> {
    /// What is asked.
    pub question: &'a str,
    /// What is right.
    pub answer: &'a str,
    /// Examples come from the same group as the question: a subject.
    pub group: &'a str,
}

impl Prompting {
    /// The examples, `question` and what stands before its answer. `pool[at]` is the question's own example, which is
    /// never shown, nor is one that says the same. `seed` draws the others.
    pub fn prompt(&self, question: &str, at: usize, pool: &[Example<'_>], seed: u64) -> Result<String> {
        let mut prompt = String::new();
        for example in self.draw(at, pool, seed)? {
            for part in
                [&self.before_question, example.question, &self.before_answer, example.answer, &self.between]
            {
                prompt.push_str(part);
            }
        }
        prompt.push_str(&self.before_question);
        prompt.push_str(question);
        prompt.push_str(&self.before_answer);
        Ok(prompt)
    }

    fn draw<'p>(&self, at: usize, pool: &[Example<'p>], seed: u64) -> Result<Vec<Example<'p>>> {
        if self.shots == 0 {
            return Ok(vec![]);
        }
        let own = &pool[at];
        let mut others: Vec<usize> = (0..pool.len())
            .filter(|&other| pool[other].group == own.group && pool[other].question != own.question)
            .collect();
        if others.len() < self.shots {
            let got = format!("{} besides question {at}", others.len());
            return Err(Error::Setting {
                setting: "shots",
                expected: format!("{} other questions", self.shots),
                got,
            });
        }
        let mut random = Random::new(seed, &format!("shots of {at}"));
        let mut drawn = vec![];
        for _ in 0..self.shots {
            let chosen = random.below(others.len() as u64) as usize;
            drawn.push(pool[others.swap_remove(chosen)]);
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::{Example, Prompting};

    #[test]
    fn examples_are_others_of_the_same_group() {
        let example = |question, group| Example { question, answer: "yes", group };
        let pool = [
            example("a?", "x"),
            example("b?", "x"),
            example("c?", "y"),
            example("d?", "x"),
            example("b?", "x"),
        ];
        let prompting = Prompting {
            shots: 2,
            before_answer: "\nAnswer: ".to_owned(),
            between: "\n\n".to_owned(),
            ..Prompting::default()
        };
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let prompt = prompting.prompt("b?", 1, &pool, seed).unwrap();
            assert!(prompt.ends_with("\n\nb?\nAnswer: "), "{prompt}");
            assert_eq!(prompt.matches("b?").count(), 1, "a twin gives the answer away");
            assert!(!prompt.contains("c?"));
            assert_eq!(prompt, prompting.prompt("b?", 1, &pool, seed).unwrap());
            seen.insert(prompt);
        }
        assert_eq!(seen.len(), 2, "both orders are drawn");
        let error = Prompting { shots: 3, ..prompting }.prompt("b?", 1, &pool, 0).unwrap_err();
        assert_eq!(error.to_string(), "shots: expected 3 other questions, got 2 besides question 1");
    }
}
