//! Messages as OpenAI's API has them, and the conversation that a template writes.

use schemars::JsonSchema;
use serde::Deserialize;
use sft::Role;

use super::tool_calls::ToolCall;
use crate::Said;
use crate::serve::{Answer, Refusal};

/// A message of a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Message {
    /// `system` (or `developer`), `user`, `assistant` or `tool`.
    #[schemars(extend("enum" = ["system", "developer", "user", "assistant", "tool"]))]
    pub(crate) role: String,
    /// What is said.
    #[serde(default)]
    pub(crate) content: Option<Content>,
    /// What the assistant thought before.
    #[serde(default)]
    pub(crate) reasoning_content: Option<String>,
    /// What the assistant called.
    #[serde(default)]
    pub(crate) tool_calls: Option<Vec<ToolCall>>,
    /// Which call a tool answers.
    #[serde(default)]
    pub(crate) tool_call_id: Option<String>,
}

/// Words, whole or in parts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Content {
    /// Whole.
    Text(String),
    /// In parts.
    Parts(Vec<Part>),
}

/// A part of what is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Part {
    /// `text`; models here neither see nor hear.
    #[schemars(extend("enum" = ["text"]))]
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

/// A turn of a conversation, with words of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) content: Vec<Said>,
}

impl Turn {
    /// The turn, as templates read it.
    pub(crate) fn message(&self) -> sft::Message<'_> {
        sft::Message { role: self.role, content: self.content.iter().map(Said::part).collect(), learn: None }
    }
}

/// The turns that messages tell.
///
/// 1. `developer` is another word for `system`.
/// 2. Messages of one user in a row are one turn, a blank line between them.
/// 3. An assistant that said nothing said an ellipsis, as in [`Session`](crate::Session).
/// 4. Of several calls in one message, each has its answer right behind it.
///
/// # Errors
/// An unknown role, a part that is no text, answers without a call.
pub(crate) fn conversation(messages: &[Message]) -> Answer<Vec<Turn>> {
    let mut turns: Vec<Turn> = vec![];
    // calls of the last assistant that wait for an answer
    let mut open: Vec<ToolCall> = vec![];
    for (at, message) in messages.iter().enumerate() {
        let at = |field: &str| format!("messages[{at}].{field}");
        let text = text(message.content.as_ref(), &at("content"))?;
        if message.role != "tool" && !open.is_empty() {
            let message = format!("the call `{}` has no answer of a tool", open[0].id);
            return Err(Refusal::invalid(at("role"), message));
        }
        match (message.role.as_str(), turns.last_mut()) {
            ("user", Some(Turn { role: Role::User, content })) => {
                content.extend([Said::Text("\n\n".to_owned()), Said::Text(text)]);
            }
            ("user", _) => turns.push(Turn { role: Role::User, content: vec![Said::Text(text)] }),
            ("system" | "developer", _) => {
                turns.push(Turn { role: Role::System, content: vec![Said::Text(text)] });
            }
            ("assistant", _) => {
                open = message.tool_calls.clone().unwrap_or_default();
                open.reverse();
                let mut content = vec![];
                content.extend(
                    message.reasoning_content.clone().filter(|text| !text.is_empty()).map(Said::Thought),
                );
                if !text.is_empty() {
                    content.push(Said::Text(text));
                }
                content.extend(open.last().map(|call| Said::Call(call.request())));
                if content.is_empty() {
                    content.push(Said::Text("…".to_owned()));
                }
                turns.push(Turn { role: Role::Assistant, content });
            }
            ("tool", _) => {
                let id = message.tool_call_id.as_deref();
                let Some(place) = open.iter().rposition(|call| id.is_none_or(|id| id == call.id)) else {
                    let message = "the answer of a tool follows the call that it names";
                    return Err(Refusal::invalid(at("tool_call_id"), message));
                };
                answer(&mut turns, &mut open, place, text);
            }
            (other, _) => {
                let message = format!("unknown role `{other}`: expected system, user, assistant or tool");
                return Err(Refusal::invalid(at("role"), message));
            }
        }
    }
    match open.first() {
        Some(call) => {
            let message = format!("the call `{}` has no answer of a tool", call.id);
            Err(Refusal::invalid("messages", message))
        }
        None => Ok(turns),
    }
}

/// Notes a tool's answer; `open` are the calls without one, the next last.
fn answer(turns: &mut Vec<Turn>, open: &mut Vec<ToolCall>, place: usize, text: String) {
    let answered = open.remove(place);
    let Some(next) = open.last() else {
        // the last answer is a message of the tool: the assistant goes on behind it
        turns.push(Turn { role: Role::Tool, content: vec![Said::Output(text)] });
        return;
    };
    let Some(turn) = turns.last_mut() else { return };
    // answers may come in another order than calls: the call that is written last is the one that is answered
    if let Some(Said::Call(written)) = turn.content.last_mut() {
        *written = answered.request();
    }
    turn.content.extend([Said::Output(text), Said::Call(next.request())]);
}

fn text(content: Option<&Content>, at: &str) -> Answer<String> {
    let Some(content) = content else { return Ok(String::new()) };
    match content {
        Content::Text(text) => Ok(text.clone()),
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match (part.kind.as_str(), &part.text) {
                ("text", Some(text)) => Ok(text.as_str()),
                (kind, _) => {
                    let message = format!("models here read parts of the type `text`, got `{kind}`");
                    Err(Refusal::invalid(at.to_owned(), message))
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &str) -> Answer<Vec<Turn>> {
        conversation(&serde_json::from_str::<Vec<Message>>(messages).unwrap())
    }

    #[test]
    fn words_become_turns() {
        let turns = told(
            r#"[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi."},
                {"role": "user", "content": [{"type": "text", "text": "There"}, {"type": "text", "text": "!"}]},
                {"role": "assistant", "content": "", "reasoning_content": "Hm."}, {"role": "user", "content": "?"}]"#,
        )
        .unwrap();
        let text = |text: &str| Said::Text(text.to_owned());
        assert_eq!(
            turns,
            [
                Turn { role: Role::System, content: vec![text("Be brief.")] },
                Turn { role: Role::User, content: vec![text("Hi."), text("\n\n"), text("There!")] },
                Turn { role: Role::Assistant, content: vec![Said::Thought("Hm.".to_owned())] },
                Turn { role: Role::User, content: vec![text("?")] },
            ]
        );
    }

    #[test]
    fn each_call_has_its_answer_behind_it_in_whatever_order_they_come() {
        let call = |id: &str, sum: &str| {
            format!(
                r#"{{"id": "{id}", "type": "function", "function": {{"name": "calculate", "arguments": "{{\"expression\": \"{sum}\"}}"}}}}"#
            )
        };
        let (one, two) = (call("a", "1+1"), call("b", "2+2"));
        let turns = told(&format!(
            r#"[{{"role": "user", "content": "?"}}, {{"role": "assistant", "content": null, "tool_calls": [{one}, {two}]}},
                {{"role": "tool", "tool_call_id": "b", "content": "4"}}, {{"role": "tool", "tool_call_id": "a", "content": "2"}}]"#
        ))
        .unwrap();
        let said = |text: &str| text.to_owned();
        assert_eq!(
            turns[1].content,
            [Said::Call(said("calculate 2+2")), Said::Output(said("4")), Said::Call(said("calculate 1+1"))]
        );
        assert_eq!(turns[2], Turn { role: Role::Tool, content: vec![Said::Output(said("2"))] });
        let unanswered = format!(
            r#"[{{"role": "user", "content": "?"}}, {{"role": "assistant", "tool_calls": [{one}]}}]"#
        );
        assert_eq!(told(&unanswered).unwrap_err().param.as_deref(), Some("messages"));
        let strange =
            r#"[{"role": "user", "content": "?"}, {"role": "tool", "tool_call_id": "a", "content": "2"}]"#;
        assert_eq!(told(strange).unwrap_err().param.as_deref(), Some("messages[1].tool_call_id"));
        let picture = r#"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]"#;
        assert_eq!(told(picture).unwrap_err().param.as_deref(), Some("messages[0].content"));
    }
}
