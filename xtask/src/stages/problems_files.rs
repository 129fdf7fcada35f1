//! `problems-files`: problems of this machine enter a run, with their answers.

use std::path::Path;

use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shard::{Dropped, Message, Problems, Table, problems};

use super::import::{self, Import, Sought};
use super::{brought, rows};

/// JSON lines, JSON lists, CSV, TSV and Parquet files of problems, `.gz` and `.zst` too.
///
/// The question is called `question`, `problem`, `prompt` or `context`; what is right `answer`, `ground_truth`, `solution`,
/// `continuation` or, as in verl, `reward_model.ground_truth`. Of a solution that ends with `#### 42`, as in GSM8K, only the 42
/// is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProblemsFiles {
    /// Paths, directories or patterns (`problems/*.jsonl`), relative to the pipeline file; or `package:PATTERN`, below the slot
    /// `packages`.
    pub files: Vec<String>,
    /// What stands under `source`, before `/practice` or `/test`; by default a file's name without what follows the first dot.
    pub source: Option<String>,
    /// What stands under `ability`.
    pub ability: String,
    /// What compares an answer with the right one.
    pub verifier: String,
    /// What a system message says; none where it is empty.
    pub system: String,
    /// What stands before a question.
    pub before: String,
    /// What stands behind a question.
    pub after: String,
    /// The share of problems that is set aside for the test.
    pub hold_out: f64,
    /// Most problems of a file; 0 for all.
    #[schemars(extend("unit" = "problems"))]
    pub most: usize,
}

impl Default for ProblemsFiles {
    fn default() -> Self {
        Self {
            files: vec![],
            source: None,
            ability: "mathematics".to_owned(),
            verifier: "math".to_owned(),
            system: String::new(),
            before: String::new(),
            after: String::new(),
            hold_out: 0.1,
            most: 0,
        }
    }
}

impl Stage for ProblemsFiles {
    fn signature(&self) -> Signature {
        let signature = Signature {
            class: Class::Exact,
            random: true,
            writes: vec![Output::new("problems", Problems::NAME), Output::new("dropped", Dropped::NAME)],
            ..Signature::exact(2)
        };
        brought::declared(signature, brought::outside("files", &self.files))
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "path/to/*.jsonl")?;
        if !(0.0..=1.0).contains(&self.hold_out) {
            let fault = Fault::new("this is no share").on("/hold_out").got(self.hold_out.to_string());
            return Err(fault.expected("0 to 1"));
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let mut import = Import::<Problems>::begin(io, "problems", &task)?;
        let seed = io.seed("held out");
        let expected = "a question and its answer, named as `explain problems-files` lists";
        import.each_file(&self.files, Sought { one: "problem", expected }, |import, path| {
            self.import(path, seed, import)
        })?;
        import.finish("problems")
    }
}

impl ProblemsFiles {
    fn import(&self, path: &Path, seed: u64, import: &mut Import<'_, Problems>) -> anyhow::Result<()> {
        let name = import::name(path);
        let source = self.source.as_deref().unwrap_or_else(|| import::source(&name));
        let mut read = 0;
        rows::each(path, &mut |line, row| {
            if self.most > 0 && read == self.most {
                return Ok(());
            }
            read += 1;
            match row.and_then(|row| problem(&row)) {
                Ok(found) => self.keep(&found, source, seed, import),
                Err(refusal) => import.leave(&name, line, refusal),
            }
        })
    }

    fn keep(
        &self,
        found: &Found,
        source: &str,
        seed: u64,
        import: &mut Import<'_, Problems>,
    ) -> anyhow::Result<()> {
        let asked = format!("{}{}{}", self.before, found.question, self.after);
        let mut prompt = vec![];
        if !self.system.is_empty() {
            prompt.push(Message::text("system", &self.system));
        }
        prompt.push(Message::text("user", &asked));
        let part = if is_held_out(seed, &found.question, self.hold_out) { "test" } else { "practice" };
        import.keep(&problems::Row {
            id: import.id,
            source: &format!("{source}/{part}"),
            ability: &self.ability,
            prompt,
            answer: &found.answer,
            verifier: &self.verifier,
            meta: found.meta.as_deref(),
        })?;
        import.io.count(part, 1);
        Ok(())
    }
}

/// By what is asked, so that a question that comes twice is not in both parts.
fn is_held_out(seed: u64, question: &str, share: f64) -> bool {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(question.trim().as_bytes());
    let drawn = hasher.finalize().as_bytes()[..8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    (drawn as f64) < share * (u64::MAX as f64)
}

/// A problem of a file.
struct Found {
    question: String,
    answer: String,
    meta: Option<String>,
}

const QUESTIONS: [&str; 4] = ["question", "problem", "prompt", "context"];
const ANSWERS: [&str; 4] = ["answer", "ground_truth", "solution", "continuation"];

fn problem(row: &Value) -> Result<Found, (&'static str, String)> {
    let named = |names: &[&str]| names.iter().find_map(|name| words(&row[*name]));
    let Some(question) = named(&QUESTIONS) else {
        return Err(("no_question", format!("expected one of {}", QUESTIONS.join(", "))));
    };
    let answer = named(&ANSWERS).or_else(|| words(&row["reward_model"]["ground_truth"]));
    let answer = answer.map(|answer| match answer.rsplit_once("####") {
        Some((_, result)) => result.trim().to_owned(),
        None => answer.trim().to_owned(),
    });
    match answer.filter(|answer| !answer.is_empty()) {
        Some(answer) => {
            let meta = row.get("meta").filter(|meta| meta.is_object()).map(Value::to_string);
            Ok(Found { question, answer, meta })
        }
        None => Err(("no_answer", format!("expected one of {}", ANSWERS.join(", ")))),
    }
}

/// A text, a number, or what the last message of a list says.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(messages) => words(&messages.last()?["content"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_held_out, problem};

    #[test]
    fn the_usual_shapes_are_read() {
        for (row, question, answer) in [
            (json!({"question": "2 + 2?", "answer": "2 + 2 = <<2+2=4>>4\n#### 4"}), "2 + 2?", "4"),
            (
                json!({"problem": "x?", "answer": "\\frac12", "solution": "so \\boxed{\\frac12}"}),
                "x?",
                "\\frac12",
            ),
            (json!({"context": "25 - 759 =", "continuation": " -734"}), "25 - 759 =", "-734"),
            (
                json!({"prompt": [{"role": "user", "content": "Hi?"}], "reward_model": {"ground_truth": 7}}),
                "Hi?",
                "7",
            ),
        ] {
            let found = problem(&row).unwrap();
            assert_eq!((found.question.as_str(), found.answer.as_str()), (question, answer));
        }
        assert_eq!(problem(&json!({"answer": "4"})).err().unwrap().0, "no_question");
        for answer in [json!(""), json!("so #### "), json!(null), json!([])] {
            assert_eq!(problem(&json!({"question": "2?", "answer": answer})).err().unwrap().0, "no_answer");
        }
    }

    #[test]
    fn a_question_is_in_one_part_and_parts_have_their_size() {
        let out = (0..10_000).filter(|at| is_held_out(7, &format!("question {at}"), 0.2)).count();
        assert!((1_800..2_200).contains(&out), "{out}");
        assert_eq!(is_held_out(7, "a", 0.5), is_held_out(7, " a ", 0.5));
        assert!(is_held_out(7, "a", 1.0) && !is_held_out(7, "a", 0.0));
    }
}
