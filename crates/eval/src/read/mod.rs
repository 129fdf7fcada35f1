//! Files of questions: a JSON object a line, in the shapes that llm-foundry and others publish.
//!
//! | fields | what it is | read by |
//! |---|---|---|
//! | `query`, `choices`, `gold` | a question with choices | [`choices`] |
//! | `context_options`, `continuation`, `gold` | a text with several beginnings | [`choices`] |
//! | `question`, `choices`, `answer` | MMLU: choices are shown as letters, and a letter is the answer | [`choices`] |
//! | `context`, `continuation` | a text to complete | [`open`] |
//! | `context` or `question`, `answer`, `aliases` | a question with other words for its answer | [`open`] |
//! | `query`, `answers_text` | a text to complete | [`open`] |
//! | `text` | a text | [`texts`] |
//!
//! The files of requests that oe-eval keeps have any of these in `doc`, a line for each thing that a model is asked about it:
//! of lines with one `doc`, the first is read.
//!
//! `category` or `subject` say to which group a question belongs. Other fields are passed over, as are empty lines.

mod fields;

use std::collections::HashSet;
use std::io::BufRead;

use crate::{Choice, Error, Open, Result};
use fields::Fields;

/// Questions with choices.
pub fn choices(lines: impl BufRead) -> Result<Vec<Choice>> {
    each(lines, |fields| {
        let group = fields.group();
        let (questions, choices, gold) = if fields.has("context_options") {
            (fields.texts("context_options")?, vec![fields.text("continuation")?], "gold")
        } else if fields.has("question") {
            let (question, choices) = (fields.text("question")?, fields.texts("choices")?);
            let letters: Vec<String> = ('A'..='Z').take(choices.len()).map(String::from).collect();
            if letters.len() < choices.len() {
                return Err(fields.wrong("choices", "at most 26 texts, a letter each,"));
            }
            let shown = letters.iter().zip(&choices).map(|(letter, choice)| format!("\n{letter}. {choice}"));
            let question = question + &shown.collect::<String>();
            (vec![question], letters, "answer")
        } else {
            (vec![fields.text("query")?], fields.texts("choices")?, "gold")
        };
        let gold = fields.index(gold, questions.len().max(choices.len()))?;
        Ok(Choice { questions, choices, gold, group })
    })
}

/// Questions to answer, texts to complete.
pub fn open(lines: impl BufRead) -> Result<Vec<Open>> {
    each(lines, |fields| {
        if fields.has("answers_text") {
            let (question, answers) = (fields.text("query")?, fields.texts("answers_text")?);
            return Ok(Open { question, answers, group: fields.group() });
        }
        let question = fields.text(if fields.has("question") { "question" } else { "context" })?;
        let mut answers =
            vec![fields.text(if fields.has("continuation") { "continuation" } else { "answer" })?];
        if fields.has("aliases") {
            for alias in fields.texts("aliases")? {
                if !answers.contains(&alias) {
                    answers.push(alias);
                }
            }
        }
        Ok(Open { question, answers, group: fields.group() })
    })
}

/// Texts, which must not be empty.
pub fn texts(lines: impl BufRead) -> Result<Vec<String>> {
    each(lines, |fields| fields.text("text"))
}

fn each<T>(lines: impl BufRead, read: impl Fn(&Fields) -> Result<T>) -> Result<Vec<T>> {
    let (mut found, mut asked) = (vec![], HashSet::new());
    for (at, text) in lines.lines().enumerate() {
        let line = at + 1;
        let text = text.map_err(|source| Error::Io { line, source })?;
        if !text.trim().is_empty() {
            let fields = Fields::parse(&text, line)?;
            if fields.requested().is_none_or(|doc| asked.insert(doc)) {
                found.push(read(&fields)?);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_read() {
        let lines = r#"{"query": "Q", "choices": ["a", "b"], "gold": 1, "category": "x"}

{"context_options": ["he", "she"], "continuation": "went", "gold": 0}
{"question": "Q", "choices": ["yes", "no"], "answer": 1, "subject": "law", "more": 3}"#;
        let got = choices(lines.as_bytes()).unwrap();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!((&got[0].choices, got[0].gold, &*got[0].group), (&words(&["a", "b"]), 1, "x"));
        assert_eq!((&got[1].questions, &got[1].choices), (&words(&["he", "she"]), &words(&["went"])));
        assert_eq!(got[2].questions, ["Q\nA. yes\nB. no"]);
        assert_eq!((&got[2].choices, got[2].gold, &*got[2].group), (&words(&["A", "B"]), 1, "law"));

        let lines = r#"{"context": "to be or not to", "continuation": "be"}
{"context": "Who?", "answer": "Ann", "aliases": ["Ann", "Anna"]}"#;
        let got = open(lines.as_bytes()).unwrap();
        assert_eq!((&*got[0].question, &got[0].answers), ("to be or not to", &words(&["be"])));
        assert_eq!(got[1].answers, words(&["Ann", "Anna"]));
        assert_eq!(texts(&br#"{"text": "a"}"#[..]).unwrap(), ["a"]);
    }

    #[test]
    fn of_requests_about_one_document_the_first_is_read() {
        let line = |doc: &str, at: usize| {
            format!(r#"{{"request_type": "loglikelihood", "doc": {doc}, "request": {{}}, "idx": {at}}}"#)
        };
        let (one, two) = (
            r#"{"query": "Q\nAnswer:", "choices": ["a", "b"], "gold": 1}"#,
            r#"{"query": "P\nAnswer:", "choices": ["a", "b"], "gold": 0}"#,
        );
        let lines = [line(one, 0), line(one, 1), line(two, 0), line(one, 2)].join("\n");
        let got = choices(lines.as_bytes()).unwrap();
        assert_eq!(
            got.iter().map(|choice| &*choice.questions[0]).collect::<Vec<_>>(),
            ["Q\nAnswer:", "P\nAnswer:"]
        );
        let lines = line(r#"{"query": "to be or not to", "answers_text": ["be"], "choices": ["be"]}"#, 0);
        assert_eq!(open(lines.as_bytes()).unwrap()[0].answers, ["be"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |lines: &str| choices(lines.as_bytes()).unwrap_err().to_string();
        let fine = r#"{"query": "Q", "choices": ["a"], "gold": 0}"#;
        for (wrong, expected) in [
            ("{", "line 2: expected a JSON object, got EOF while parsing an object at line 1 column 1"),
            ("[1]", "line 2: expected a JSON object, got [1]"),
            (r#"{"choices": []}"#, "line 2: expected a text that is not empty in `query`, got nothing"),
            (
                r#"{"query": "Q", "choices": [], "gold": 0}"#,
                "line 2: expected texts that are not empty in `choices`, got []",
            ),
            (
                r#"{"query": "Q", "choices": ["a", 2], "gold": 0}"#,
                r#"line 2: expected texts that are not empty in `choices`, got ["a",2]"#,
            ),
            (
                r#"{"query": "Q", "choices": ["a"], "gold": 1}"#,
                "line 2: expected a number below 1 in `gold`, got 1",
            ),
            (
                r#"{"query": "Q", "choices": ["a"], "gold": "A"}"#,
                r#"line 2: expected a number below 1 in `gold`, got "A""#,
            ),
        ] {
            assert_eq!(said(&format!("{fine}\n{wrong}\n")), expected);
        }
        let many = serde_json::json!({ "question": "Q", "choices": vec!["a"; 27], "answer": 26 }).to_string();
        assert!(said(&many).starts_with("line 1: expected at most 26 texts, a letter each, in `choices`"));
    }
}
