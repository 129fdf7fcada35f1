//! Answers that the model writes, compared with the right ones.

use model::Draw;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extract, Normalise, Open, name, prompts};
use crate::{Answer, Ask, Benchmark, Encoding, Item, Mark, Prompting, Result, Writing, pass_at_k};

/// How answers are written and compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generating {
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// Texts that end an answer; they are no part of it.
    pub until: Vec<String>,
    /// Answers to each question.
    #[schemars(extend("unit" = "answers"))]
    pub samples: usize,
    /// How a token is drawn.
    pub draw: Draw,
    /// Of how many answers one has to be right, for pass@k; each at most `samples`.
    #[schemars(extend("source" = "Chen et al. 2021, arXiv 2107.03374"))]
    pub pass_at: Vec<u64>,
    /// What of the text is the answer.
    pub extract: Extract,
    /// When two answers are the same.
    pub normalise: Normalise,
}

impl Default for Generating {
    fn default() -> Self {
        Self {
            tokens: 32,
            until: vec!["\n".to_owned()],
            samples: 1,
            draw: Draw { temperature: 0.0, ..Draw::default() },
            pass_at: vec![],
            extract: Extract::default(),
            normalise: Normalise::default(),
        }
    }
}

/// Questions to answer in words. `right` is the share of an item's answers that are right, and `pass@k` the chance that
/// one of k is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactMatch {
    /// The questions.
    pub questions: Vec<Open>,
    /// How they are put.
    pub prompting: Prompting,
    /// Draws examples.
    pub seed: u64,
    /// How they are answered.
    pub generating: Generating,
    /// Ids that end an answer.
    pub stop: Vec<u32>,
}

impl ExactMatch {
    fn is_right(&self, text: &str, open: &Open) -> bool {
        let Generating { extract, normalise, .. } = &self.generating;
        let Some(said) = extract.of(text).map(|said| normalise.of(&said)) else { return false };
        open.answers.iter().any(|answer| {
            // a right answer may be written with its reasons, as in GSM8K
            let answer = extract.of(answer).unwrap_or_else(|| answer.clone());
            normalise.of(&answer) == said
        })
    }
}

impl Benchmark for ExactMatch {
    fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>> {
        let Generating { tokens, until, samples, draw, .. } = &self.generating;
        let writing = Writing {
            tokens: *tokens,
            samples: *samples,
            draw: draw.clone(),
            until: until.clone(),
            stop: self.stop.clone(),
        };
        let item = |(at, prompt): (usize, String)| {
            // a space at the end would be a token that no word begins with
            let ask =
                Ask::Write { prompt: encoding.text(prompt.trim_end_matches(' ')), writing: writing.clone() };
            Item { name: name(at), chance: Some(0.0), asks: vec![ask] }
        };
        let prompts = prompts(&self.questions, &self.prompting, self.seed)?;
        Ok(prompts.into_iter().enumerate().map(item).collect())
    }

    fn grade(&self, at: usize, answers: &[Answer]) -> Vec<Mark> {
        let texts = answers.iter().flat_map(Answer::texts);
        let (mut tries, mut right) = (0, 0);
        for text in texts {
            tries += 1;
            right += u64::from(self.is_right(text, &self.questions[at]));
        }
        let mut marks = vec![Mark::of("right", pass_at_k(tries, right, 1))];
        let pass = |&k: &u64| Mark::of(&format!("pass@{k}"), pass_at_k(tries, right, k));
        marks.extend(self.generating.pass_at.iter().map(pass));
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_right_in_other_words() {
        let open =
            Open { answers: vec!["2 + 3 = 5\n#### 5".to_owned(), "five".to_owned()], ..Open::default() };
        let mut benchmark = ExactMatch {
            questions: vec![open],
            prompting: Prompting::default(),
            seed: 0,
            generating: Generating {
                pass_at: vec![2],
                extract: Extract::LastNumber,
                ..Generating::default()
            },
            stop: vec![],
        };
        let answers = [Answer::Written(["so 5.", "4", "none", "5.0 apples"].map(str::to_owned).to_vec())];
        let values = |benchmark: &ExactMatch| -> Vec<f64> {
            benchmark.grade(0, &answers).iter().map(|mark| mark.value).collect()
        };
        assert_eq!(values(&benchmark), [0.5, 1.0 - 2.0 / 4.0 * 1.0 / 3.0]);
        benchmark.generating.extract = Extract::Whole;
        assert_eq!(values(&benchmark), [0.0, 0.0]);
        assert_eq!(benchmark.grade(0, &[Answer::Written(vec!["Five!".to_owned()])])[0].value, 1.0);
    }
}
