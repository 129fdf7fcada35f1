//! Rows of benchmarks that are kept, one JSON object a line, with the day they were measured.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;

use crate::bench::Row;
use crate::machine;

/// All rows that are kept, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Kept {
    rows: Vec<Row>,
}

impl Kept {
    /// Reads the file at `path`; a missing one is empty.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other.with_context(|| format!("cannot read {}", path.display()))?,
        };
        Ok(Self { rows: rows(&text, path)? })
    }

    /// Takes the rows that `bench` left at `path`, in place of those of the same names.
    pub(super) fn keep(&mut self, subject: &str, path: &Path) -> anyhow::Result<()> {
        let what = || format!("cannot read {}: run `cargo xtask bench {subject}` first", path.display());
        let text = std::fs::read_to_string(path).with_context(what)?;
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).with_context(what)?;
        let seconds = written.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut fresh = rows(&text, path)?;
        for row in &mut fresh {
            row.date = machine::day(seconds);
        }
        self.rows.retain(|row| !fresh.iter().any(|fresh| fresh.name == row.name));
        self.rows.extend(fresh);
        self.rows.sort_by(|a, b| (&a.name, &a.peer_version).cmp(&(&b.name, &b.peer_version)));
        Ok(())
    }

    /// The rows called `name`: one a peer.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.name == name)
    }

    pub(super) fn render(&self) -> String {
        let line = |row: &Row| serde_json::to_string(row).expect("numbers and texts") + "\n";
        self.rows.iter().map(line).collect::<Vec<_>>().concat()
    }
}

fn rows(text: &str, path: &Path) -> anyhow::Result<Vec<Row>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let row =
        |line| serde_json::from_str(line).with_context(|| format!("not a row of {}: {line}", path.display()));
    lines.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_again_takes_the_place_of_what_was() {
        let directory = tempfile::tempdir().unwrap();
        let printed = directory.path().join("bench.json");
        let row = |name: &str, ours: f64, peer: &str| {
            let row = serde_json::json!({
                "name": name, "ours": ours, "peer": 1.0, "peer_version": peer, "ratio": ours, "better": "higher",
                "unit": "MB/s", "cpu": "a CPU", "flags": "avx2",
            });
            format!("{row}\n")
        };
        let mut kept = Kept::default();
        for rows in [row("b", 1.0, "old") + &row("a", 2.0, "other"), row("b", 3.0, "z") + &row("b", 3.0, "y")]
        {
            std::fs::write(&printed, rows).unwrap();
            kept.keep("bench", &printed).unwrap();
        }
        let told: Vec<(&str, f64, Option<&str>)> =
            kept.rows.iter().map(|row| (row.name.as_str(), row.ours, row.peer_version.as_deref())).collect();
        assert_eq!(told, [("a", 2.0, Some("other")), ("b", 3.0, Some("y")), ("b", 3.0, Some("z"))]);
        assert!(kept.rows.iter().all(|row| row.date.len() == "2026-01-02".len()), "a day each");
        std::fs::write(&printed, kept.render()).unwrap();
        assert_eq!(Kept::read(&printed).unwrap().rows, kept.rows, "what is written is read");
    }
}
