//! The shapes in which people keep conversations, each read as messages.
//!
//! | shape | fields |
//! |---|---|
//! | messages | `messages`: role and content (text, or parts of type text), `tool_calls` |
//! | ShareGPT | `conversations`: from and value; also `turns` with speaker and utterance |
//! | prompt, completion | texts or messages; `response` is the same as `completion` |
//! | Alpaca | `instruction`, `input`, `output` |
//! | chosen, rejected | after a prompt or an instruction, or as a whole talk: the chosen one is what is learned |

use serde_json::{Map, Value};

/// A message on its way into `conversations/1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::stages) struct Said {
    pub(in crate::stages) role: String,
    pub(in crate::stages) parts: Vec<(Sort, String)>,
    pub(in crate::stages) train: Option<bool>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stages) enum Sort {
    Text,
    Thought,
    Call,
    Output,
}

impl Said {
    pub(in crate::stages) fn text(role: &str, text: impl Into<String>) -> Self {
        Self { role: role.to_owned(), parts: vec![(Sort::Text, text.into())], train: None }
    }
}

pub(in crate::stages) type Read<T> = Result<T, String>;

/// The conversation of a row, or what is wrong with it.
pub(super) fn conversation(row: &Value) -> Read<Vec<Said>> {
    let Value::Object(row) = row else { return Err(format!("expected an object, got {}", kind(row))) };
    let known = ["messages", "conversations", "conversation", "turns"];
    if let Some(turns) = known.iter().find_map(|name| present(row, name)) {
        return messages(turns);
    }
    let mut talk = match (present(row, "prompt"), present(row, "instruction")) {
        (Some(prompt), _) => messages_or(prompt, "user")?,
        (None, Some(instruction)) => vec![instructed(instruction, present(row, "input"))?],
        (None, None) => vec![],
    };
    let answers = ["completion", "chosen", "response", "output"];
    let Some(answer) = answers.iter().find_map(|name| present(row, name)) else {
        let names: Vec<&str> = row.keys().map(String::as_str).take(8).collect();
        return Err(format!(
            "expected messages, conversations, prompt and completion, instruction and output, or chosen; got {}",
            names.join(", ")
        ));
    };
    match answer {
        Value::String(text) if talk.is_empty() => talk = transcript(text)?,
        _ => talk.extend(messages_or(answer, "assistant")?),
    }
    Ok(talk)
}

pub(in crate::stages) fn present<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    row.get(name).filter(|value| !value.is_null())
}

pub(in crate::stages) fn instructed(instruction: &Value, input: Option<&Value>) -> Read<Said> {
    let (instruction, input) = (string(instruction)?, input.map(string).transpose()?.unwrap_or_default());
    let gap = if input.trim().is_empty() { "" } else { "\n\n" };
    Ok(Said::text("user", format!("{instruction}{gap}{}", if gap.is_empty() { "" } else { input })))
}

/// A text as somebody's message, or messages.
pub(in crate::stages) fn messages_or(value: &Value, role: &str) -> Read<Vec<Said>> {
    match value {
        Value::String(text) => Ok(vec![Said::text(role, text)]),
        turns => messages(turns),
    }
}

pub(in crate::stages) fn messages(turns: &Value) -> Read<Vec<Said>> {
    let Value::Array(turns) = turns else {
        return Err(format!("expected a list of messages, got {}", kind(turns)));
    };
    let message = |(at, turn)| message(turn).map_err(|problem| format!("message {at}: {problem}"));
    turns.iter().enumerate().map(message).collect()
}

fn message(turn: &Value) -> Read<Said> {
    let Value::Object(turn) = turn else { return Err(format!("expected an object, got {}", kind(turn))) };
    let field = |names: &[&str]| names.iter().find_map(|name| present(turn, name));
    let who = field(&["role", "from", "speaker"]).ok_or("expected `role` or `from`, got neither")?;
    let (role, sort) = match string(who)? {
        // of two who talk, the system is who answers
        "SYSTEM" if turn.contains_key("speaker") => ("assistant".to_owned(), Sort::Text),
        name => role(name),
    };
    let mut parts = match field(&["content", "value", "utterance", "text"]) {
        Some(Value::String(text)) => vec![(sort, text.clone())],
        Some(Value::Array(parts)) => parts.iter().map(part).collect::<Read<_>>()?,
        Some(other) => return Err(format!("expected a text or parts, got {}", kind(other))),
        None => vec![],
    };
    if let Some(Value::Array(calls)) = field(&["tool_calls"]) {
        parts.extend(calls.iter().map(|call| (Sort::Call, called(call))));
    }
    if parts.is_empty() {
        return Err("expected `content` or `value`, got neither".to_owned());
    }
    let train = field(&["train"]).and_then(Value::as_bool);
    Ok(Said { role, parts, train })
}

/// Our name of a role that goes by many; one that nobody knows stays as it is, and is counted where it is learned from.
fn role(name: &str) -> (String, Sort) {
    let ours = match name.to_lowercase().as_str() {
        "system" | "developer" => "system",
        "user" | "human" | "prompter" => "user",
        "assistant" | "gpt" | "chatgpt" | "bot" | "model" => "assistant",
        "tool" | "observation" | "function" | "function_response" | "ipython" => "tool",
        "function_call" | "tool_call" => return ("assistant".to_owned(), Sort::Call),
        _ => name,
    };
    (ours.to_owned(), Sort::Text)
}

fn part(part: &Value) -> Read<(Sort, String)> {
    let sort = part["type"].as_str().or(part["kind"].as_str()).unwrap_or("text");
    let sort = match sort {
        "text" => Sort::Text,
        "thought" | "thinking" | "reasoning" => Sort::Thought,
        "tool_call" => Sort::Call,
        "tool_output" => Sort::Output,
        other => return Err(format!("expected a part of type text, got {other}")),
    };
    let text = part["text"].as_str().or(part["thinking"].as_str()).or(part.as_str());
    Ok((sort, text.ok_or("expected `text` in a part, got none")?.to_owned()))
}

/// A call in OpenAI's shape as one line: the name, then the arguments as they were written.
fn called(call: &Value) -> String {
    let function = call.get("function").unwrap_or(call);
    let arguments = match &function["arguments"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    format!("{} {arguments}", function["name"].as_str().unwrap_or("tool")).trim_end().to_owned()
}

/// A talk told as a text: `Human:` and `Assistant:` take turns (Bai et al. 2022, arXiv 2204.05862).
pub(in crate::stages) fn transcript(text: &str) -> Read<Vec<Said>> {
    const TURNS: [(&str, &str); 2] = [("\n\nHuman:", "user"), ("\n\nAssistant:", "assistant")];
    let (mut talk, mut rest): (Vec<Said>, &str) = (vec![], text);
    let begins = |rest: &str| TURNS.iter().find(|(mark, _)| rest.starts_with(mark)).copied();
    while let Some((mark, role)) = begins(rest) {
        rest = &rest[mark.len()..];
        let end = TURNS.iter().filter_map(|(mark, _)| rest.find(mark)).min().unwrap_or(rest.len());
        talk.push(Said::text(role, rest[..end].trim()));
        rest = &rest[end..];
    }
    if talk.is_empty() || !rest.is_empty() {
        return Err(
            "expected a prompt beside it, or a talk of `\\n\\nHuman:` and `\\n\\nAssistant:`; got neither"
                .to_owned(),
        );
    }
    Ok(talk)
}

fn string(value: &Value) -> Read<&str> {
    value.as_str().ok_or_else(|| format!("expected a text, got {}", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Said, Sort, conversation};

    fn told(talk: &[Said]) -> String {
        let part = |(sort, text): &(Sort, String)| match sort {
            Sort::Text => text.clone(),
            other => format!("{other:?}({text})"),
        };
        let message = |said: &Said| {
            let parts: Vec<String> = said.parts.iter().map(part).collect();
            format!("{}: {}", said.role, parts.join(" "))
        };
        talk.iter().map(message).collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn every_shape_is_read() {
        let turns = json!([{ "role": "system", "content": "s" }, { "role": "user", "content": [{ "type": "text", "text": "q" }] },
            { "role": "assistant", "content": null, "tool_calls": [{ "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "content": "4" }, { "role": "assistant", "content": "a", "train": false }]);
        for (row, expected) in [
            (
                json!({ "messages": turns }),
                "system: s / user: q / assistant: Call(f {}) / tool: 4 / assistant: a",
            ),
            (
                json!({ "id": 1, "conversations": [{ "from": "human", "value": "q" }, { "from": "gpt", "value": "a" }] }),
                "user: q / assistant: a",
            ),
            (
                json!({ "turns": [{ "speaker": "USER", "utterance": "q" }, { "speaker": "SYSTEM", "utterance": "a" }] }),
                "user: q / assistant: a",
            ),
            (json!({ "prompt": "q", "completion": "a" }), "user: q / assistant: a"),
            (json!({ "prompt": "q", "response": "a" }), "user: q / assistant: a"),
            (
                json!({ "prompt": [{ "role": "user", "content": "q" }], "completion": [{ "role": "assistant", "content": "a" }] }),
                "user: q / assistant: a",
            ),
            (json!({ "instruction": "q", "input": "", "output": "a" }), "user: q / assistant: a"),
            (json!({ "instruction": "q", "input": "i", "output": "a" }), "user: q\n\ni / assistant: a"),
            (json!({ "prompt": "q", "chosen": "a", "rejected": "b" }), "user: q / assistant: a"),
            (
                json!({ "instruction": "q", "input": "", "output": "o", "chosen": "a", "rejected": "b" }),
                "user: q / assistant: a",
            ),
            (
                json!({ "chosen": "\n\nHuman: q\n\nAssistant: a\n\nHuman: r\n\nAssistant: b", "rejected": "" }),
                "user: q / assistant: a / user: r / assistant: b",
            ),
            (
                json!({ "chosen": [{ "role": "user", "content": "q" }, { "role": "assistant", "content": "a" }] }),
                "user: q / assistant: a",
            ),
        ] {
            assert_eq!(conversation(&row).map(|talk| told(&talk)).as_deref(), Ok(expected), "{row}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (row, expected) in [
            (json!([]), "expected an object, got a list"),
            (json!({ "messages": "x" }), "expected a list of messages, got a text"),
            (
                json!({ "messages": [{ "content": "x" }] }),
                "message 0: expected `role` or `from`, got neither",
            ),
            (
                json!({ "messages": [{ "role": "user" }] }),
                "message 0: expected `content` or `value`, got neither",
            ),
            (
                json!({ "messages": [{ "role": 1, "content": "" }] }),
                "message 0: expected a text, got a number",
            ),
            (
                json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] }),
                "message 0: expected a part of type text, got image_url",
            ),
            (json!({ "prompt": "x", "completion": 3 }), "expected a list of messages, got a number"),
            (
                json!({ "text": "x" }),
                "expected messages, conversations, prompt and completion, instruction and output, or chosen; got text",
            ),
        ] {
            assert_eq!(conversation(&row).unwrap_err(), expected, "{row}");
        }
    }
}
