//! `POST /playground/tools/{name}`: what tools answer, to people.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::work;
use crate::Tool;
use crate::serve::extract::{Body, Name};
use crate::serve::{Answer, Refusal, Served};

/// Bytes of a request, at most.
const LONGEST: usize = 4 << 10;

/// A tool, as OpenAI's API tells it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Described {
    /// Always `function`.
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function,
}

/// What it is called, and with what.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Function {
    name: String,
    /// What it does.
    description: String,
    /// JSON Schema of its arguments: one text.
    parameters: Value,
}

impl Described {
    pub(super) fn of(tool: &dyn Tool) -> Self {
        let argument = tool.argument();
        let parameters = json!({
            "type": "object",
            "properties": { argument: { "type": "string" } },
            "required": [argument],
        });
        let (name, description) = (tool.name().to_owned(), tool.description().to_owned());
        Self { kind: "function", function: Function { name, description, parameters } }
    }
}

/// A request of a tool.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// What a model would write behind its name.
    request: String,
}

/// What a tool says.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Said {
    /// The answer.
    Output(String),
    /// What is wrong with the request; a model reads that, too.
    Error(String),
}

/// Answers `POST /playground/tools/{name}`.
pub(super) async fn call(
    State(served): State<Arc<Served>>,
    Name(name): Name,
    Body(asked): Body<Call>,
) -> Answer<Json<Said>> {
    if asked.request.len() > LONGEST {
        return Err(Refusal::invalid("request", format!("a request has at most {LONGEST} bytes")));
    }
    let call = move |served: &Served| {
        let tools = &served.run.tools;
        let Some(tool) = tools.iter().find(|tool| tool.name() == name) else {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name()).collect();
            let message = format!("there is no tool `{name}`; there are {}", names.join(", "));
            return Err(Refusal::missing("tool_not_found", message));
        };
        Ok(Json(match tool.call(asked.request.trim()) {
            Ok(output) => Said::Output(output),
            Err(problem) => Said::Error(problem),
        }))
    };
    work::done(&served, call).await
}
