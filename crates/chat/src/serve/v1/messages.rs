//! Messages as OpenAI's API has them, and the conversation that a template writes.

use schemars::JsonSchema;
use serde::Deserialize;
use sft::Role;

use super::tool_calls::ToolCall;
use crate::Said;
use crate::serve::senses::{Intake, Kind};
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
    /// Ours: what the assistant drew or spoke behind its words.
    #[serde(default)]
    pub(crate) media: Option<Vec<Made>>,
    /// What the assistant called.
    #[serde(default)]
    pub(crate) tool_calls: Option<Vec<ToolCall>>,
    /// Which call a tool answers.
    #[serde(default)]
    pub(crate) tool_call_id: Option<String>,
}

impl Message {
    /// Whether it shows or plays something.
    pub(crate) fn has_media(&self) -> bool {
        matches!(&self.content, Some(Content::Parts(parts)) if parts.iter().any(|part| part.kind != "text"))
    }
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
    /// What it is: the field of that name has it.
    #[schemars(extend("enum" = ["text", "image_url", "input_audio"]))]
    #[serde(rename = "type")]
    kind: String,
    /// Words.
    #[serde(default)]
    text: Option<String>,
    /// A picture, for models that see.
    #[serde(default)]
    image_url: Option<ImageUrl>,
    /// A sound, for models that hear.
    #[serde(default)]
    input_audio: Option<InputAudio>,
}

/// A picture.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct ImageUrl {
    /// The picture itself, `data:image/png;base64,…` or a JPEG: the server fetches nothing.
    url: String,
}

/// A sound.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct InputAudio {
    /// In base64.
    data: String,
    /// Always `wav`.
    #[schemars(extend("enum" = ["wav"]))]
    format: String,
}

/// A picture or a sound that the assistant made before, as its answer had it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Made {
    /// What it is.
    #[serde(rename = "type")]
    kind: Kind,
    /// Its codes; the rest of what the answer had is not read.
    ids: Vec<u32>,
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
/// An unknown role, a part that `intake` refuses, answers without a call.
pub(crate) fn conversation(messages: &[Message], intake: &mut Intake<'_>) -> Answer<Vec<Turn>> {
    let mut turns: Vec<Turn> = vec![];
    // calls of the last assistant that wait for an answer
    let mut open: Vec<ToolCall> = vec![];
    for (at, message) in messages.iter().enumerate() {
        let at = |field: &str| format!("messages[{at}].{field}");
        let said = said(message.content.as_ref(), &at("content"), intake)?;
        if message.role != "assistant" && message.media.is_some() {
            let message =
                "only what an assistant says has `media`; others show and play by parts of `content`";
            return Err(Refusal::invalid(at("media"), message));
        }
        if message.role != "tool" && !open.is_empty() {
            let message = format!("the call `{}` has no answer of a tool", open[0].id);
            return Err(Refusal::invalid(at("role"), message));
        }
        match (message.role.as_str(), turns.last_mut()) {
            ("user", Some(Turn { role: Role::User, content })) => {
                content.push(Said::Text("\n\n".to_owned()));
                content.extend(said);
            }
            ("user", _) => turns.push(Turn { role: Role::User, content: said }),
            ("system" | "developer", _) => turns.push(Turn { role: Role::System, content: said }),
            ("assistant", _) => {
                open = message.tool_calls.clone().unwrap_or_default();
                open.reverse();
                let mut content = vec![];
                content.extend(
                    message.reasoning_content.clone().filter(|text| !text.is_empty()).map(Said::Thought),
                );
                content.extend(said.into_iter().filter(|said| *said != Said::Text(String::new())));
                for (nth, made) in
                    message.media.iter().flatten().enumerate().filter(|(_, made)| !made.ids.is_empty())
                {
                    let ids = intake.codes(made.kind, &made.ids, &at(&format!("media[{nth}].ids")))?;
                    content.push(match made.kind {
                        Kind::Image => Said::Image(ids),
                        Kind::Audio => Said::Audio(ids),
                    });
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
                let [Said::Text(text)] = &said[..] else {
                    return Err(Refusal::invalid(at("content"), "a tool answers in words"));
                };
                answer(&mut turns, &mut open, place, text.clone());
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

/// What is said, texts side by side as one; nothing at all is an empty text.
fn said(content: Option<&Content>, at: &str, intake: &mut Intake<'_>) -> Answer<Vec<Said>> {
    let mut said = match content {
        Some(Content::Text(text)) => vec![Said::Text(text.clone())],
        _ => vec![],
    };
    let parts = if let Some(Content::Parts(parts)) = content { &parts[..] } else { &[] };
    for (nth, part) in parts.iter().enumerate() {
        let at = format!("{at}[{nth}]");
        match (part.kind.as_str(), part, said.last_mut()) {
            ("text", Part { text: Some(text), .. }, Some(Said::Text(before))) => before.push_str(text),
            ("text", Part { text: Some(text), .. }, _) => said.push(Said::Text(text.clone())),
            ("image_url", Part { image_url: Some(image), .. }, _) => {
                said.push(Said::Image(intake.image(&image.url, &format!("{at}.image_url.url"))?));
            }
            ("input_audio", Part { input_audio: Some(audio), .. }, _) => {
                let ids = intake.audio(&audio.data, &audio.format, &format!("{at}.input_audio"))?;
                said.push(Said::Audio(ids));
            }
            (kind @ ("text" | "image_url" | "input_audio"), ..) => {
                return Err(Refusal::invalid(
                    at,
                    format!("a part of the type `{kind}` has a field of that name"),
                ));
            }
            (kind, ..) => {
                let message = format!(
                    "parts of the type `{kind}` are not read: expected text, image_url or input_audio"
                );
                return Err(Refusal::invalid(at, message));
            }
        }
    }
    if said.is_empty() {
        said.push(Said::Text(String::new()));
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Card;

    fn told(messages: &str) -> Answer<Vec<Turn>> {
        let card = Card {
            id: "blind".to_owned(),
            stage: "sft".to_owned(),
            lineage: vec![],
            talks: true,
            config: model::Config::default(),
            codecs: None,
            folder: std::path::PathBuf::new(),
        };
        conversation(&serde_json::from_str::<Vec<Message>>(messages).unwrap(), &mut Intake::new(&card, 1))
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
        for (part, param, word) in [
            (r#"{"type": "image_url", "image_url": {"url": "x"}}"#, ".image_url.url", "`blind` does not see"),
            (
                r#"{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}"#,
                ".input_audio",
                "`blind` does not hear",
            ),
            (r#"{"type": "image_url"}"#, "", "a field of that name"),
            (r#"{"type": "video"}"#, "", "`video`"),
        ] {
            let refusal = told(&format!(r#"[{{"role": "user", "content": [{part}]}}]"#)).unwrap_err();
            assert_eq!(refusal.param, Some(format!("messages[0].content[0]{param}").into()));
            assert!(refusal.message.contains(word), "{refusal}");
        }
        let shown = r#"[{"role": "user", "content": "?", "media": []}]"#;
        assert_eq!(told(shown).unwrap_err().param.as_deref(), Some("messages[0].media"));
    }
}
