//! Rows of outside files on their way into a table, where each file holds some of one kind.

use std::path::Path;

use pipeline::{Error, Fault, Io, Task};
use shard::{Dropped, Table, Writer, dropped};

use super::{brought, shards};

/// What is looked for in files, in the words of an error.
pub(super) struct Sought {
    /// One of them.
    pub(super) one: &'static str,
    /// What a file should have had.
    pub(super) expected: &'static str,
}

/// Rows that are kept, numbered as they come, and those that are left out.
pub(super) struct Import<'a, T: Table> {
    pub(super) io: &'a Io<'a>,
    kept: Writer<T>,
    fallen: Writer<Dropped>,
    /// Number of the next row.
    pub(super) id: u64,
    /// The first row of the present file that could not be used.
    first: Option<(usize, String)>,
}

impl<'a, T: Table> Import<'a, T> {
    /// No rows yet, of `output` and of `dropped`.
    pub(super) fn begin(io: &'a Io<'a>, output: &str, task: &Task) -> anyhow::Result<Self> {
        let kept = shards::create::<T>(io, output, &task.shard())?;
        let fallen = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        Ok(Self { io, kept, fallen, id: 0, first: None })
    }

    /// Shows `read` every file that the setting `files` names; one that gives no row ends the run.
    pub(super) fn each_file(
        &mut self,
        files: &[String],
        Sought { one, expected }: Sought,
        mut read: impl FnMut(&mut Self, &Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for path in brought::all(self.io, "files", files)? {
            let before = self.id;
            self.first = None;
            read(self, &path)?;
            if self.id == before {
                let (line, problem) = self.first.take().unwrap_or((1, "nothing is in it".to_owned()));
                let fault = Fault::new(format!("no {one} could be read")).at(&path, Some(line)).got(problem);
                return Err(Error::Input(fault.expected(expected).cure("correct the file")).into());
            }
            self.io.count("files", 1);
        }
        Ok(())
    }

    /// Keeps a row, whose number is `id`.
    pub(super) fn keep(&mut self, row: &T::Row<'_>) -> anyhow::Result<()> {
        self.kept.push(row)?;
        self.id += 1;
        self.io.count("in", 1);
        self.io.count("kept", 1);
        Ok(())
    }

    /// Leaves out what stands at a line of a file, and says why.
    pub(super) fn leave(
        &mut self,
        file: &str,
        line: usize,
        (reason, problem): (&str, String),
    ) -> anyhow::Result<()> {
        self.fallen.push(&dropped::Row {
            source: file,
            offset: line as i64,
            stage: self.io.stage(),
            reason,
            detail: Some(&format!("line {line}: {problem}")),
            kind: dropped::Kind::Damage,
            ..dropped::Row::default()
        })?;
        self.io.count("in", 1);
        self.io.count(&format!("dropped.{reason}"), 1);
        self.first.get_or_insert((line, problem));
        Ok(())
    }

    /// Reports both shards.
    pub(super) fn finish(self, output: &str) -> anyhow::Result<()> {
        shards::finish(self.io, output, self.kept)?;
        shards::finish(self.io, "dropped", self.fallen)
    }
}

/// What a file is called, without its folder.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What stands under `source` where no setting says: the file's name without what follows the first dot.
pub(super) fn source(file: &str) -> &str {
    file.split('.').next().unwrap_or(file)
}
