//! Was the text of each type of page found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Shape, Spread};
use super::super::scores::{Figure, Item, Sheet};
use super::{counted, name};

/// Words found and words that should be, for each type of page and each layout.
#[derive(Serialize)]
pub(super) struct Extraction {
    /// The best found first.
    types: Vec<PageType>,
    layouts: Vec<PageType>,
    /// Whether some types were measured on layouts that nobody looked at while the extractor was written.
    held_out: bool,
    chart: Chart,
}

/// One type of page.
#[derive(Serialize)]
struct PageType {
    name: String,
    seen: Option<Measured>,
    held_out: Option<Measured>,
}

/// How far the words agree, as means over pages.
#[derive(Serialize)]
struct Measured {
    f1: Figure,
    precision: Option<Figure>,
    recall: Option<Figure>,
    pages: u64,
}

impl Measured {
    fn of(item: &Item) -> Option<Self> {
        let [precision, recall] = ["precision", "recall"].map(|metric| item.figure(metric));
        Some(Self { f1: item.figure("f1")?, precision, recall, pages: item.count("pages") })
    }
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Extraction>> {
    let types = page_types(sheet, "extraction", "extraction_held_out");
    if types.is_empty() {
        return Ok(None);
    }
    Ok(Some(Extraction {
        layouts: page_types(sheet, "extraction_layouts", ""),
        held_out: types.iter().any(|page| page.held_out.is_some()),
        chart: chart(&types)?,
        types,
    }))
}

fn page_types(sheet: &Sheet, seen: &str, held_out: &str) -> Vec<PageType> {
    let mut types: BTreeMap<&str, PageType> = BTreeMap::new();
    let empty = |of: &str| PageType { name: name(of), seen: None, held_out: None };
    for (of, item) in sheet.items(seen) {
        types.entry(of).or_insert_with(|| empty(of)).seen = Measured::of(item);
    }
    for (of, item) in sheet.items(held_out) {
        types.entry(of).or_insert_with(|| empty(of)).held_out = Measured::of(item);
    }
    let mut types: Vec<PageType> =
        types.into_values().filter(|page| page.seen.is_some() || page.held_out.is_some()).collect();
    types.sort_by(|a, b| f1(b).total_cmp(&f1(a)));
    types
}

fn f1(page: &PageType) -> f64 {
    [&page.seen, &page.held_out].into_iter().flatten().next().map_or(0.0, |measured| measured.f1.value)
}

fn chart(types: &[PageType]) -> anyhow::Result<Chart> {
    let spreads = |part: fn(&PageType) -> Option<&Measured>, beside: f64| -> Vec<Spread> {
        let rows = types.iter().enumerate();
        rows.filter_map(|(row, page)| {
            let (y, f1) = (row as f64 + beside, part(page)?.f1);
            Some(Spread { at: (f1.value, y), ends: f1.ends().map(|end| (end.clamp(0.0, 1.0), y)) })
        })
        .collect()
    };
    let held_out = types.iter().any(|page| page.held_out.is_some());
    let beside = if held_out { 0.16 } else { 0.0 };
    let seen = spreads(|page| page.seen.as_ref(), -beside);
    let unseen = spreads(|page| page.held_out.as_ref(), beside);
    let least = seen.iter().chain(&unseen).fold(1.0, |least: f64, spread| least.min(spread.ends[0].0));
    let title = "Text found, by type of page";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("F1 of words", (least * 20.0 - 0.2).floor().max(0.0) / 20.0, 1.0),
        y: Axis::of_names(types.iter().map(|page| page.name.as_str())),
        layers: &[(Colour::Second, Shape::Spreads(&unseen)), (Colour::First, Shape::Spreads(&seen))],
        height: 70 + 27 * types.len() as u32,
    })?;
    let keys = [("known layouts", "dot key-a"), ("held-out layouts", "dot key-b")];
    Ok(Chart {
        title: title.to_owned(),
        unit: "F1".to_owned(),
        svg,
        spark: None,
        caption: caption(types),
        legend: if held_out { legend(&keys) } else { vec![] },
    })
}

fn caption(types: &[PageType]) -> String {
    let mut said = vec![
        "Each dot is the mean over the pages of a type, its line the interval of that mean; at 1, every word of the \
         text was found and no other."
            .to_owned(),
    ];
    if let Some((page, measured)) = types.iter().rev().find_map(|page| Some((page, page.seen.as_ref()?))) {
        let why = match (measured.precision, measured.recall) {
            (Some(precision), Some(recall)) if precision.value < recall.value => {
                ", where more is taken for text than is text"
            }
            (Some(_), Some(_)) => ", where some of the text is missed",
            _ => "",
        };
        said.push(format!("Lowest is {} with {:.3}{why}.", page.name, measured.f1.value));
    }
    said.join(" ")
}

impl Extraction {
    pub(super) fn said(&self) -> String {
        let mean = |part: fn(&PageType) -> Option<&Measured>| {
            let measured = || self.types.iter().filter_map(part);
            let pages: u64 = measured().map(|measured| measured.pages).sum();
            let sum: f64 = measured().map(|measured| measured.f1.value * measured.pages as f64).sum();
            (pages > 0).then(|| (sum / pages as f64, pages))
        };
        let thousands = crate::lines::thousands;
        let seen = mean(|page| page.seen.as_ref()).map(|(f1, pages)| {
            let types = counted(self.types.len(), "type", "types");
            format!("Mean F1 {f1:.3} over {} pages of {types}", thousands(pages))
        });
        let held_out = mean(|page| page.held_out.as_ref())
            .map(|(f1, pages)| format!("{f1:.3} over {} pages of held-out layouts", thousands(pages)));
        [seen, held_out].into_iter().flatten().collect::<Vec<_>>().join("; ") + "."
    }
}
