//! What stages share: shards in and out, and work done by all threads but written in order.

use pipeline::{FileRecord, Input, InputFile, Io};
use rayon::prelude::*;
use shard::{Batch, Documents, Part, Reader, Table, Writer, documents};

/// Finishes a shard and reports it.
pub(super) fn finish<T: Table>(io: &Io, output: &str, writer: Writer<T>) -> anyhow::Result<()> {
    let Part { name, rows, bytes, blake3 } = writer.finish()?;
    io.add(output, FileRecord { name, rows: Some(rows), bytes, blake3 });
    Ok(())
}

/// A writer for the shard `name` of the output `output`.
pub(super) fn create<T: Table>(io: &Io, output: &str, name: &str) -> anyhow::Result<Writer<T>> {
    Ok(Writer::create(&io.output(output)?, name, io.recipe())?)
}

/// A writer for the shard `name` of documents that also have the columns `optional`.
pub(super) fn create_documents(
    io: &Io,
    name: &str,
    optional: &[documents::Optional],
) -> anyhow::Result<Writer<Documents>> {
    let builder = documents::Builder::with(optional);
    Ok(Writer::with_builder(&io.output("documents")?, name, io.recipe(), builder)?)
}

/// All batches of one shard.
pub(super) fn read<T: Table>(
    file: &InputFile,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Batch<T>>> + use<T>> {
    Ok(Reader::<T>::open(&file.path()?)?.map(|batch| batch.map_err(anyhow::Error::from)))
}

/// All batches of all shards of an input, in the order of their names.
pub(super) fn read_all<T: Table>(input: &Input) -> impl Iterator<Item = anyhow::Result<Batch<T>>> + '_ {
    input.files().iter().flat_map(|file| {
        let (batches, error) = match read::<T>(file) {
            Ok(batches) => (Some(batches), None),
            Err(error) => (None, Some(Err(error))),
        };
        error.into_iter().chain(batches.into_iter().flatten())
    })
}

/// `next` yields batches on one thread, `work` maps their items on all, `write` gets the results in order.
///
/// While the pool works on one batch the next one is read, so memory holds two.
pub(super) fn in_order<I, R, S>(
    mut next: impl FnMut() -> anyhow::Result<Vec<I>> + Send,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, I) -> R + Sync + Send,
    mut write: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()>
where
    I: Send,
    R: Send,
{
    let mut batch = next()?;
    while !batch.is_empty() {
        let (results, following) = rayon::join(
            || {
                batch
                    .into_par_iter()
                    .map_init(&scratch, |scratch, item| work(scratch, item))
                    .collect::<Vec<R>>()
            },
            &mut next,
        );
        results.into_iter().try_for_each(&mut write)?;
        batch = following?;
    }
    Ok(())
}
