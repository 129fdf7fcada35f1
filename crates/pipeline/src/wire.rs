//! Inputs joined to outputs of stages above, or told why they cannot be.

use std::collections::BTreeMap;

use crate::error::{Error, Fault, Result, nearest};
use crate::file::{Entry, WORD, is_word};
use crate::io::SCRATCH;
use crate::plan::{Plan, Source};
use crate::signature::{Output, Signature, Slot};
use crate::work::RECORD;

/// Names of inputs and outputs may come from settings, and those of outputs name directories.
pub(crate) fn check_names(entry: &Entry, signature: &Signature) -> Result<()> {
    let reads = signature.reads.iter().map(|slot| ("reads", &slot.name));
    let writes = signature.writes.iter().map(|output| ("writes", &output.name));
    for (list, name) in reads.chain(writes) {
        let taken = list == "writes" && (name == SCRATCH || name.starts_with(RECORD));
        if !is_word(name) || taken {
            let fault = entry.fault(&format!("/with/{list}"), format!("this name cannot stand in `{list}`"));
            let expected =
                if taken { "not scratch and not task-…, which a stage in progress uses" } else { WORD };
            return Err(Error::Wiring(fault.got(format!("{name:?}")).expected(expected).cure("rename it")));
        }
    }
    Ok(())
}

/// Fills the slots of a stage with outputs of stages above it.
pub(crate) fn wire(entry: &Entry, signature: &Signature, plan: &Plan) -> Result<BTreeMap<String, Source>> {
    let slots: Vec<&str> = signature.reads.iter().map(|slot| slot.name.as_str()).collect();
    if let Some(stranger) = entry.from.keys().find(|name| !slots.contains(&name.as_str())) {
        let fault = entry.fault(
            &format!("/from/{stranger}"),
            format!("stage \"{}\" has no input \"{stranger}\"", entry.name),
        );
        let expected =
            if slots.is_empty() { "no `from`: it reads nothing".to_owned() } else { slots.join(", ") };
        let cure =
            nearest(stranger, slots).map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
        return Err(Error::Wiring(fault.expected(expected).cure(cure)));
    }
    let mut inputs = BTreeMap::new();
    for slot in &signature.reads {
        match entry.from.get(&slot.name) {
            Some(source) => {
                inputs.insert(slot.name.clone(), connect(entry, slot, source, plan)?);
            }
            None if slot.optional => {}
            None => {
                let fault =
                    entry.fault("", format!("stage \"{}\" lacks its input \"{}\"", entry.name, slot.name));
                let expected =
                    format!("from = {{ {} = \"…\" }}, a stage above that writes {}", slot.name, slot.kind);
                return Err(Error::Wiring(fault.expected(expected).cure(offers(slot, plan))));
            }
        }
    }
    Ok(inputs)
}

fn connect(entry: &Entry, slot: &Slot, source: &str, plan: &Plan) -> Result<Source> {
    let pointer = format!("/from/{}", slot.name);
    let (name, output) = source.split_once('/').map_or((source, None), |(name, output)| (name, Some(output)));
    let Some(stage) = plan.stages.iter().position(|planned| planned.name == name) else {
        return Err(Error::Wiring(unknown_source(entry, &pointer, name, plan)));
    };
    let writes = &plan.stages[stage].signature.writes;
    let fits = |written: &&Output| match output {
        Some(output) => written.name == output && (slot.kind == "*" || written.kind == slot.kind),
        None => slot.kind == "*" || written.kind == slot.kind,
    };
    let fitting: Vec<&Output> = writes.iter().filter(fits).collect();
    let listed: Vec<String> =
        writes.iter().map(|written| format!("{} ({})", written.name, written.kind)).collect();
    let got = format!("\"{name}\" writes {}", listed.join(", "));
    match fitting[..] {
        [written] => {
            let key = plan.stages[stage].key.clone();
            Ok(Source { stage, name: name.to_owned(), key, output: written.name.clone() })
        }
        [] => {
            let fault = entry.fault(
                &pointer,
                format!("\"{source}\" is not what \"{}\" reads as \"{}\"", entry.name, slot.name),
            );
            Err(Error::Wiring(fault.got(got).expected(&slot.kind).cure(offers(slot, plan))))
        }
        [first, ..] => {
            let fault = entry.fault(&pointer, format!("\"{source}\" has several outputs that fit"));
            Err(Error::Wiring(
                fault.got(got).expected("one").cure(format!("write \"{name}/{}\"", first.name)),
            ))
        }
    }
}

fn unknown_source(entry: &Entry, pointer: &str, name: &str, plan: &Plan) -> Fault {
    let above: Vec<&str> = plan.stages.iter().map(|planned| planned.name.as_str()).collect();
    let there = if above.is_empty() {
        "no stage stands above".to_owned()
    } else {
        format!("there are {}", above.join(", "))
    };
    if name == entry.name || plan.pipeline.stages.iter().any(|other| other.name == name) {
        let fault = entry.fault(pointer, format!("stage \"{name}\" does not stand above \"{}\"", entry.name));
        return fault.expected(there).cure("data flows down the file: move one of the two");
    }
    let fault = entry.fault(pointer, format!("no stage \"{name}\" stands above \"{}\"", entry.name));
    let cure = nearest(name, above).map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
    fault.expected(there).cure(cure)
}

/// Which stages above could fill the slot.
fn offers(slot: &Slot, plan: &Plan) -> String {
    let fits = |written: &Output| slot.kind == "*" || written.kind == slot.kind;
    let able = plan.stages.iter().filter(|planned| planned.signature.writes.iter().any(fits));
    let able: Vec<String> = able.map(|planned| format!("{} = \"{}\"", slot.name, planned.name)).collect();
    if able.is_empty() { format!("add a stage above that writes {}", slot.kind) } else { able.join(" or ") }
}
