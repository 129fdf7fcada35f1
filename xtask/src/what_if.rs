//! `show RUN STAGE --what-if RULE=VALUE`: the funnel as another bound would have made it, from stored signals alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use fineweb_filter::{Settings, Signals, reasons};
use pipeline::{Error, Fault, Manifest};
use serde_json::Value;
use shard::dropped::Kind;
use shard::{Documents, Dropped, Reader};

use crate::lines::thousands;
use crate::stages::filter::FinewebFilter;

/// Which of the filters may be switched: C4 may not, because it rewrites the text that later ones measure.
const SWITCHES: [&str; 3] = ["gopher_repetition.enabled", "gopher_quality.enabled", "fineweb.enabled"];
const KEPT: &str = "kept";

/// Counts again with `changes` made to the stage's settings.
pub(crate) fn run(
    uses: &str,
    manifest: &Manifest,
    entry: &Path,
    changes: &[String],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if uses != "fineweb-filter" {
        let fault = Fault::new("--what-if has no rules to judge by").got(format!("a stage of `{uses}`"));
        let fault = fault.expected("a stage of `fineweb-filter`");
        return Err(Error::Wiring(fault.cure("`show RUN` lists the stages and what they use")).into());
    }
    let mut settings = manifest.recipe["settings"].clone();
    let old = read(&settings, "")?;
    changes.iter().try_for_each(|change| apply(change, &mut settings))?;
    let new = read(&settings, &changes.join(" "))?;
    if !old.signals {
        let fault = Fault::new("this stage kept no signals").on("signals").got("false").expected("true");
        let cure = "set `with = { signals = true }` for the stage in its pipeline file and run it again";
        return Err(Error::Wiring(fault.cure(cure)).into());
    }
    let moved = count(manifest, entry, &old.rules(), &new.rules())?;
    print(&moved, &changes.join(" "), out)
}

fn read(settings: &Value, change: &str) -> anyhow::Result<FinewebFilter> {
    serde_json::from_value(settings.clone()).map_err(|error| {
        let fault = Fault::new("the stage cannot be set so").on(change).got(error.to_string());
        let cure = "`explain fineweb-filter` prints types and units of its settings";
        Error::Wiring(fault.expected("a value of the setting's type").cure(cure)).into()
    })
}

/// Makes one change, if signals can tell what comes of it.
fn apply(change: &str, settings: &mut Value) -> anyhow::Result<()> {
    let Some((path, value)) = change.split_once('=') else {
        let fault = Fault::new("--what-if needs a setting and its value").got(change);
        let fault = fault.expected("RULE=VALUE");
        return Err(Error::Wiring(fault.cure("as gopher_quality.min_words=80")).into());
    };
    let mut known: Vec<&str> = SWITCHES.to_vec();
    known.extend(Settings::default().rules().iter().map(|rule| rule.setting).filter(|name| !name.is_empty()));
    known.sort_unstable();
    known.dedup();
    if !known.contains(&path) {
        let fault = Fault::new("what this setting changes cannot be told from signals").on(path);
        let fault = fault.expected(format!("one of {}", known.join(", ")));
        let cure = "set it in a pipeline file that extends this one, run that, and compare the funnels";
        return Err(Error::Wiring(fault.cure(cure)).into());
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    let place = settings.pointer_mut(&pointer).context("the stage was recorded without a setting it has")?;
    *place = serde_json::from_str(value).map_err(|error| {
        let fault = Fault::new("this value cannot be read").on(path).got(value);
        let fault = fault.expected("a number, true, false, or a list of numbers");
        Error::Wiring(fault.cure(format!("correct it: {error}")))
    })?;
    Ok(())
}

/// How many pages have gone from one end to another: (then, now) to a count.
type Moved = BTreeMap<(String, String), u64>;

fn count(manifest: &Manifest, entry: &Path, old: &Settings, new: &Settings) -> anyhow::Result<Moved> {
    let mut moved = Moved::new();
    let name = |reason: Option<&str>| reason.unwrap_or(KEPT).to_owned();
    let mut judge = |then: Option<&str>, signals: Option<shard::signals::Values>| -> anyhow::Result<()> {
        let (was, is) = match signals {
            // what falls before the rules falls so under any
            None => (then, then),
            Some(_) if then == Some(reasons::LANGUAGE.0) => (then, then),
            Some(values) => {
                let [was, is] = [old, new]
                    .map(|settings| settings.replay(&Signals(values)).map(|broken| broken.rule.reason.0));
                (was, is)
            }
        };
        if was != then {
            let fault = Fault::new("signals do not say what became of a page").on("signals");
            let fault = fault.got(name(was)).expected(name(then));
            let cure = "the shard was made by other code: remove it with gc and run the stage again";
            return Err(Error::Moved(fault.cure(cure)).into());
        }
        *moved.entry((name(then), name(is))).or_default() += 1;
        Ok(())
    };
    for (output, contents) in &manifest.outputs {
        for file in &contents.files {
            let path = entry.join(output).join(&file.name);
            if output == "documents" {
                for batch in Reader::<Documents>::open(&path)? {
                    batch?.rows().try_for_each(|row| judge(None, row.signals))?;
                }
            } else {
                for batch in Reader::<Dropped>::open(&path)? {
                    batch?
                        .rows()
                        .filter(|row| row.kind == Kind::Rule)
                        .try_for_each(|row| judge(Some(row.reason), row.signals))?;
                }
            }
        }
    }
    Ok(moved)
}

fn print(moved: &Moved, change: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut ends: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for ((then, now), count) in moved {
        ends.entry(then).or_default()[0] += count;
        ends.entry(now).or_default()[1] += count;
    }
    let mut lines: Vec<(&str, [u64; 2])> = ends.into_iter().collect();
    lines.sort_by_key(|&(name, [then, now])| (name != KEPT, std::cmp::Reverse(then.max(now)), name));
    writeln!(out, "{:>10}  {:>10}  {:>8}  if {change}", "was", "were", "change")?;
    for (name, [then, now]) in lines {
        let change = now as i64 - then as i64;
        let change = if change == 0 { String::new() } else { format!("{change:+}") };
        writeln!(out, "{:>10}  {:>10}  {change:>8}  {name}", thousands(then), thousands(now))?;
    }
    let paths: Vec<_> = moved.iter().filter(|((then, now), _)| then != now).collect();
    writeln!(out, "\n{} pages move", thousands(paths.iter().map(|(_, count)| **count).sum()))?;
    for ((then, now), count) in paths {
        writeln!(out, "{:>10}  {then} -> {now}", thousands(*count))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_both_counts_and_who_moves() {
        let moved = [
            ("kept", "kept", 1_200),
            ("kept", "gopher_short_doc", 34),
            ("gopher_short_doc", "gopher_short_doc", 80),
        ]
        .map(|(then, now, count)| ((then.to_owned(), now.to_owned()), count));
        let mut out = vec![];
        print(&moved.into(), "gopher_quality.min_words=80", &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
