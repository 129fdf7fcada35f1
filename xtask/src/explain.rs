//! `explain`: stages and their settings, with default, unit and source.

use std::io::Write;

use pipeline::{Error, Fault, Kind, Registry};
use serde_json::Value;

use crate::cli::Explain;

/// Runs `explain`.
pub(crate) fn run(arguments: &Explain, registry: &Registry, out: &mut dyn Write) -> anyhow::Result<()> {
    if arguments.schema {
        writeln!(out, "{}", serde_json::to_string_pretty(&registry.schema())?)?;
        return Ok(());
    }
    let Some(name) = &arguments.stage else {
        for kind in registry.iter() {
            writeln!(out, "{:16} {}", kind.name, kind.about)?;
        }
        writeln!(
            out,
            "\n`explain STAGE` lists settings; `explain --schema` prints the JSON Schema of pipeline files."
        )?;
        return Ok(());
    };
    let Some(kind) = registry.get(name) else {
        let names: Vec<&str> = registry.iter().map(|kind| kind.name).collect();
        let fault = Fault::new(format!("there is no stage \"{name}\""))
            .expected(format!("one of {}", names.join(", ")))
            .cure("`explain` without a name says what each does");
        return Err(Error::Wiring(fault).into());
    };
    stage(kind, out)
}

fn stage(kind: &Kind, out: &mut dyn Write) -> anyhow::Result<()> {
    let built = kind.defaults();
    let signature = built.stage.signature();
    writeln!(out, "{}: {}\n", kind.name, kind.about)?;
    for slot in &signature.reads {
        let optional = if slot.optional { " (optional)" } else { "" };
        writeln!(out, "  reads   {} = {}{optional}", slot.name, slot.kind)?;
    }
    for output in &signature.writes {
        writeln!(out, "  writes  {} = {}", output.name, output.kind)?;
    }
    let seeded = if signature.random { ", from the run's seed" } else { "" };
    writeln!(out, "  bytes   {}{seeded}\n", format!("{:?}", signature.class).to_lowercase())?;
    let mut generator = schemars::SchemaGenerator::default();
    let schema = kind.schema(&mut generator).to_value();
    let definitions = Value::Object(generator.take_definitions(true));
    settings(&schema, &definitions, &built.settings, "", out)
}

/// One line a setting: name = default, unit; then what it is and where it comes from.
fn settings(
    schema: &Value,
    definitions: &Value,
    defaults: &Value,
    prefix: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Some(properties) = resolve(schema, definitions).get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    for (name, property) in properties {
        let default = &defaults[name];
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let text = |key: &str| {
            let own = property.get(key).or_else(|| resolve(property, definitions).get(key));
            own.and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
        };
        if default.is_object() {
            writeln!(out, "  [{path}]  {}", text("description"))?;
            settings(property, definitions, default, &path, out)?;
            continue;
        }
        let unit = text("unit");
        writeln!(out, "  {path} = {default}{}{unit}", if unit.is_empty() { "" } else { "  " })?;
        let source = text("source");
        let source = if source.is_empty() { source } else { format!(" [{source}]") };
        writeln!(out, "      {}{source}", text("description"))?;
    }
    Ok(())
}

/// Follows a reference, also one that schemars wrapped to add a description.
fn resolve<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    let reference = |value: &'a Value| value.get("$ref").and_then(Value::as_str);
    let wrapped = schema.get("allOf").or_else(|| schema.get("anyOf")).and_then(|all| all.get(0));
    match reference(schema).or_else(|| wrapped.and_then(reference)) {
        Some(path) => definitions.get(path.rsplit('/').next().unwrap_or_default()).unwrap_or(schema),
        None => schema,
    }
}
