//! Was what pages say about their use found, and nothing else.

use pipeline::Io;
use shard::Documents;

use super::records::Records;
use super::scores::Sheet;
use super::shards;

/// Scores `rights`, an item a column: the share of documents whose page says something that say the same, and the
/// share of the others that say something.
pub(super) fn score(records: &Records, io: &Io, scores: &mut Sheet) -> anyhow::Result<()> {
    let (mut opt_out, mut licence) = (Tally::default(), Tally::default());
    for batch in shards::read_all::<Documents>(io.input("documents")?) {
        for row in batch?.rows() {
            let Some(record) = records.by_id.get(row.id) else { continue };
            opt_out.add(record.opt_out.as_deref(), row.opt_out);
            licence.add(record.licence.as_deref(), row.licence);
        }
    }
    for (item, tally) in [("opt_out", opt_out), ("licence", licence)] {
        scores.share("rights", item, "recall", tally.right, tally.said);
        scores.share("rights", item, "false_alarms", tally.invented, tally.silent);
        scores.figure("rights", item, "pages", tally.said as f64);
    }
    Ok(())
}

/// Documents whose pages say something, and how many of them say the same; and those whose pages are silent.
#[derive(Default)]
struct Tally {
    said: u64,
    right: u64,
    silent: u64,
    invented: u64,
}

impl Tally {
    fn add(&mut self, truth: Option<&str>, found: Option<&str>) {
        if let Some(truth) = truth {
            self.said += 1;
            self.right += u64::from(found == Some(truth));
        } else {
            self.silent += 1;
            self.invented += u64::from(found.is_some());
        }
    }
}
