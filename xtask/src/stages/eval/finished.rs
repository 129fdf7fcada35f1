//! Items that have been graded, kept beside the store entry so that a killed measurement goes on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use eval::Mark;
use serde::{Deserialize, Serialize};

/// Marks by item, in a file with a line an item.
pub(super) struct Finished {
    items: BTreeMap<usize, Vec<Mark>>,
    file: File,
}

/// Numbers as their bits: text would round some of them.
#[derive(Serialize, Deserialize)]
struct Line(usize, Vec<(String, u64, u64)>);

impl Finished {
    /// What was finished before; a line that a kill cut off, and all behind it, is not.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("cannot write {}", path.display());
        let text = fs::read_to_string(path).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines: Vec<Line> = whole.map_while(|line| serde_json::from_str(line).ok()).collect();
        let mut finished = Self { items: BTreeMap::new(), file: File::create(path).with_context(what)? };
        for Line(at, marks) in lines {
            let mark = |(metric, value, weight)| Mark {
                metric,
                value: f64::from_bits(value),
                weight: f64::from_bits(weight),
            };
            finished.push(at, marks.into_iter().map(mark).collect())?;
        }
        Ok(finished)
    }

    pub(super) fn push(&mut self, at: usize, marks: Vec<Mark>) -> anyhow::Result<()> {
        let bits = |mark: &Mark| (mark.metric.clone(), mark.value.to_bits(), mark.weight.to_bits());
        let line = serde_json::to_string(&Line(at, marks.iter().map(bits).collect()))? + "\n";
        self.file.write_all(line.as_bytes()).context("cannot note a finished item")?;
        self.items.insert(at, marks);
        Ok(())
    }

    /// Marks by item.
    pub(super) fn items(&self) -> &BTreeMap<usize, Vec<Mark>> {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use eval::Mark;

    use super::Finished;

    #[test]
    fn whole_lines_are_kept_to_the_bit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("finished.jsonl");
        let marks =
            |at: usize| vec![Mark { metric: "a".to_owned(), value: 0.1 + 0.2 * at as f64, weight: f64::NAN }];
        let mut finished = Finished::open(&path).unwrap();
        for at in [3, 1, 2] {
            finished.push(at, marks(at)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 1]).unwrap();
        let finished = Finished::open(&path).unwrap();
        assert_eq!(finished.items().keys().copied().collect::<Vec<_>>(), [1, 3]);
        for (at, found) in finished.items() {
            assert_eq!(found[0].value.to_bits(), marks(*at)[0].value.to_bits());
            assert!(found[0].weight.is_nan());
        }
    }
}
