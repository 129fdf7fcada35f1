//! What a training notes as it goes, so that a resumed one has the notes of its beginning.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Notes and the steps that they belong to, in a file with a JSON array a line.
pub(in crate::stages) struct Log<T> {
    rows: Vec<(u64, T)>,
    file: File,
}

impl<T: Serialize + DeserializeOwned> Log<T> {
    /// What was noted up to step `begun`; what came after belongs to steps that are taken again.
    pub(in crate::stages) fn open(path: &Path, begun: u64) -> anyhow::Result<Self> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
            Err(error) => return Err(error.into()),
        };
        // a kill may have cut the last line off anywhere
        let rows = text.split(|&byte| byte == b'\n');
        let rows = rows.map_while(|line| serde_json::from_slice::<(u64, T)>(line).ok());
        let rows: Vec<_> = rows.filter(|(step, _)| *step <= begun).collect();
        // beside it first: a kill in between must not cost the notes of steps that are not taken again
        let beside = path.with_extension("tmp");
        let mut log = Self { rows: vec![], file: File::create(&beside)? };
        rows.into_iter().try_for_each(|(step, row)| log.push(step, row))?;
        fs::rename(&beside, path)?;
        Ok(log)
    }

    pub(in crate::stages) fn push(&mut self, step: u64, row: T) -> anyhow::Result<()> {
        let noted = (step, row);
        writeln!(self.file, "{}", serde_json::to_string(&noted)?)?;
        self.rows.push(noted);
        Ok(())
    }

    pub(in crate::stages) fn rows(&self) -> &[(u64, T)] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn what_belongs_to_steps_that_are_taken_again_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.jsonl");
        let mut log = Log::open(&path, 0).unwrap();
        for step in 1..=4 {
            log.push(step, format!("é {step}")).unwrap();
        }
        // within the second byte of a letter
        let text = std::fs::read(&path).unwrap();
        let letter = text.iter().rposition(|&byte| byte == "é".as_bytes()[1]).unwrap();
        std::fs::write(&path, &text[..letter]).unwrap();
        let mut log: Log<String> = Log::open(&path, 2).unwrap();
        log.push(3, "again".to_owned()).unwrap();
        let expected = [(1, "é 1"), (2, "é 2"), (3, "again")].map(|(step, row)| (step, row.to_owned()));
        assert_eq!(log.rows(), expected);
        assert_eq!(Log::open(&path, 9).unwrap().rows(), log.rows());
    }
}
