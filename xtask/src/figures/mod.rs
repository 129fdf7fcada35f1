//! `figures`: the README's table of figures, made of the lock of `real` and of kept rows of benchmarks.
//!
//! No figure in it is typed: each stands in `pipelines/real.lock`, which `reproduce real` wrote, or in
//! `docs/figures.jsonl`, which `figures --keep` took from what `bench` printed.

mod kept;
mod locked;
mod table;

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use pipeline::{Error, Fault, LockFile, write_atomically};

use self::kept::Kept;
use crate::cli::Figures;

const README: &str = "README.md";
const LOCK: &str = "pipelines/real.lock";
const KEPT: &str = "docs/figures.jsonl";
const BEGIN: &str = "<!-- figures: cargo xtask figures -->\n";
const END: &str = "<!-- end of figures -->";

/// Runs `figures`.
pub(crate) fn run(arguments: &Figures, out: &mut dyn Write) -> anyhow::Result<()> {
    let place = Path::new(".");
    if !arguments.keep.is_empty() {
        let mut kept = Kept::read(&place.join(KEPT))?;
        for name in &arguments.keep {
            kept.keep(name, &arguments.runs.runs.join("bench").join(format!("{name}.json")))?;
        }
        write_atomically(&place.join(KEPT), kept.render().as_bytes())?;
    }
    if arguments.bless {
        let path = place.join(README);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {README}"))?;
        let (before, _, after) = parts(&text)?;
        write_atomically(&path, format!("{before}{}{after}", table(place)?).as_bytes())?;
    }
    write!(out, "{}", table(place)?)?;
    check(place)
}

/// Whether the README in `place` says what the lock and the kept rows say; where there is none, nothing is asked.
///
/// # Errors
/// [`Error::Moved`] where they differ.
pub(crate) fn check(place: &Path) -> anyhow::Result<()> {
    let path = place.join(README);
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    if !text.contains(BEGIN) {
        return Ok(());
    }
    let (before, said, _) = parts(&text)?;
    let made = table(place)?;
    if said == made {
        return Ok(());
    }
    let differs = said.lines().zip(made.lines()).position(|(said, made)| said != made);
    let at = differs.unwrap_or_else(|| said.lines().count().min(made.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("nothing").to_owned();
    let fault = Fault::new("the README's figures are not those of the lock and the kept benchmarks")
        .at(&path, Some(before.lines().count() + at + 1))
        .got(line(said))
        .expected(line(&made));
    Err(Error::Moved(fault.cure("run `cargo xtask figures --bless`, and read what changed")).into())
}

/// What the README should say.
fn table(place: &Path) -> anyhow::Result<String> {
    let path = place.join(LOCK);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(table::render(&LockFile::parse(&text, &path)?, &Kept::read(&place.join(KEPT))?))
}

/// The README before the table, the table, and what follows.
fn parts(readme: &str) -> anyhow::Result<(&str, &str, &str)> {
    let begin = readme.find(BEGIN).with_context(|| format!("{README} has no line {}", BEGIN.trim()))?;
    let (before, rest) = readme.split_at(begin + BEGIN.len());
    let end = rest.find(END).with_context(|| format!("{README} has no line {END}"))?;
    let (table, after) = rest.split_at(end);
    Ok((before, table, after))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{BEGIN, END, KEPT, LOCK, README, check, table};

    const ROW: &str = r#"{"name":"filter","ours":30.0,"peer":1.0,"peer_version":"datatrove 0.10","ratio":30.0,"better":"higher","unit":"MB/s of pages","cpu":"A CPU","date":"2026-01-02"}"#;

    #[test]
    fn a_figure_that_was_typed_is_found() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path();
        assert!(check(place).is_ok(), "no README, no figures");
        for folder in ["pipelines", "docs"] {
            fs::create_dir(place.join(folder)).unwrap();
        }
        let lock = "[stage.dedup]\nkey = \"0000000000000000\"\n[stage.dedup.counters]\nkept = 7\n";
        fs::write(place.join(LOCK), lock).unwrap();
        fs::write(place.join(KEPT), ROW).unwrap();
        let made = table(place).unwrap();
        assert!(made.contains("datatrove 0.10"), "{made}");
        fs::write(place.join(README), format!("# x\n\n{BEGIN}{made}{END}\nmore\n")).unwrap();
        check(place).unwrap();
        fs::write(place.join(README), format!("# x\n\n{BEGIN}{}{END}\n", made.replace("30", "31"))).unwrap();
        let error = check(place).unwrap_err().to_string();
        assert!(error.contains("README") && error.contains("31"), "{error}");
    }
}
