//! Calls of tools: a name and JSON to programs, a name and a request in words to models.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sft::ToolTokens;

use crate::serve::{Answer, Refusal, chance};

/// What an answer may call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Tool {
    /// Always `function`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: Function,
}

/// A function of the client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Function {
    /// One word.
    pub(super) name: String,
    /// What it does; models here know their tools from training, and do not read it.
    #[serde(default)]
    #[allow(dead_code, reason = "a part of the request that no model here reads")]
    description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub(super) parameters: Option<Value>,
}

/// Whether a tool is called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Choice {
    /// `none`, `auto` or `required`.
    Word(String),
    /// This one.
    This(This),
}

/// The one tool that must be called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct This {
    function: Named,
}

/// Its name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Named {
    name: String,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ToolCall {
    #[serde(default)]
    pub(super) id: String,
    /// Always `function`.
    #[serde(rename = "type", default = "function")]
    kind: Cow<'static, str>,
    function: Called,
}

/// What is called, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Called {
    name: String,
    /// A JSON object, as text.
    arguments: String,
}

fn function() -> Cow<'static, str> {
    Cow::Borrowed("function")
}

impl ToolCall {
    /// What a model wrote as `name request`, for the tools of a request.
    pub(super) fn read(written: &str, tools: &[Tool]) -> Self {
        let written = written.trim();
        let (name, request) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
        let parameters = tools.iter().find(|tool| tool.function.name == name);
        let parameters = parameters.and_then(|tool| tool.function.parameters.as_ref());
        let called = Called { name: name.to_owned(), arguments: arguments(request.trim(), parameters) };
        Self { id: chance::name("call_"), kind: function(), function: called }
    }

    /// As a model writes it.
    pub(super) fn request(&self) -> String {
        let Called { name, arguments } = &self.function;
        let words = match serde_json::from_str::<Map<String, Value>>(arguments) {
            Ok(fields) if fields.len() == 1 => match fields.values().next() {
                Some(Value::String(text)) => Some(text.clone()),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
                _ => None,
            },
            _ => None,
        };
        format!("{name} {}", words.unwrap_or_else(|| arguments.clone()))
    }
}

/// A request in words as a JSON object: as it is where it is one; under the one field that is wanted, or the first that must
/// be there; under `input` where nothing is known.
fn arguments(request: &str, parameters: Option<&Value>) -> String {
    if serde_json::from_str::<Map<String, Value>>(request).is_ok() {
        return request.to_owned();
    }
    let fields = parameters.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let needed = parameters.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    let only = fields.filter(|fields| fields.len() == 1).and_then(|fields| fields.keys().next().cloned());
    let first = needed.and_then(|needed| needed.first()).and_then(Value::as_str).map(str::to_owned);
    let name = only.or(first).unwrap_or_else(|| "input".to_owned());
    let kind = fields.and_then(|fields| fields.get(&name)).and_then(|field| field.get("type"));
    let number = match kind.and_then(Value::as_str) {
        Some("number" | "integer") => serde_json::from_str(request).ok().filter(Value::is_number),
        _ => None,
    };
    let value = number.unwrap_or_else(|| Value::String(request.to_owned()));
    Value::Object(Map::from_iter([(name, value)])).to_string()
}

/// What a request's tools mean for an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Calling {
    /// A token that must not come: no call begins.
    pub(super) forbidden: Option<u32>,
    /// A token that ends the answer: a call is whole.
    pub(super) end: Option<u32>,
    /// What the answer begins with: a call, and of which tool.
    pub(super) forced: Option<(u32, Option<String>)>,
}

impl Calling {
    /// Reads `tools` and `tool_choice` for a model that has, or has no, tokens for calls.
    pub(super) fn new(tools: &[Tool], choice: Option<&Choice>, tokens: Option<ToolTokens>) -> Answer<Self> {
        if let Some((at, tool)) = tools.iter().enumerate().find(|(_, tool)| tool.kind != "function") {
            let message = format!("tools are functions, got `{}`", tool.kind);
            return Err(Refusal::invalid(format!("tools[{at}].type"), message));
        }
        let name = match choice {
            Some(Choice::This(This { function })) => Some(function.name.as_str()),
            _ => None,
        };
        let word = match choice {
            None => "auto",
            Some(Choice::This(_)) => "required",
            Some(Choice::Word(word)) if ["none", "auto", "required"].contains(&word.as_str()) => word,
            Some(Choice::Word(word)) => {
                let message = format!("tool_choice is none, auto, required or a function, got `{word}`");
                return Err(Refusal::invalid("tool_choice", message));
            }
        };
        if let Some(name) = name.filter(|name| tools.iter().all(|tool| tool.function.name != *name)) {
            return Err(Refusal::invalid("tool_choice", format!("`{name}` is none of the tools")));
        }
        if tools.is_empty() && word == "required" {
            return Err(Refusal::invalid("tool_choice", "there are no tools to choose from"));
        }
        let Some(ToolTokens { call, .. }) = tokens else {
            if tools.is_empty() || word == "none" {
                return Ok(Self::default());
            }
            let message = "this model has no tokens for calls of tools";
            return Err(Refusal::invalid("tools", message));
        };
        if tools.is_empty() || word == "none" {
            return Ok(Self { forbidden: Some(call.0), ..Self::default() });
        }
        let forced = (word == "required").then(|| (call.0, name.map(str::to_owned)));
        Ok(Self { forbidden: None, end: Some(call.1), forced })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(parameters: &Value) -> Tool {
        serde_json::from_value(
            json!({"type": "function", "function": {"name": "calculate", "parameters": parameters}}),
        )
        .unwrap()
    }

    #[test]
    fn a_request_in_words_finds_its_field_and_back() {
        let one = json!({"properties": {"expression": {"type": "string"}}});
        let two = json!({"properties": {"a": {}, "n": {"type": "integer"}}, "required": ["n"]});
        for (parameters, written, arguments) in [
            (&one, "calculate 12 * 3", r#"{"expression":"12 * 3"}"#),
            (&two, "calculate 12", r#"{"n":12}"#),
            (&two, "calculate 12 * 3", r#"{"n":"12 * 3"}"#),
            (&Value::Null, "calculate", r#"{"input":""}"#),
            (&one, r#"calculate {"a": [1]}"#, r#"{"a": [1]}"#),
        ] {
            let call = ToolCall::read(written, &[tool(parameters)]);
            assert_eq!(call.function.arguments, arguments);
            assert_eq!(call.request().trim(), written);
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        let tokens = Some(ToolTokens { call: (5, 6), output: (7, 8) });
        let tools = [tool(&Value::Null)];
        let calling = |tools: &[Tool], choice: &str, tokens| {
            let choice: Choice = serde_json::from_str(choice).unwrap();
            Calling::new(tools, Some(&choice), tokens).map_err(|refusal| refusal.param.unwrap().into_owned())
        };
        let this = r#"{"type": "function", "function": {"name": "calculate"}}"#;
        let forced = Some((5, Some("calculate".to_owned())));
        assert_eq!(calling(&tools, this, tokens), Ok(Calling { forbidden: None, end: Some(6), forced }));
        let forbidden = Calling { forbidden: Some(5), ..Calling::default() };
        assert_eq!(calling(&tools, r#""none""#, tokens), Ok(forbidden));
        assert_eq!(calling(&tools, r#""none""#, None), Ok(Calling::default()));
        assert_eq!(calling(&tools, r#""auto""#, None), Err("tools".to_owned()));
        assert_eq!(calling(&[], r#""required""#, tokens), Err("tool_choice".to_owned()));
        assert_eq!(calling(&tools, r#""sometimes""#, tokens), Err("tool_choice".to_owned()));
        let other = r#"{"type": "function", "function": {"name": "other"}}"#;
        assert_eq!(calling(&tools, other, tokens), Err("tool_choice".to_owned()));
    }
}
