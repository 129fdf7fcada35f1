//! How varied is what stayed, and which facts are in it.

use serde::Serialize;

use super::super::scores::{Figure, Item, Sheet};
use super::name;

/// Two measures of sameness, and how often facts are still told.
#[derive(Serialize)]
pub(super) struct Variety {
    /// How much text was looked at.
    bytes: Option<u64>,
    /// Of all runs of five words, the share that is left when each is counted once.
    distinct: Option<f64>,
    /// Bytes of text for each byte that is left of them when packed.
    packed: Option<f64>,
    /// Facts by the number of pages that tell them, ascending.
    facts: Vec<Class>,
}

/// Facts that equally many pages tell.
#[derive(Serialize)]
struct Class {
    pages: String,
    facts: u64,
    /// Mean number of kept documents that should tell such a fact, and of those that do.
    documents: Option<Figure>,
    told: Option<Figure>,
}

pub(super) fn of(sheet: &Sheet) -> Option<Variety> {
    let metric = |wanted: &str| sheet.items("variety").find_map(|(_, item)| item.value(wanted));
    let mut classes: Vec<_> = sheet.items("facts_kept").collect();
    classes.sort_by_key(|(pages, _)| pages.parse::<u64>().unwrap_or(u64::MAX));
    let told = |(pages, item): (&str, &Item)| Class {
        pages: name(pages),
        facts: item.count("facts"),
        documents: item.figure("documents"),
        told: item.figure("told"),
    };
    let variety = Variety {
        bytes: metric("bytes").map(|bytes| bytes as u64),
        distinct: metric("distinct_share"),
        packed: metric("bytes_per_byte"),
        facts: classes.into_iter().map(told).collect(),
    };
    (variety.distinct.is_some() || !variety.facts.is_empty()).then_some(variety)
}

impl Variety {
    pub(super) fn said(&self) -> String {
        let distinct =
            self.distinct.map(|share| format!("{share:.3} of all runs of five words are distinct"));
        let packed = self.packed.map(|bytes| format!("zstd packs {bytes:.2} bytes into one"));
        let facts = (!self.facts.is_empty()).then(|| {
            let facts: u64 = self.facts.iter().map(|told| told.facts).sum();
            format!("{} facts followed", crate::lines::thousands(facts))
        });
        [distinct, packed, facts].into_iter().flatten().collect::<Vec<_>>().join("; ") + "."
    }
}
