//! Which stages there are.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Stage;

/// The stages that pipeline files can name. Adding one of one's own is one line.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Kind>,
}

/// A stage before it has settings.
#[derive(Clone)]
pub struct Kind {
    /// What follows `use =`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    build: fn(Value) -> Result<Built, serde_path_to_error::Error<serde_json::Error>>,
    schema: fn(&mut SchemaGenerator) -> Schema,
    defaults: fn() -> Built,
}

/// A stage with its settings, and the settings as JSON with every default filled in.
pub struct Built {
    /// The stage.
    pub stage: Box<dyn Stage>,
    /// All of its settings.
    pub settings: Value,
}

impl Built {
    fn new<S: Stage + Serialize + 'static>(stage: S) -> Self {
        let settings = serde_json::to_value(&stage)
            .expect("settings are plain data: numbers, strings, lists and tables");
        Self { stage: Box::new(stage), settings }
    }
}

impl Registry {
    /// Adds the stage `S` under `name`; `about` is one sentence for `explain`.
    #[must_use]
    pub fn with<S>(mut self, name: &'static str, about: &'static str) -> Self
    where
        S: Stage + Serialize + DeserializeOwned + Default + JsonSchema + 'static,
    {
        let kind = Kind {
            name,
            about,
            build: |settings| serde_path_to_error::deserialize::<_, S>(settings).map(Built::new),
            schema: |generator| generator.subschema_for::<S>(),
            defaults: || Built::new(S::default()),
        };
        self.kinds.insert(name, kind);
        self
    }

    /// The stage called `name`.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// All stages, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }

    /// The JSON Schema (draft 2020-12) of pipeline files, for editors.
    pub fn schema(&self) -> Value {
        let mut generator = SchemaGenerator::default();
        let variants: Vec<Value> = self
            .iter()
            .map(|kind| {
                serde_json::json!({
                    "if": { "properties": { "use": { "const": kind.name } }, "required": ["use"] },
                    "then": { "properties": { "with": kind.schema(&mut generator) } },
                })
            })
            .collect();
        let names: Vec<&str> = self.iter().map(|kind| kind.name).collect();
        serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "deepdive pipeline",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "about": { "type": "string", "description": "One sentence for people." },
                "extends": { "type": "string", "description": "A pipeline whose stages this file changes." },
                "seed": { "type": "integer", "minimum": 0, "description": "Every source of randomness derives from it." },
                "stage": { "type": "array", "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name"],
                    "properties": {
                        "name": { "type": "string", "pattern": "^[A-Za-z0-9_-]+$" },
                        "use": { "enum": names },
                        "from": { "type": "object", "additionalProperties": { "type": "string" } },
                        "with": { "type": "object" },
                    },
                    "allOf": variants,
                } },
            },
            "$defs": generator.take_definitions(true),
        })
    }
}

impl Kind {
    /// Builds the stage from settings; those left out keep their defaults.
    ///
    /// # Errors
    /// A serde error with the path of the setting it is about.
    pub fn build(&self, settings: Value) -> Result<Built, serde_path_to_error::Error<serde_json::Error>> {
        (self.build)(settings)
    }
    /// The stage with nothing but defaults.
    pub fn defaults(&self) -> Built {
        (self.defaults)()
    }
    /// The JSON Schema of its settings.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}
