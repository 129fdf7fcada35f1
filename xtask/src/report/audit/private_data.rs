//! Was private data replaced, and nothing else.

use serde::Serialize;

use super::super::run::Run;
use super::super::scores::{Figure, Item, Sheet};
use super::super::text::listed;
use super::{ENOUGH, name, settings_read};

/// All kinds of private data that were put into pages, and decoys.
#[derive(Serialize)]
pub(super) struct PrivateData {
    rows: Vec<Kind>,
    /// Kinds that the filter does not look for.
    unsought: Vec<String>,
    /// Whether something that only looks like private data was there too.
    decoys: bool,
}

/// One kind.
#[derive(Serialize)]
struct Kind {
    name: String,
    spans: u64,
    /// Share replaced that should be.
    recall: Option<Figure>,
    /// Share replaced that should not be.
    false_alarms: Option<Figure>,
    weak: bool,
    sought: bool,
}

pub(super) fn of(run: &Run, sheet: &Sheet) -> Option<PrivateData> {
    let kind = |(kind, item): (&str, &Item)| {
        let recall = item.figure("recall");
        // nothing of it was replaced, and no setting says that it should be
        let none = recall.is_some_and(|recall| recall.value == 0.0);
        let sought = !none || settings_read(run, sheet).any(|settings| settings["pii"][kind] == true);
        Kind {
            name: name(kind),
            spans: item.count("spans"),
            recall,
            false_alarms: item.figure("false_alarms"),
            weak: sought && recall.is_some_and(|recall| recall.value < ENOUGH),
            sought,
        }
    };
    let mut rows: Vec<Kind> = sheet.items("private_data").map(kind).collect();
    // what is looked for comes first, decoys last
    rows.sort_by_key(|row| (row.recall.is_none(), !row.sought));
    let unsought = rows.iter().filter(|row| !row.sought).map(|row| row.name.clone()).collect();
    let decoys = rows.iter().any(|row| row.false_alarms.is_some());
    (!rows.is_empty()).then_some(PrivateData { rows, unsought, decoys })
}

impl PrivateData {
    pub(super) fn said(&self) -> String {
        let sought = self.rows.iter().filter(|row| row.sought);
        let shares = sought.filter_map(|row| Some(format!("{:.3} of {}", row.recall?.value, row.name)));
        let mut said = vec![format!("Replaced: {}", listed(&shares.collect::<Vec<_>>()))];
        for row in &self.rows {
            said.extend(
                row.false_alarms.map(|alarms| format!("{:.3} of {}, wrongly", alarms.value, row.name)),
            );
        }
        if !self.unsought.is_empty() {
            said.push(format!("not looked for: {}", listed(&self.unsought)));
        }
        said.join("; ") + "."
    }
}
