//! Was what pages say about their use found, and nothing else.

use serde::Serialize;

use super::super::scores::{Figure, Sheet};
use super::super::text::listed;
use super::{ENOUGH, name};

/// What pages can say.
#[derive(Serialize)]
pub(super) struct Rights {
    rows: Vec<Said>,
}

/// One thing that pages can say.
#[derive(Serialize)]
struct Said {
    name: String,
    /// Documents whose pages say it.
    pages: u64,
    recall: Option<Figure>,
    /// Share of the other documents that have it written beside them.
    false_alarms: Option<Figure>,
    weak: bool,
}

pub(super) fn of(sheet: &Sheet) -> Option<Rights> {
    let rows: Vec<Said> = sheet
        .items("rights")
        .map(|(said, item)| {
            let recall = item.figure("recall");
            let weak = recall.is_some_and(|recall| recall.value < ENOUGH);
            let (pages, false_alarms) = (item.count("pages"), item.figure("false_alarms"));
            Said { name: name(said).replace('_', "-"), pages, recall, false_alarms, weak }
        })
        .collect();
    (!rows.is_empty()).then_some(Rights { rows })
}

impl Rights {
    pub(super) fn said(&self) -> String {
        let found = self.rows.iter().filter_map(|row| Some(format!("{} {:.3}", row.name, row.recall?.value)));
        let wrong =
            self.rows.iter().filter_map(|row| Some(format!("{} {:.3}", row.name, row.false_alarms?.value)));
        let [found, wrong] = [found.collect::<Vec<_>>(), wrong.collect()].map(|parts| listed(&parts));
        format!("Found of what pages say: {found}; read into silent pages: {wrong}.")
    }
}
