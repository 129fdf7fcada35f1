//! `/openapi.json`: the API as programs read it (OpenAPI 3.0), made of the types that requests are read into.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::extract::FILES;

/// The shape of a request or an answer.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// One thing that can be asked.
pub(super) struct Operation {
    /// In lower case.
    pub(super) method: &'static str,
    /// As the router has it.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// The JSON of a request.
    pub(super) body: Option<Shape>,
    /// Kinds of files that a request may be instead.
    pub(super) files: &'static [&'static str],
    /// What stands behind the question mark.
    pub(super) query: Option<Shape>,
    /// The JSON of an answer; numbers for Prometheus where there is none.
    pub(super) answer: Option<Shape>,
    /// What a stream's pieces are, where a request can ask for one.
    pub(super) piece: Option<Shape>,
}

impl Operation {
    /// Something that is read.
    pub(super) const fn get(path: &'static str, summary: &'static str, answer: Option<Shape>) -> Self {
        Self { method: "get", path, summary, body: None, files: &[], query: None, answer, piece: None }
    }

    /// Something that is done with a picture or a sound.
    pub(super) const fn file(path: &'static str, summary: &'static str, answer: Shape) -> Self {
        let answer = Some(answer);
        Self { method: "post", path, summary, body: None, files: &FILES, query: None, answer, piece: None }
    }

    /// Something that is done with a body.
    pub(super) const fn post(path: &'static str, summary: &'static str, body: Shape, answer: Shape) -> Self {
        let (body, answer) = (Some(body), Some(answer));
        Self { method: "post", path, summary, body, files: &[], query: None, answer, piece: None }
    }
}

/// The shape of a type.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A refusal, for the schema; [`Refusal`](super::Refusal) writes it.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Error {
    error: Details,
}

/// What is wrong.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Details {
    /// For people.
    message: String,
    /// A sort, as `invalid_request_error`.
    r#type: String,
    /// The field at fault.
    param: Option<String>,
    /// For programs, as `model_not_found`.
    code: Option<String>,
}

/// The document. `known` are the values that a field of that name can have in a request of this server, as models' names.
pub(super) fn document(operations: &[Operation], run: &str, known: &[(&str, Vec<&str>)]) -> Value {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let error = of::<Error>(&mut generator);
    let mut paths = Map::new();
    for operation in operations {
        let mut described = describe(operation, &error, &mut generator);
        for parameter in described["parameters"].as_array_mut().into_iter().flatten() {
            let of_query = parameter["in"] == "query";
            let values = known.iter().find(|(field, _)| of_query && parameter["name"] == *field);
            if let Some((_, values)) = values {
                parameter["schema"]["enum"] = json!(values);
            }
        }
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described);
        }
    }
    let bodies: Vec<Schema> =
        operations.iter().filter_map(|operation| operation.body).map(|shape| shape(&mut generator)).collect();
    let mut schemas = generator.take_definitions(true);
    for body in &bodies {
        let Some(schema) = schemas.get_mut(referred(body.as_value())) else { continue };
        for (field, values) in known {
            if let Some(field) = schema.pointer_mut(&format!("/properties/{field}")) {
                field["enum"] = json!(values);
            }
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("deepdive: {run}"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": "OpenAI's API for the models of a run (`/v1`), and what the playground's pages ask (`/playground`).",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
        // a server on loopback asks for none
        "security": [{}, { "key": [] }],
    })
}

fn describe(operation: &Operation, error: &Schema, generator: &mut SchemaGenerator) -> Value {
    let Operation { path, summary, .. } = *operation;
    let content = |kind: &str, schema: Value| json!({ kind: { "schema": schema } });
    let mut answer = match operation.answer {
        Some(shape) => content("application/json", json!(shape(generator))),
        None => content("application/openmetrics-text", json!({ "type": "string" })),
    };
    if let (Some(shape), Some(kinds)) = (operation.piece, answer.as_object_mut()) {
        kinds.insert("text/event-stream".to_owned(), json!({ "schema": shape(generator) }));
    }
    let refused = json!({ "description": "a refusal", "content": content("application/json", json!(error)) });
    let mut described = json!({
        "summary": summary,
        "responses": { "200": { "description": "the answer", "content": answer }, "4XX": refused, "5XX": refused },
        "parameters": parameters(path, operation.query, generator),
    });
    if let (Some(shape), Some(described)) = (operation.body, described.as_object_mut()) {
        let body =
            json!({ "required": true, "content": content("application/json", json!(shape(generator))) });
        described.insert("requestBody".to_owned(), body);
    }
    if let (false, Some(described)) = (operation.files.is_empty(), described.as_object_mut()) {
        let file = json!({ "schema": { "type": "string", "format": "binary" } });
        let kinds: Map<String, Value> =
            operation.files.iter().map(|kind| ((*kind).to_owned(), file.clone())).collect();
        described.insert("requestBody".to_owned(), json!({ "required": true, "content": kinds }));
    }
    described
}

/// The names in braces of a path, and the fields of a query.
fn parameters(path: &str, query: Option<Shape>, generator: &mut SchemaGenerator) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let of_path =
        |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let mut parameters: Vec<Value> = names.map(of_path).collect();
    let Some(shape) = query else { return parameters };
    let schema = json!(shape(generator));
    let schema = generator.definitions().get(referred(&schema)).cloned().unwrap_or(schema);
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|field| field == name))
    };
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        parameters
            .push(json!({ "name": name, "in": "query", "required": is_required(name), "schema": field }));
    }
    parameters
}

/// The name of the type that a schema refers to, as all do whose types have one.
fn referred(schema: &Value) -> &str {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn every_reference_leads_somewhere() {
        let document =
            super::document(&crate::serve::operations(), "a run", &[("model", vec!["base", "chat"])]);
        let (text, schemas) = (document.to_string(), document["components"]["schemas"].as_object().unwrap());
        let references =
            text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let names: Vec<&str> = references.collect();
        assert!(names.len() > 40 && names.iter().all(|name| schemas.contains_key(*name)), "{names:?}");
        assert_eq!(schemas["ChatRequest"]["properties"]["model"]["enum"], json!(["base", "chat"]));
        assert_eq!(schemas["ChatCompletion"]["properties"]["model"].get("enum"), None);
        assert!(document["paths"].as_object().unwrap().len() > 15);
        let media = &document["paths"]["/playground/media"]["post"];
        assert_eq!(media["parameters"][0]["schema"]["enum"], json!(["base", "chat"]));
        let kinds: Vec<&String> = media["requestBody"]["content"].as_object().unwrap().keys().collect();
        assert_eq!(kinds, ["audio/wav", "image/jpeg", "image/png"]);
    }
}
