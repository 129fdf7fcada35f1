//! The shapes in which people keep preferences, each read as a prompt and ranked answers.
//!
//! | shape | fields |
//! |---|---|
//! | hh-rlhf, TRL's implicit prompt | `chosen`, `rejected`: talks that differ in the last turn only |
//! | TRL's explicit prompt | `prompt` (or `question`), `chosen`, `rejected`: texts or messages |
//! | instructions | `instruction`, `input`, `chosen`, `rejected` |
//! | UKPConvArg1 | `a1`, `a2`, `label`; the file is called `topic_side.csv` |
//! | OpenAI's summaries | `info`, `summaries`, `choice` |
//! | questions with choices | `query`, `choices`, `gold`: the right one before all others |
//! | rankings | `prompt`, `responses`, `ranks`: 1 the best, equal ranks a tie |
//!
//! Beside any of them: `margin` (how much better; of a ranking one number an answer), `labeler` (or `worker`, `annotator`).

use serde_json::{Map, Value};

use crate::stages::conversations_files::shape::{
    Said, Sort, instructed, messages, messages_or, present, transcript,
};

/// A preference on its way into `preferences/1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) prompt: Vec<Said>,
    pub(super) responses: Vec<String>,
    pub(super) ranks: Vec<i32>,
    pub(super) margin: Option<Vec<f32>>,
    pub(super) labeler: Option<String>,
    pub(super) policies: Option<Vec<String>>,
    /// What it is about, where files are divided by that.
    pub(super) topic: Option<String>,
}

/// Why a row is left out, and what is wrong with it.
pub(super) type Refusal = (&'static str, String);

type Read<T> = Result<T, Refusal>;

/// A row of no shape that is known.
const UNKNOWN: &str = "unknown_shape";

/// The preference of a row of the file of this name, or why there is none.
pub(super) fn preference(row: &Value, file: &str) -> Read<Found> {
    let Value::Object(row) = row else { return Err((UNKNOWN, "expected an object".to_owned())) };
    let has = |names: [&str; 2]| names.iter().all(|name| row.contains_key(*name));
    let mut found = if has(["a1", "a2"]) {
        arguments(row, file)?
    } else if has(["info", "summaries"]) {
        summaries(row)?
    } else if has(["responses", "ranks"]) {
        ranking(row)?
    } else if has(["chosen", "rejected"]) {
        pair(row)?
    } else if has(["choices", "gold"]) {
        choices(row)?
    } else {
        let names: Vec<&str> = row.keys().map(String::as_str).take(8).collect();
        let expected = "expected chosen and rejected, responses and ranks, a1 and a2, or info and summaries";
        return Err((UNKNOWN, format!("{expected}; got {}", names.join(", "))));
    };
    found.labeler = ["labeler", "labeller", "worker", "worker_id", "annotator", "annotator_id"]
        .iter()
        .find_map(|name| name_of(present(row, name)?));
    checked(found)
}

/// Refuses what nothing can be learned from, under the names that `rlhf-reward` has for it.
fn checked(found: Found) -> Read<Found> {
    let (answers, ranks) = (found.responses.len(), found.ranks.len());
    if answers < 2 || answers != ranks {
        return Err(("incomplete", format!("{answers} answers and {ranks} ranks")));
    }
    if found.margin.as_ref().is_some_and(|margin| margin.len() != answers) {
        return Err(("incomplete", format!("{answers} answers, and margins of another number")));
    }
    if found.margin.iter().flatten().any(|margin| !margin.is_finite()) {
        return Err(("invalid_margin", "a margin is no finite number".to_owned()));
    }
    if found.prompt.iter().flat_map(|said| &said.parts).all(|(_, text)| text.trim().is_empty()) {
        return Err(("empty_prompt", "nothing is asked".to_owned()));
    }
    if let Some(empty) = found.responses.iter().position(|answer| answer.trim().is_empty()) {
        return Err(("empty_answer", format!("answer {empty} is empty")));
    }
    if found.ranks.iter().all(|rank| *rank == found.ranks[0]) {
        return Err(("all_tied", "no answer is better than another".to_owned()));
    }
    for second in 0..answers {
        let same = |first: &usize| {
            found.responses[*first].trim() == found.responses[second].trim()
                && found.ranks[*first] != found.ranks[second]
        };
        if let Some(first) = (0..second).find(same) {
            return Err(("equal_answers", format!("answers {first} and {second} are the same text")));
        }
    }
    Ok(found)
}

fn pair(row: &Map<String, Value>) -> Read<Found> {
    let asked = asked(row).map_err(|problem| (UNKNOWN, problem))?;
    let side = |name: &str| {
        side(&row[name], asked.as_deref()).map_err(|(why, what)| (why, format!("{name}: {what}")))
    };
    let ((prompt, chosen), (other, rejected)) = (side("chosen")?, side("rejected")?);
    if prompt != other || prompt.is_empty() && asked.is_none() {
        let problem = "expected two talks that differ in the last turn only, or a prompt";
        return Err(("no_common_prompt", problem.to_owned()));
    }
    let margin = match present(row, "margin") {
        None => None,
        Some(margin) => {
            let margin =
                number(margin).ok_or(("invalid_margin", format!("expected a number, got {margin}")))?;
            Some(vec![margin, 0.0])
        }
    };
    Ok(Found { prompt, responses: vec![chosen, rejected], ranks: vec![1, 2], margin, ..Found::default() })
}

/// What is asked, where a row says it apart from the answers.
fn asked(row: &Map<String, Value>) -> Result<Option<Vec<Said>>, String> {
    let asked = match (present(row, "prompt").or(present(row, "question")), present(row, "instruction")) {
        (Some(Value::String(text)), _) => prompt(text)?,
        (Some(talk), _) => messages(talk)?,
        (None, Some(instruction)) => vec![instructed(instruction, present(row, "input"))?],
        (None, None) => return Ok(None),
    };
    let system = present(row, "system").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    Ok(Some(system.map(|text| Said::text("system", text)).into_iter().chain(asked).collect()))
}

/// A prompt that is a text: a talk up to the answer, or what a user says.
fn prompt(text: &str) -> Result<Vec<Said>, String> {
    if !is_transcript(text) {
        return Ok(vec![Said::text("user", text)]);
    }
    let mut talk = transcript(text)?;
    // `Assistant:` at the end asks for the answer
    talk.pop_if(|last| last.role == "assistant" && last.parts.iter().all(|(_, text)| text.is_empty()));
    Ok(talk)
}

fn is_transcript(text: &str) -> bool {
    text.starts_with("\n\nHuman:")
}

/// The prompt and the answer of one side, which may hold both.
fn side(value: &Value, asked: Option<&[Said]>) -> Read<(Vec<Said>, String)> {
    let talk = match value {
        Value::Null => return Err(("incomplete", "nothing is there".to_owned())),
        Value::String(text) if is_transcript(text) => transcript(text),
        Value::String(_) if asked.is_none() => return Ok((vec![], String::new())),
        other => messages_or(other, "assistant"),
    };
    let mut talk = talk.map_err(|problem| (UNKNOWN, problem))?;
    let Some(last) = talk.pop_if(|last| last.role == "assistant") else {
        return Err(("no_answer", "the assistant does not have the last word".to_owned()));
    };
    if last.parts.iter().any(|(sort, _)| *sort != Sort::Text) {
        return Err(("answer_not_text", "the answer is more than text".to_owned()));
    }
    let answer = last.parts.into_iter().map(|(_, text)| text).collect();
    match asked {
        Some(asked) if talk.is_empty() => Ok((asked.to_vec(), answer)),
        // a talk that repeats what is asked, perhaps without the system's words
        Some(asked) if asked.ends_with(&talk) => Ok((asked.to_vec(), answer)),
        _ => Ok((talk, answer)),
    }
}

fn ranking(row: &Map<String, Value>) -> Read<Found> {
    let prompt = asked(row).map_err(|problem| (UNKNOWN, problem))?.unwrap_or_default();
    let texts = |name: &str| -> Option<Vec<String>> {
        row.get(name)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let responses =
        texts("responses").ok_or((UNKNOWN, "expected a list of texts in `responses`".to_owned()))?;
    let ranks = row["ranks"].as_array().map(|ranks| ranks.iter().map(rank).collect::<Read<Vec<i32>>>());
    let ranks = ranks.ok_or(("unknown_label", "expected a list of ranks".to_owned()))??;
    let margin = match present(row, "margin").map(|margin| (margin, margin.as_array())) {
        None => None,
        Some((_, Some(margins))) => {
            let margins: Option<Vec<f32>> = margins.iter().map(number).collect();
            Some(margins.ok_or(("invalid_margin", "expected a list of numbers".to_owned()))?)
        }
        Some((other, None)) => return Err(("invalid_margin", format!("expected a list, got {other}"))),
    };
    let policies = texts("policies").filter(|policies| policies.len() == responses.len());
    Ok(Found { prompt, responses, ranks, margin, policies, ..Found::default() })
}

/// A question of a benchmark: nobody says which of the wrong answers is better.
fn choices(row: &Map<String, Value>) -> Read<Found> {
    let prompt = match present(row, "query").and_then(Value::as_str) {
        Some(query) => vec![Said::text("user", query)],
        None => asked(row).map_err(|problem| (UNKNOWN, problem))?.unwrap_or_default(),
    };
    let texts = row["choices"].as_array().into_iter().flatten().map(|text| text.as_str().map(str::to_owned));
    let responses: Option<Vec<String>> = texts.collect();
    let responses = responses.ok_or((UNKNOWN, "expected a list of texts in `choices`".to_owned()))?;
    let gold = row["gold"].as_u64().filter(|&gold| gold < responses.len() as u64);
    let gold = gold.ok_or((
        "unknown_label",
        format!("expected the number of a choice in `gold`, got {}", row["gold"]),
    ))?;
    let ranks = (0..responses.len() as u64).map(|at| if at == gold { 1 } else { 2 }).collect();
    Ok(Found { prompt, responses, ranks, ..Found::default() })
}

fn rank(rank: &Value) -> Read<i32> {
    let rank_of = rank.as_i64().and_then(|rank| i32::try_from(rank).ok());
    rank_of.ok_or(("unknown_label", format!("expected whole numbers as ranks, got {rank}")))
}

fn number(value: &Value) -> Option<f32> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).map(|number| number as f32)
}

/// A name, which may be a number.
fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(name) if !name.trim().is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Arguments for one side of a topic (Habernal and Gurevych 2016, doi 10.18653/v1/P16-1150).
fn arguments(row: &Map<String, Value>, file: &str) -> Read<Found> {
    let ranks = match row.get("label").and_then(Value::as_str).map(str::trim) {
        Some("a1") => vec![1, 2],
        Some("a2") => vec![2, 1],
        Some("equal") => vec![1, 1],
        other => {
            let got = other.unwrap_or("nothing");
            return Err(("unknown_label", format!("expected a1, a2 or equal, got {got}")));
        }
    };
    let text = |name: &str| row[name].as_str().map(lines);
    let [Some(first), Some(second)] = ["a1", "a2"].map(text) else {
        return Err((UNKNOWN, "expected texts in `a1` and `a2`".to_owned()));
    };
    let stem = file.split('.').next().unwrap_or(file);
    let words = |name: &str| name.replace(['-', '_'], " ").trim().to_owned();
    let (topic, said) = match stem.rsplit_once('_') {
        Some((topic, side)) => (topic, format!("Topic: {}\nSide: {}", words(topic), words(side))),
        None => (stem, format!("Topic: {}", words(stem))),
    };
    let prompt = Said::text("user", format!("{said}\n\nGive a convincing argument."));
    Ok(Found {
        prompt: vec![prompt],
        responses: vec![first, second],
        ranks,
        topic: Some(topic.trim_matches(['-', '_']).to_owned()),
        ..Found::default()
    })
}

/// The lines that a one-line file has as `<br/>`.
fn lines(text: &str) -> String {
    text.split("<br/>").map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Summaries of one post, as Stiennon et al. 2020 (arXiv 2009.01325, appendix B.3) show it to a model.
fn summaries(row: &Map<String, Value>) -> Read<Found> {
    let (info, told) = (&row["info"], row["summaries"].as_array().map_or(&[][..], Vec::as_slice));
    let part = |name: &str| info[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let Some(text) = part("post").or(part("article")) else {
        return Err(("empty_prompt", "expected a text in `info.post` or `info.article`".to_owned()));
    };
    let headed =
        |name: &str, before: &str| part(name).map(|text| format!("{before}{text}\n\n")).unwrap_or_default();
    let (subreddit, title) = (headed("subreddit", "SUBREDDIT: r/"), headed("title", "TITLE: "));
    let said = format!("{subreddit}{title}POST: {text}\n\nTL;DR:");
    let texts: Option<Vec<String>> =
        told.iter().map(|summary| summary["text"].as_str().map(|text| text.trim().to_owned())).collect();
    let responses = texts.ok_or((UNKNOWN, "expected `text` in each of `summaries`".to_owned()))?;
    let choice = row.get("choice").and_then(Value::as_u64).filter(|choice| (*choice as usize) < told.len());
    let Some(choice) = choice else {
        let got = row.get("choice").unwrap_or(&Value::Null);
        return Err(("unknown_label", format!("expected the place of a summary in `choice`, got {got}")));
    };
    let ranks = (0..told.len()).map(|at| if at == choice as usize { 1 } else { 2 }).collect();
    let policies = told.iter().map(|summary| name_of(&summary["policy"])).collect();
    Ok(Found { prompt: vec![Said::text("user", said)], responses, ranks, policies, ..Found::default() })
}

#[cfg(test)]
mod tests;
