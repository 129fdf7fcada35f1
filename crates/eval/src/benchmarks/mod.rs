//! The benchmarks that there are.

mod choice;
mod cloze;
mod exact;
mod extract;
mod texts;

pub use choice::{Choice, Counted, MultipleChoice};
pub use cloze::Cloze;
pub use exact::{ExactMatch, Generating};
pub use extract::{Extract, Normalise};
pub use texts::Texts;

use crate::{Example, Prompting, Result};

/// A question whose answer the model has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// What is asked.
    pub question: String,
    /// What is right: the answer, and other words for it.
    pub answers: Vec<String>,
    /// What it belongs to; examples come from the same.
    pub group: String,
}

impl Open {
    fn example(&self) -> Example<'_> {
        let answer = self.answers.first().map_or("", String::as_str);
        Example { question: &self.question, answer, group: &self.group }
    }
}

/// The prompts of open questions.
fn prompts(questions: &[Open], prompting: &Prompting, seed: u64) -> Result<Vec<String>> {
    let pool: Vec<Example<'_>> = questions.iter().map(Open::example).collect();
    let prompt = |(at, open): (usize, &Open)| prompting.prompt(&open.question, at, &pool, seed);
    questions.iter().enumerate().map(prompt).collect()
}

/// What the item `at` is called: its place in the file, from 0.
fn name(at: usize) -> String {
    format!("{at:05}")
}
